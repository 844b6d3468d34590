"""Everything the store holds about one person, to be handed to them: as JSON, or as tables in a ZIP file."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.config import Config
from mailer.errors import NotFound
from mailer.outcomes import erasure
from mailer.people import limits
from mailer.people.roster_file import csv_line
from mailer.store.tables import (
    Attempt,
    Consent,
    Deed,
    Delivery,
    Hit,
    Mailing,
    MailingList,
    Notice,
    Outcome,
    Reason,
    Signup,
    Subscriber,
    Subscription,
    Suppression,
    Table,
)
from mailer.tokens import Keys

Whose = Callable[[Session, Keys, Subscriber], ColumnElement[bool]]

# Columns that are not handed out, and why.
WITHHELD: Mapping[tuple[str, str], str] = {
    ("notices", "links"): "they open the page of choices, and a copy may be passed on",
    ("deeds", "actor"): "the name of somebody else",
}


def collect(session: Session, config: Config, keys: Keys, subscriber_id: int) -> dict[str, Any]:
    """Return name → what is held, every row of every table that speaks of this person; NotFound if nobody.

    Moments are written as ISO 8601 in UTC; lists and mailings are named beside their numbers.
    """
    person = session.get(Subscriber, subscriber_id)
    if person is None or person.erased_at:
        raise NotFound("there is nothing we know about you")
    names = _names(session)
    tables = {
        table.__tablename__: [_told(row, names) for row in _rows(session, keys, table, person)] for table in TABLES
    }
    (me,) = tables.pop(Subscriber.__tablename__)
    return {
        "house": config.site.name,
        "address_of_house": config.site.base_url,
        "made_at": _plain(clock.now()),
        "person": me,
        **tables,
    }


def as_json(found: Mapping[str, Any]) -> bytes:
    """Return it as one JSON text."""
    return json.dumps(found, ensure_ascii=False, indent=2).encode()


def as_zip(found: Mapping[str, Any]) -> bytes:
    """Return it as a ZIP file with one CSV table for each kind of thing; tables without a row are left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, value in found.items():
            rows = [value] if isinstance(value, Mapping) else value
            if rows and isinstance(rows, list):
                # The mark at the beginning is how spreadsheets know UTF-8.
                made.writestr(f"{name}.csv", "\ufeff" + _table(rows))
    return out.getvalue()


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [csv_line(list(rows[0]))]
    lines += [csv_line([_cell(value) for value in row.values()]) for row in rows]
    return "".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _names(session: Session) -> dict[str, dict[int, str]]:
    """Return for the columns that point to a list or mailing: number → what a person calls it."""
    lists = {row.id: row.title for row in session.execute(select(MailingList.id, MailingList.title))}
    mailings = {row.id: row.subject for row in session.execute(select(Mailing.id, Mailing.subject))}
    return {"list_id": lists, "mailing_id": mailings}


def _rows(session: Session, keys: Keys, table: Any, person: Subscriber) -> Sequence[Any]:
    whose = TABLES[table](session, keys, person)
    return session.scalars(select(table).where(whose).order_by(*table.__table__.primary_key)).all()


def _told(row: Table, names: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for column in row.__table__.columns:
        if (row.__tablename__, column.name) in WITHHELD:
            continue
        value = getattr(row, column.name)
        told[column.name] = _plain(value)
        if column.name in names:
            told[column.name.removesuffix("_id")] = names[column.name].get(value, "")
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _by_id(table: Any) -> Whose:
    """Select by the number of the person."""
    return lambda _session, _keys, person: table.subscriber_id == person.id


def _by_hash(table: Any) -> Whose:
    """Select by the keyed hashes of the addresses the person has and had."""
    return lambda session, _keys, person: table.address_hash.in_(erasure.hashes_of(session, person))


def _me(_session: Session, _keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    return Subscriber.id == person.id


def _signups(session: Session, _keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    """Select the handled ones by hash, and those not handled yet by what was typed."""
    open_ones = session.execute(select(Signup.id, Signup.address).where(Signup.handled_at.is_(None)))
    typed = [row.id for row in open_ones if row.address.strip().casefold() == person.address_key]
    return or_(Signup.address_hash.in_(erasure.hashes_of(session, person)), Signup.id.in_(typed))


def _attempts(_session: Session, _keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    theirs = (
        and_(Attempt.lane == lane, Attempt.row_id.in_(select(table.id).where(table.subscriber_id == person.id)))
        for lane, table in (("mailing", Delivery), ("notice", Notice))
    )
    return or_(*theirs)


def _reasons(_session: Session, _keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    return Reason.outcome_id.in_(select(Outcome.id).where(Outcome.subscriber_id == person.id))


def _hits(_session: Session, keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    mailbox = keys.address_hash(limits.mailbox(address.parse(person.address)))
    return Hit.subject.in_((mailbox, person.address_hash, f"reader {person.id}"))


def _deeds(_session: Session, _keys: Keys, person: Subscriber) -> ColumnElement[bool]:
    return Deed.subject == f"reader {person.id}"


# Every table with something about a reader, in the order in which it is handed out. A test compares this
# with all tables of the store.
TABLES: Mapping[type[Table], Whose] = {
    Subscriber: _me,
    Subscription: _by_id(Subscription),
    Consent: _by_id(Consent),
    Delivery: _by_id(Delivery),
    Notice: _by_id(Notice),
    Attempt: _attempts,
    Outcome: _by_id(Outcome),
    Reason: _reasons,
    Signup: _signups,
    Suppression: _by_hash(Suppression),
    Hit: _hits,
    Deed: _deeds,
}
