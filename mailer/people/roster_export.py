"""A list written out, with everybody who has or had it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.config import Config
from mailer.people.roster_file import csv_line
from mailer.store.tables import MailingList, Subscriber, Subscription, Suppression


def export(session: Session, config: Config, mlist: MailingList) -> Iterator[str]:
    """Yield a CSV file line by line: everybody who has or had this list, with the state they are in.

    Cells a spreadsheet would take for a formula begin with an apostrophe, which our import takes off again.
    """
    yield csv_line(columns(config))
    for person in everybody(session, config, mlist):
        yield csv_line(list(person.values()))


def columns(config: Config) -> list[str]:
    """Return what is written of a person, in this order."""
    attributes = tuple(config.people.attributes)
    return ["address", "name", "language", *attributes, "state", "confirmed_at", "ended_at", "ended_why", "suppressed"]


def everybody(session: Session, config: Config, mlist: MailingList) -> Iterator[dict[str, str]]:
    """Yield column → value for everybody who has or had this list, one by one."""
    names, attributes = columns(config), tuple(config.people.attributes)
    held = (
        select(func.min(Suppression.reason))
        .where(Suppression.address_hash == Subscriber.address_hash, Suppression.lifted_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Subscriber.address,
            Subscriber.name,
            Subscriber.language,
            Subscriber.attributes,
            Subscription.state,
            Subscription.confirmed_at,
            Subscription.ended_at,
            Subscription.ended_why,
            held,
        )
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Subscription.list_id == mlist.id, Subscriber.erased_at.is_(None))
        .order_by(Subscription.id)
        .execution_options(yield_per=1000)
    )
    for address, name, language, has, state, confirmed_at, ended_at, ended_why, reason in rows:
        values = [has.get(attribute, "") for attribute in attributes]
        times = [_moment(confirmed_at), _moment(ended_at)]
        yield dict(zip(names, [address, name, language, *values, state, *times, ended_why, reason or ""], strict=True))


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
