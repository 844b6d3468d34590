"""Who a mailing goes to: counted while it is a draft, frozen into rows when it starts."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    case,
    exists,
    func,
    literal,
    not_,
    select,
)
from sqlalchemy.orm import Session

from mailer.mailing import following, segments
from mailer.store.tables import (
    MailingAim,
    MailingTarget,
    Subscriber,
    Subscription,
    Suppression,
)

CHOSEN_STATES = ("active", "paused")
# Why somebody on an included list is not meant: by another list, by their language, by the conditions.
EXCLUDED = "excluded"
OTHER_LANGUAGE = "excluded: another language"
NOT_MEANT = "excluded: by the conditions"
# How far from a place by chance somebody is looked for to be shown, in numbers of subscribers.
LOOKED_AT = 20_000
# Facts that are columns of the subscriber; all others are declared attributes.
COLUMN_FACTS = {"name": Subscriber.name, "address": Subscriber.address, "language": Subscriber.language}


@dataclass(frozen=True)
class Count:
    """How many people a mailing would reach now: ``chosen`` = ``written`` + everybody left out, by reason."""

    chosen: int
    written: int
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Whom:
    """Whom a mailing is for: lists by number, in order; languages; conditions whose days begin in ``zone``."""

    include: tuple[int, ...]
    exclude: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    rules: segments.Rules = segments.EVERYBODY
    zone: str = "UTC"
    # Only people of another mailing who did not get it.
    after: following.Followed | None = None


def whom(session: Session, mailing_id: int) -> Whom:
    """Return whom a mailing is for."""
    include, exclude = (tuple(session.scalars(lists_of(mailing_id, role))) for role in ("include", "exclude"))
    row = session.get(MailingAim, mailing_id, populate_existing=True)
    after = following.of(session, mailing_id)
    if row is None:
        return Whom(include, exclude, after=after)
    return Whom(include, exclude, tuple(row.languages), segments.of_kept(row.rules), row.zone, after)


def count(session: Session, mailing_id: int, requires: Sequence[str] = ()) -> Count:
    """Return how many would be written to if the mailing started now, and why others would not."""
    return count_of(session, whom(session, mailing_id), requires)


def count_of(session: Session, aimed: Whom, requires: Sequence[str] = ()) -> Count:
    """Return the same for whom a mailing might be."""
    people = people_of(aimed, requires, stopped=False).subquery()
    rows = session.execute(select(people.c.why, func.count()).group_by(people.c.why))
    reasons: dict[str, int] = dict(rows.all())
    written = reasons.pop("", 0)
    return Count(written + sum(reasons.values()), written, reasons)


def lacking(session: Session, mailing_id: int, requires: Sequence[str], limit: int = 100) -> list[tuple[str, str]]:
    """Return (address, reason) of people left out because they have no value for a field the text prints."""
    if not requires:
        return []
    people = people_of(whom(session, mailing_id), requires, stopped=False).subquery()
    rows = session.execute(
        select(people.c.address, people.c.why)
        .where(people.c.why.like("no value: %"))
        .order_by(people.c.address)
        .limit(limit)
    )
    return [(address, why) for address, why in rows]


def sample(session: Session, aimed: Whom, requires: Sequence[str] = (), number: int = 5) -> list[dict[str, Any]]:
    """Return a few people who would be written to, from another place among them each time."""
    first, last = session.execute(select(func.min(Subscriber.id), func.max(Subscriber.id))).one()
    if last is None:
        return []
    start = first + secrets.randbelow(last - first + 1)
    found: list[dict[str, Any]] = []
    # Only so far from the start: conditions that hold for few would otherwise be asked of everybody.
    for span in ((start - 1, start + LOOKED_AT), (max(0, start - LOOKED_AT), start - 1)):
        people = people_of(aimed, requires, stopped=False, span=span).subquery()
        wanted = select(people).where(people.c.why == "").order_by(people.c.subscriber_id)
        found += [dict(row) for row in session.execute(wanted.limit(number - len(found))).mappings()]
        if len(found) >= number:
            break
    return found


def people_of(
    aimed: Whom, requires: Sequence[str], *, stopped: bool, span: tuple[int, int] | None = None
) -> Select[Any]:
    """Select the chosen, each once, with the list their letter belongs to and why they would be left out.

    ``span`` limits it to subscribers above the first, up to the second id; ``why`` is "" for the others.
    """
    # "active" sorts before "paused": the first list where the person is active wins. On one list each stands once.
    order = {list_id: literal(number) for number, list_id in enumerate(aimed.include)}
    place = case(order, value=Subscription.list_id) if order else literal(0)
    alone = len(aimed.include) == 1
    ranking = func.row_number().over(partition_by=Subscription.subscriber_id, order_by=(Subscription.state, place))
    ranked = select(Subscription, (literal(1) if alone else ranking).label("rank")).where(
        Subscription.list_id.in_(aimed.include), Subscription.state.in_(CHOSEN_STATES)
    )
    if span:
        ranked = ranked.where(Subscription.subscriber_id > span[0], Subscription.subscriber_id <= span[1])
    if aimed.after:
        ranked = ranked.where(following.is_meant(aimed.after, Subscription.subscriber_id))
    mine = ranked.subquery()
    reason = literal("stopped") if stopped else _reason(mine, aimed, requires)
    return (
        select(
            mine.c.id.label("subscription_id"),
            mine.c.list_id,
            mine.c.confirmed_at,
            Subscriber.id.label("subscriber_id"),
            Subscriber.address,
            Subscriber.address_hash,
            Subscriber.domain,
            Subscriber.format,
            Subscriber.name,
            Subscriber.language,
            Subscriber.attributes,
            reason.label("why"),
        )
        .join(Subscriber, Subscriber.id == mine.c.subscriber_id)
        .where(mine.c.rank == 1)
    )


def _reason(mine: Subquery, aimed: Whom, requires: Sequence[str]) -> ColumnElement[str]:
    excluded = _other_subscriptions()
    suppressed = exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.lifted_at.is_(None))
    out = exists().where(
        excluded.c.subscriber_id == Subscriber.id,
        excluded.c.list_id.in_(aimed.exclude),
        excluded.c.state.in_(CHOSEN_STATES),
    )
    missing = [(_fact(name) == "", literal(f"no value: {name}")) for name in requires]
    return case(
        (mine.c.state == "paused", literal("paused")),
        (suppressed, literal("suppressed")),
        (out, literal(EXCLUDED)),
        *_narrowing(aimed),
        *missing,
        else_=literal(""),
    )


def _narrowing(aimed: Whom) -> list[tuple[ColumnElement[bool], ColumnElement[str]]]:
    why: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    if aimed.languages:
        why.append((not_(segments.speaks(aimed.languages)), literal(OTHER_LANGUAGE)))
    if aimed.rules.conditions:
        why.append((not_(segments.holds(aimed.rules, aimed.zone)), literal(NOT_MEANT)))
    return why


def _other_subscriptions() -> Any:
    # Once more under another name, for asking about other lists of the same person.
    return Subscription.__table__.alias("other_subscriptions")


def _fact(name: str) -> ColumnElement[str]:
    if name == "since":
        return literal("since")
    column = COLUMN_FACTS.get(name)
    if column is not None:
        return func.coalesce(column, "")
    return func.coalesce(Subscriber.attributes[name].as_string(), "")


def lists_of(mailing_id: int, role: str) -> Select[Any]:
    """Select the ids of the lists a mailing includes or excludes."""
    chosen = select(MailingTarget.list_id).where(MailingTarget.mailing_id == mailing_id, MailingTarget.role == role)
    return chosen.order_by(MailingTarget.position)
