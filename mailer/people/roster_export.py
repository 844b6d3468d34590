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
    for _, person in _rows(session, config, mlist.id, 0, None):
        yield person


def piece(session: Session, config: Config, list_id: int, after: int, limit: int = 1000) -> tuple[str, int]:
    """Return lines of the file for the next people and where to go on; 0 when nobody is left.

    A file that somebody downloads slowly holds no transaction.
    """
    found = list(_rows(session, config, list_id, after, limit))
    text = "".join(csv_line(list(person.values())) for _, person in found)
    return text, found[-1][0] if len(found) == limit else 0


def _rows(
    session: Session, config: Config, list_id: int, after: int, limit: int | None
) -> Iterator[tuple[int, dict[str, str]]]:
    names, attributes = columns(config), tuple(config.people.attributes)
    held = (
        select(func.min(Suppression.reason))
        .where(Suppression.address_hash == Subscriber.address_hash, Suppression.lifted_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Subscription.id,
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
        .where(Subscription.list_id == list_id, Subscriber.erased_at.is_(None), Subscription.id > after)
        .order_by(Subscription.id)
        .limit(limit)
        .execution_options(yield_per=1000)
    )
    for number, address, name, language, has, state, confirmed_at, ended_at, ended_why, reason in rows:
        values = [has.get(attribute, "") for attribute in attributes]
        times = [_moment(confirmed_at), _moment(ended_at)]
        cells = [address, name, language, *values, state, *times, ended_why, reason or ""]
        yield number, dict(zip(names, cells, strict=True))


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
