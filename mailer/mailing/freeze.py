"""The moment a mailing starts: its audience becomes rows, in chunks that keep nobody waiting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    Subquery,
    Text,
    and_,
    case,
    cast,
    distinct,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer import clock
from mailer.mailing.audience import CHOSEN_STATES, COLUMN_FACTS, lists_of, people_of, whom
from mailer.store.tables import Batch, Delivery, EditionRow, Mailing, Subscriber, Subscription, db_now

CHUNK = 1000
# A receiving domain with less than this share of the audience has no route of its own.
ROUTE_SHARE = 0.01
FREEZE_SECONDS = 60
REST = "rest"


def unfrozen(session: Session, worker: str, seconds: float = FREEZE_SECONDS) -> int | None:
    """Claim a started mailing whose audience is not frozen yet, for ``seconds``; return its id."""
    free = or_(Mailing.freezer == "", Mailing.freezer == worker, Mailing.freeze_until < db_now())
    found = session.scalar(
        select(Mailing.id)
        .where(Mailing.started_at.is_not(None), Mailing.frozen_at.is_(None), free)
        .order_by(Mailing.started_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    if found is not None:
        session.execute(update(Mailing).where(Mailing.id == found).values(freezer=worker, freeze_until=_until(seconds)))
    return found


def give_back(session: Session, worker: str) -> None:
    """Let others go on freezing what this worker claimed, at once: it stops."""
    mine = update(Mailing).where(Mailing.freezer == worker, Mailing.frozen_at.is_(None))
    session.execute(mine.values(freezer="", freeze_until=None).execution_options(synchronize_session=False))


def choose_routes(session: Session, mailing_id: int, few: int = 0) -> list[str]:
    """Return the receiving domains that hold at least one in a hundred of the chosen.

    With ``few`` only so many are looked at: to count a million takes longer than the first message may.
    """
    lists = lists_of(mailing_id, "include")
    chosen = (
        select(Subscriber.domain, func.count(distinct(Subscriber.id)).label("people"))
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id.in_(lists), Subscription.state.in_(CHOSEN_STATES))
        .group_by(Subscriber.domain)
    )
    if few:
        first = select(Subscription.subscriber_id).where(
            Subscription.list_id.in_(lists), Subscription.state.in_(CHOSEN_STATES)
        )
        chosen = chosen.where(Subscriber.id.in_(first.order_by(Subscription.subscriber_id).limit(few)))
    counted = chosen.subquery()
    total = select(func.sum(counted.c.people)).scalar_subquery()
    share = select(counted.c.domain).where(counted.c.people >= total * ROUTE_SHARE).order_by(counted.c.domain)
    return list(session.scalars(share))


def next_bound(session: Session, mailing_id: int, size: int = CHUNK) -> int | None:
    """Return the subscriber id the next chunk ends with; None when nobody is left."""
    cursor = select(Mailing.freeze_cursor).where(Mailing.id == mailing_id).scalar_subquery()
    ahead = (
        select(Subscription.subscriber_id.label("person"))
        .distinct()
        .where(
            Subscription.list_id.in_(lists_of(mailing_id, "include")),
            Subscription.state.in_(CHOSEN_STATES),
            Subscription.subscriber_id > cursor,
        )
        .order_by(Subscription.subscriber_id)
        .limit(size)
        .subquery()
    )
    bound: int | None = session.scalar(select(func.max(ahead.c.person)))
    return bound


def freeze(
    session: Session,
    mailing_id: int,
    worker: str,
    bound: int | None,
    routes: Sequence[str],
    seconds: float = FREEZE_SECONDS,
) -> int:
    """Write the rows of everybody up to subscriber ``bound`` and return how many; None ends the freezing.

    The cursor moves in the same transaction and only if nobody else moved it, so a chunk is written once
    however often it is tried; the claim is prolonged by ``seconds``. Rows are inserted in the order of their
    route, a batch for each route. People are counted, put into batches and inserted in three statements that
    must see the same moment: the transaction has to be ``write(one_moment=True)``.
    """
    mailing = hold(session, mailing_id)
    if mailing.frozen_at is not None or mailing.freezer != worker:
        return 0
    now = clock.now()
    if bound is None:
        mailing.frozen_at = now
        return 0
    if not mailing.routes and mailing.freeze_cursor:
        # Found once, and kept from the second chunk on: those of the first are found among few.
        mailing.routes = list(routes) or [REST]
    requires = _named_in(session, mailing_id, EditionRow.requires)
    stopped, aimed = mailing.state == "stopped", whom(session, mailing_id)
    chunk = people_of(aimed, requires, stopped=stopped, span=(mailing.freeze_cursor, bound))
    people = chunk.subquery()
    route = _route(people, routes)
    batches = _make_batches(session, mailing_id, people, route)
    chosen = session.scalar(select(func.count()).select_from(people)) or 0
    _insert(session, mailing_id, people, route, batches)
    mailing.chosen += chosen
    mailing.freeze_cursor = bound
    session.flush()
    # By the database's clock, like every lease: the clocks of two machines differ.
    prolonged = update(Mailing).where(Mailing.id == mailing_id).values(freeze_until=_until(seconds))
    session.execute(prolonged.execution_options(synchronize_session=False))
    return chosen


def hold(session: Session, mailing_id: int) -> Mailing:
    """Hold the mailing against everybody else who freezes it, and against no one who leaves by it.

    Leaving refers to the mailing and would wait for the whole chunk. Who is chosen by a chunk and leaves before it
    is committed has a row that is queued: the last look leaves it out before anything is begun.
    """
    return session.get_one(Mailing, mailing_id, with_for_update={"key_share": True}, populate_existing=True)


def _until(seconds: float) -> ColumnElement[datetime]:
    return db_now() + literal(int(seconds * 1_000_000))


def _route(people: Subquery, routes: Sequence[str]) -> ColumnElement[str]:
    if not routes:
        return literal(REST)
    return case((people.c.domain.in_(routes), people.c.domain), else_=literal(REST))


def _make_batches(session: Session, mailing_id: int, people: Subquery, route: ColumnElement[str]) -> dict[str, int]:
    counted = session.execute(
        select(route, func.count()).where(people.c.why == "").group_by(route).order_by(route)
    ).all()
    batches = [
        Batch(lane="mailing", mailing_id=mailing_id, route=name, size=size, made_at=clock.now())
        for name, size in counted
    ]
    session.add_all(batches)
    session.flush()
    return {batch.route: batch.id for batch in batches}


def _insert(
    session: Session, mailing_id: int, people: Subquery, route: ColumnElement[str], batches: dict[str, int]
) -> None:
    now = literal(clock.now(), Delivery.made_at.type)
    out = people.c.why != ""
    keys = [(route == name, literal(key)) for name, key in batches.items()]
    columns: dict[str, ColumnElement[Any]] = {
        "mailing_id": literal(mailing_id),
        "subscriber_id": people.c.subscriber_id,
        "subscription_id": people.c.subscription_id,
        "list_id": people.c.list_id,
        "edition_id": EditionRow.id.expression,
        "route": route,
        "facts": _facts(session, mailing_id, people),
        "batch_id": case((out, cast(null(), BigInteger)), *keys, else_=cast(null(), BigInteger)),
        "address": people.c.address,
        "address_hash": people.c.address_hash,
        "state": case((out, literal("left_out")), else_=literal("queued")),
        "why": people.c.why,
        "made_at": now,
        "final_at": case((out, now), else_=null()),
        **_defaults(),
    }
    source = (
        select(*(value.label(name) for name, value in columns.items()))
        .select_from(people)
        .outerjoin(
            EditionRow,
            and_(
                EditionRow.mailing_id == mailing_id,
                EditionRow.list_id == people.c.list_id,
                EditionRow.format == people.c.format,
            ),
        )
        .order_by(route, people.c.subscriber_id)
    )
    session.execute(insert(Delivery).from_select(list(columns), source, include_defaults=False))


def _defaults() -> dict[str, ColumnElement[Any]]:
    """Return the constants of a row nothing has happened to; INSERT … SELECT knows no Python defaults."""
    texts = ("worker", "relay", "reply_status", "reply_text")
    return {
        **{name: literal("") for name in texts},
        "tries": literal(0),
        "attempt": literal(0),
        "reply_code": literal(0),
        "again": literal(False),
    }


def _facts(session: Session, mailing_id: int, people: Subquery) -> ColumnElement[Any]:
    """Build the JSON of what the editions read, per reader, inside the database."""
    # The name goes into the To field whether the text prints it or not.
    names = sorted({"name", *_named_in(session, mailing_id, EditionRow.reads)})
    parts: list[Any] = []
    for name in names:
        parts += [cast(literal(name), Text), _copied(people, name)]
    build = func.json_object if session.get_bind().dialect.name == "sqlite" else func.jsonb_build_object
    return build(*parts, type_=Delivery.facts.type)


def _copied(people: Subquery, name: str) -> ColumnElement[Any]:
    if name == "since":
        return cast(people.c.confirmed_at, String)
    if name in COLUMN_FACTS:
        return people.c[name]
    return func.coalesce(people.c.attributes[name].as_string(), "")


def _named_in(session: Session, mailing_id: int, column: InstrumentedAttribute[list[str]]) -> list[str]:
    rows = session.scalars(select(column).where(EditionRow.mailing_id == mailing_id))
    return sorted({name for names in rows for name in names})
