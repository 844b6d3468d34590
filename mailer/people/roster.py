"""People brought in from a file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import Refused
from mailer.people import cleaning, consent, subscribers, subscriptions, suppression
from mailer.people.roster_file import RosterFile, Row, read_rows
from mailer.people.rows import changed, insert_new_many, plan_afresh
from mailer.store.tables import Consent, ImportRun, MailingList, Subscriber, Subscription, Suppression
from mailer.tokens import Keys

__all__ = [
    "RosterFile",
    "Row",
    "RowResult",
    "begin",
    "chunks",
    "import_chunk",
    "judge_chunk",
    "may_begin",
    "read_rows",
]

ADDED = "added"
KNOWN = "known"
REFUSED = "refused"
CHUNK_ROWS = 500


@dataclass(frozen=True)
class RowResult:
    """What became of one row of the file: added, known or refused, and why."""

    line: int
    address: str
    result: str
    reason: str = ""


@dataclass(frozen=True)
class _Person:
    """What the store knows of somebody in the file."""

    id: int
    name: str
    attributes: dict[str, str]
    state: str | None
    ended_at: datetime | None
    ended_why: str | None


@dataclass(frozen=True)
class _Plan:
    """What a chunk comes to: a result for every row, and the rows and people behind them."""

    results: list[RowResult]
    rows: dict[int, Row] = field(default_factory=dict)
    people: dict[str, _Person] = field(default_factory=dict)


def begin(session: Session, mlist: MailingList, *, file: str, statement: str, actor: str) -> ImportRun:
    """Note that an import begins, and on what statement of consent; Refused as in may_begin()."""
    run = ImportRun(
        at=clock.now(),
        file=cleaning.one_line(file, 300),
        list_id=mlist.id,
        consent=may_begin(mlist, statement),
        actor=cleaning.one_line(actor, 120),
    )
    session.add(run)
    session.flush()
    return run


def may_begin(mlist: MailingList, statement: str) -> str:
    """Return the statement of consent, tidied; Refused if it is empty or the list is closed."""
    words = cleaning.lines(statement)
    if not words.strip():
        raise Refused(
            "nothing says how these people agreed",
            place="consent",
            cure="write it down, such as: signed up on paper at the open day, 3 May 2026",
        )
    if mlist.closed_at:
        raise Refused(f"the list {mlist.name} is closed", place="list", cure="choose another list")
    return words


def chunks(rows: Iterable[Row], size: int = CHUNK_ROWS) -> Iterator[list[Row]]:
    """Yield the rows in pieces that hold the store for less than 50 ms each."""
    source = iter(rows)
    while piece := list(islice(source, size)):
        yield piece


def judge_chunk(session: Session, keys: Keys, mlist: MailingList, rows: Sequence[Row]) -> list[RowResult]:
    """Say what importing these rows would come to; changes nothing."""
    return _plan(session, keys, mlist, rows, lock=False).results


def import_chunk(
    session: Session, keys: Keys, mlist: MailingList, rows: Sequence[Row], run: ImportRun
) -> list[RowResult]:
    """Import these rows in the caller's transaction and return what became of each.

    Nobody who left, was suppressed or was erased comes back by it. Of people we know only what is empty
    is filled in. Importing the same rows again finds them known, so a run that was killed may be repeated.
    """
    plan_afresh(session)
    plan = _plan(session, keys, mlist, rows, lock=True)
    adding = [plan.rows[result.line] for result in plan.results if result.result == ADDED]
    ids = {key: person.id for key, person in plan.people.items()}
    ids |= _add_people(session, keys, mlist, [row for row in adding if _key(row) not in ids])
    _fill_in(session, plan)
    done = _add_subscriptions(session, mlist, [ids[_key(row)] for row in adding if _key(row) in ids], run)
    # Somebody signed up, or was erased, between our look and our insert.
    lost = {row.line for row in adding if ids.get(_key(row)) not in done}
    results = [
        RowResult(one.line, one.address, REFUSED, "changed this moment, import it again") if one.line in lost else one
        for one in plan.results
    ]
    _count(session, run, results)
    return results


def _plan(session: Session, keys: Keys, mlist: MailingList, rows: Sequence[Row], *, lock: bool) -> _Plan:
    hashes = {_key(row): keys.address_hash(_key(row)) for row in rows if row.mailbox}
    held = _held(session, list(hashes.values()))
    people = _people(session, mlist, list(hashes), lock=lock)
    plan = _Plan([], {row.line: row for row in rows}, people)
    for row in rows:
        if row.mailbox is None:
            result, reason = REFUSED, row.problem
        else:
            result, reason = _verdict(held.get(hashes[row.mailbox.key]), people.get(row.mailbox.key))
        plan.results.append(RowResult(row.line, row.text, result, reason))
    return plan


def _verdict(held: Suppression | None, person: _Person | None) -> tuple[str, str]:
    if held:
        return REFUSED, f"{_held_words(held)} on {held.made_at:%Y-%m-%d}"
    if person is None or person.state is None:
        return ADDED, ""
    if person.state == subscriptions.ENDED:
        return REFUSED, f"left on {person.ended_at:%Y-%m-%d} ({person.ended_why})"
    if person.state == subscriptions.PENDING:
        return KNOWN, "has yet to confirm"
    return KNOWN, "" if person.state == subscriptions.ACTIVE else person.state


def _held_words(held: Suppression) -> str:
    if held.reason in (suppression.ERASED, suppression.LEFT_EVERYTHING):
        return held.reason
    return f"suppressed ({held.reason})"


def _held(session: Session, hashes: list[str]) -> dict[str, Suppression]:
    rows = session.scalars(
        select(Suppression).where(Suppression.address_hash.in_(hashes), Suppression.lifted_at.is_(None))
    )
    # "erased" is what its owner wants to hear, whatever else there is.
    return {row.address_hash: row for row in sorted(rows, key=lambda row: row.reason == suppression.ERASED)}


def _people(session: Session, mlist: MailingList, address_keys: list[str], *, lock: bool) -> dict[str, _Person]:
    found = select(Subscriber.id, Subscriber.address_key, Subscriber.name, Subscriber.attributes).where(
        Subscriber.address_key.in_(address_keys)
    )
    if lock:
        # Against being erased meanwhile; nothing else waits for it.
        found = found.with_for_update(read=True, key_share=True)
    people = session.execute(found).all()
    # Not one query with an outer join: PostgreSQL reads the whole table for that until it has been analysed.
    having = select(
        Subscription.subscriber_id, Subscription.state, Subscription.ended_at, Subscription.ended_why
    ).where(Subscription.subscriber_id.in_([person.id for person in people]), Subscription.list_id == mlist.id)
    has = {subscriber_id: rest for subscriber_id, *rest in session.execute(having)}
    return {
        row.address_key: _Person(row.id, row.name, row.attributes, *has.get(row.id, (None, None, None)))
        for row in people
    }


def _add_people(session: Session, keys: Keys, mlist: MailingList, rows: list[Row]) -> dict[str, int]:
    """Insert people we do not know and return their ids, also of those somebody else inserted first."""
    # In one order everywhere, so that two imports at a time never wait for each other in a ring.
    fresh = [
        subscribers.new_row(
            keys,
            row.mailbox,
            name=row.name,
            language=row.language or mlist.language,
            attributes=row.attributes,
        )
        for row in sorted(rows, key=_key)
        if row.mailbox
    ]
    ids = dict(insert_new_many(session, Subscriber, fresh, "address_key", "id"))
    missed = [key for key in map(_key, rows) if key not in ids]
    return ids | {key: person.id for key, person in _people(session, mlist, missed, lock=True).items()}


def _add_subscriptions(session: Session, mlist: MailingList, subscriber_ids: list[int], run: ImportRun) -> set[int]:
    """Make these people active, each with a consent, and return those who had no subscription before."""
    now = clock.now()
    fresh = {"list_id": mlist.id, "state": subscriptions.ACTIVE}
    times = {"created_at": now, "asked_at": now, "confirmed_at": now}
    rows: list[dict[str, Any]] = [{"subscriber_id": one, **fresh, **times} for one in sorted(subscriber_ids)]
    done = {row.subscriber_id for row in insert_new_many(session, Subscription, rows, "subscriber_id")}
    proof = {
        "list_id": mlist.id,
        "kind": consent.IMPORTED,
        "at": now,
        "words": run.consent,
        "words_version": consent.words_version(run.consent),
        "page": f"import {run.id}",
        "actor": run.actor,
    }
    if done:
        insert_new_many(session, Consent, [{"subscriber_id": one, **proof} for one in sorted(done)], "id")
    return done


def _fill_in(session: Session, plan: _Plan) -> None:
    """Give people we know the name and the attributes they did not have yet."""
    filled: list[dict[str, Any]] = []
    for result in plan.results:
        row = plan.rows[result.line]
        person = plan.people.get(_key(row)) if row.mailbox else None
        if person is None or result.result == REFUSED:
            continue
        name = person.name or row.name
        attributes = {**row.attributes, **person.attributes}
        if (name, attributes) != (person.name, person.attributes):
            filled.append({"id": person.id, "name": name, "attributes": attributes})
    if filled:
        session.execute(update(Subscriber), sorted(filled, key=lambda one: int(one["id"])))


def _count(session: Session, run: ImportRun, results: list[RowResult]) -> None:
    words = [one.result for one in results]
    changed(
        session,
        update(ImportRun)
        .where(ImportRun.id == run.id)
        .values(
            added=ImportRun.added + words.count(ADDED),
            known=ImportRun.known + words.count(KNOWN),
            refused=ImportRun.refused + words.count(REFUSED),
        ),
    )


def _key(row: Row) -> str:
    return row.mailbox.key if row.mailbox else ""
