"""Who a mailing goes to: counted while it is a draft, frozen into rows when it starts."""

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
    select,
)
from sqlalchemy.orm import Session

from mailer.store.tables import (
    MailingTarget,
    Subscriber,
    Subscription,
    Suppression,
)

CHOSEN_STATES = ("active", "paused")
# Facts that are columns of the subscriber; all others are declared attributes.
COLUMN_FACTS = {"name": Subscriber.name, "address": Subscriber.address, "language": Subscriber.language}


@dataclass(frozen=True)
class Count:
    """How many people a mailing would reach now: ``chosen`` = ``written`` + everybody left out, by reason."""

    chosen: int
    written: int
    left_out: dict[str, int] = field(default_factory=dict)


def count(session: Session, mailing_id: int, requires: Sequence[str] = ()) -> Count:
    """Return how many would be written to if the mailing started now, and why others would not."""
    people = people_of(mailing_id, requires, stopped=False).subquery()
    rows = session.execute(select(people.c.why, func.count()).group_by(people.c.why))
    reasons: dict[str, int] = dict(rows.all())
    written = reasons.pop("", 0)
    return Count(written + sum(reasons.values()), written, reasons)


def lacking(session: Session, mailing_id: int, requires: Sequence[str], limit: int = 100) -> list[tuple[str, str]]:
    """Return (address, reason) of people left out because they have no value for a field the text prints."""
    if not requires:
        return []
    people = people_of(mailing_id, requires, stopped=False).subquery()
    rows = session.execute(
        select(people.c.address, people.c.why)
        .where(people.c.why.like("no value: %"))
        .order_by(people.c.address)
        .limit(limit)
    )
    return [(address, why) for address, why in rows]


def people_of(
    mailing_id: int, requires: Sequence[str], *, stopped: bool, span: tuple[int, int] | None = None
) -> Select[Any]:
    """Select the chosen, each once, with the list their letter belongs to and why they would be left out.

    ``span`` limits it to subscribers above the first, up to the second id; ``why`` is "" for the others.
    """
    first = (
        func.row_number()
        .over(partition_by=Subscription.subscriber_id, order_by=(Subscription.state, MailingTarget.position))
        .label("rank")
    )
    # "active" sorts before "paused": the first list where the person is active wins.
    ranked = (
        select(Subscription, first)
        .join(MailingTarget, MailingTarget.list_id == Subscription.list_id)
        .where(
            MailingTarget.mailing_id == mailing_id,
            MailingTarget.role == "include",
            Subscription.state.in_(CHOSEN_STATES),
        )
    )
    if span:
        ranked = ranked.where(Subscription.subscriber_id > span[0], Subscription.subscriber_id <= span[1])
    mine = ranked.subquery()
    reason = literal("stopped") if stopped else _reason(mine, mailing_id, requires)
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


def _reason(mine: Subquery, mailing_id: int, requires: Sequence[str]) -> ColumnElement[str]:
    excluded = _other_subscriptions()
    suppressed = exists().where(Suppression.address_hash == Subscriber.address_hash, Suppression.lifted_at.is_(None))
    out = exists().where(
        excluded.c.subscriber_id == Subscriber.id,
        excluded.c.list_id.in_(lists_of(mailing_id, "exclude")),
        excluded.c.state.in_(CHOSEN_STATES),
    )
    missing = [(_fact(name) == "", literal(f"no value: {name}")) for name in requires]
    return case(
        (mine.c.state == "paused", literal("paused")),
        (suppressed, literal("suppressed")),
        (out, literal("excluded")),
        *missing,
        else_=literal(""),
    )


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
    return select(MailingTarget.list_id).where(MailingTarget.mailing_id == mailing_id, MailingTarget.role == role)
