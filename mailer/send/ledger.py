"""What is written down before and after every message: rows begun, results settled."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Table, Update, and_, case, insert, literal, select, update
from sqlalchemy.orm import Session

from mailer import clock, maillog
from mailer.send import marks
from mailer.send.leases import TABLES, Lease
from mailer.store.handed import packed, taken
from mailer.store.tables import EPOCH, MICROSECOND, Attempt, Subscription, is_open


@dataclass(slots=True)
class Settled:
    """The end of one attempt: the state the row moves to, and what the relay said."""

    row_id: int
    attempt: int
    state: str
    why: str = ""
    next_at: datetime | None = None
    code: int = 0
    status: str = ""
    text: str = ""
    verdict: str = "accepted"
    relay: str = ""
    worker: str = ""


# What a message, and the next try at it, need not know of its row.
_NOT_READ = frozenset(
    ("batch_id", "address_hash", "why", "begun_at", "attempt", "worker", "route", "made_at",
     "final_at", "reply_code", "reply_status", "reply_text")
)  # fmt: skip


def waiting_rows(session: Session, mine: Lease, after: int, limit: int) -> Sequence[Any]:
    """Return the next rows of the batch that may be begun, by id after ``after``, with what their message needs."""
    rows = TABLES[mine.lane]
    read = [column for column in rows.c if column.name not in _NOT_READ]
    ready = select(*read).where(
        rows.c.batch_id == mine.batch_id, is_open(rows.name), rows.c.id > after, marks.may_begin(rows)
    )
    return taken(session, ready.order_by(rows.c.id).limit(limit), now=clock.now())


def begin(
    session: Session, mine: Lease, ids: Sequence[int], relay: str, *, is_fresh: bool = False
) -> tuple[int, dict[int, datetime]]:
    """Mark rows begun after the last look; return the attempt and row id → the message's date.

    In the same statement: still to be sent, still my epoch, mailing still sending, address not
    suppressed, subscription still active. Only a row returned here may see MAIL FROM. Rows that must not
    be sent any more are left out with the reason. Rows that are all ``is_fresh`` were never begun and have no
    time for a next try: then no index has to be touched.
    """
    attempt, now = secrets.randbits(62) | 1, clock.now()
    mark = marks.begin(session.get_bind().dialect.name, mine.lane, is_fresh=is_fresh)
    told = {
        "ids": packed((row_id,) for row_id in ids), "now": now, "this_attempt": attempt, "this_relay": relay,
        "batch": mine.batch_id, "owner": mine.owner, "epoch": mine.epoch,
    }  # fmt: skip
    if mine.lane == "mailing":
        told["mailing"] = mine.mailing_id
    if _count(session, mark, told) == len(ids) and is_fresh:
        # No row need be asked for: SQLite hands over each by itself, and each time other threads come between.
        return attempt, dict.fromkeys(ids, now)
    return attempt, _which(session, TABLES[mine.lane], mine, ids, attempt)


def _which(session: Session, rows: Table, mine: Lease, ids: Sequence[int], attempt: int) -> dict[int, datetime]:
    """Return the rows this attempt began, and leave out those of the others that must not be sent."""
    mine_now = select(rows.c.id, rows.c.first_begun_at).where(rows.c.id.in_(ids), rows.c.attempt == attempt)
    dates: dict[int, datetime] = {row.id: row.first_begun_at for row in session.execute(mine_now)}
    if len(dates) < len(ids):
        _leave_out(session, mine, [row_id for row_id in ids if row_id not in dates])
    return dates


def settle(session: Session, lane: str, results: Iterable[Settled]) -> None:
    """Write down how attempts ended; a result counts only for the attempt that began the row.

    A late answer of that same attempt still settles a row that was called uncertain meanwhile. Every
    attempt that did not end in accepted leaves a row of its own.
    """
    groups: dict[tuple[str, bool], list[Settled]] = {}
    for result in results:
        groups.setdefault((result.state, result.verdict == "unwritten"), []).append(result)
    for (state, unwritten), group in groups.items():
        _settle_group(session, lane, state, group, unwritten=unwritten or state == "queued")
    tried = [
        item
        for (state, unwritten), group in groups.items()
        if state not in ("accepted", "queued") and not unwritten
        for item in group
    ]
    if tried:
        now = clock.now()
        session.execute(
            insert(Attempt),
            [
                {"lane": lane, "row_id": item.row_id, "at": now, "worker": item.worker, "relay": item.relay,
                 "verdict": item.verdict, "code": item.code, "status": item.status, "text": item.text}
                for item in tried
            ],
        )  # fmt: skip


def unsettled(session: Session, lane: str, results: Sequence[Settled]) -> list[Settled]:
    """Return those of the results that are not written down yet: for a worker whose COMMIT had no answer."""
    rows = TABLES[lane]
    mine = select(rows.c.id, rows.c.attempt, rows.c.state).where(rows.c.id.in_([item.row_id for item in results]))
    found = {(row.id, row.attempt): row.state for row in session.execute(mine)}
    states = ((item, found.get((item.row_id, item.attempt))) for item in results)
    return [item for item, state in states if state in ("begun", "uncertain") and state != item.state]


def _settle_group(session: Session, lane: str, state: str, group: Sequence[Settled], *, unwritten: bool) -> None:
    values = packed(
        (item.row_id, item.attempt, item.code, item.status, item.text, item.why,
         (item.next_at - EPOCH) // MICROSECOND if item.next_at else None)
        for item in group
    )  # fmt: skip
    statement = marks.settle(session.get_bind().dialect.name, lane, state, unwritten=unwritten)
    told: dict[str, Any] = {"results": values}
    if state in marks.FINAL:
        told["now"] = clock.now()
    session.execute(statement, told)


def _leave_out(session: Session, mine: Lease, ids: Sequence[int]) -> None:
    """Give rows that were not begun their reason, if it is one that stays."""
    rows = TABLES[mine.lane]
    why: ColumnElement[str] = literal("suppressed")
    if mine.lane == "mailing":
        state = select(Subscription.state).where(Subscription.id == rows.c.subscription_id).scalar_subquery()
        why = case((state == "ended", literal("left meanwhile")), (state == "paused", literal("paused")), else_=why)
    blocked = and_(rows.c.id.in_(ids), marks.must_not(rows, mine.lane))
    out = session.execute(
        update(rows)
        .where(blocked, rows.c.state.in_(("queued", "waiting")))
        .values(state="left_out", why=why, next_at=None, final_at=clock.now())
        .returning(rows.c.id, rows.c.address, rows.c.why)
    )
    for row in out:
        maillog.note("left_out", row.address, mailing=mine.mailing_id, row=row.id, lane=mine.lane, why=row.why)
    # What was written once stays uncertain: it is only not tried again.
    session.execute(update(rows).where(blocked, rows.c.state == "uncertain").values(next_at=None))


def _count(session: Session, statement: Update, told: Mapping[str, Any]) -> int:
    result = session.execute(statement, told)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
