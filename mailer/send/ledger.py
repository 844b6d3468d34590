"""What is written down before and after every message: rows begun, results settled."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Integer,
    Select,
    Table,
    Text,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from mailer import clock
from mailer.send.leases import TABLES, Lease
from mailer.store.handed import handed, taken
from mailer.store.tables import (
    EPOCH,
    MICROSECOND,
    Attempt,
    Batch,
    Mailing,
    Subscription,
    Suppression,
    db_now,
    is_open,
)


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


_SETTLED: dict[str, TypeEngine[Any]] = {
    "row_id": BigInteger(), "attempt": BigInteger(), "code": Integer(), "status": Text(), "text": Text(),
    "why": Text(), "next_at": BigInteger(),
}  # fmt: skip
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
        rows.c.batch_id == mine.batch_id, is_open(rows.name), rows.c.id > after, _may_begin(rows)
    )
    return taken(session, ready.order_by(rows.c.id).limit(limit))


def begin(
    session: Session, mine: Lease, ids: Sequence[int], relay: str, *, is_fresh: bool = False
) -> tuple[int, dict[int, datetime]]:
    """Mark rows begun after the last look; return the attempt and row id → the message's date.

    In the same statement: still to be sent, still my epoch, mailing still sending, address not
    suppressed, subscription still active. Only a row returned here may see MAIL FROM. Rows that must not
    be sent any more are left out with the reason. Rows that are all ``is_fresh`` were never begun and have no
    time for a next try: then no index has to be touched.
    """
    rows, now = TABLES[mine.lane], clock.now()
    attempt = secrets.randbits(62) | 1
    mark = (
        update(rows)
        .where(rows.c.id.in_(_those(session, ids)), _may_begin(rows), _is_mine(mine), ~_must_not(rows, mine))
        .values(
            state="begun",
            why="",
            begun_at=now,
            first_begun_at=func.coalesce(rows.c.first_begun_at, literal(now, rows.c.begun_at.type)),
            attempt=attempt,
            worker=mine.owner,
            relay=relay,
            tries=rows.c.tries + 1,
        )
    )
    if not is_fresh:
        mark = mark.values(next_at=None, again=or_(rows.c.again, rows.c.state == "uncertain"))
    if mine.lane == "mailing":
        mark = mark.where(exists().where(Mailing.id == mine.mailing_id, Mailing.state == "sending"))
    marked = _count(session, mark.execution_options(synchronize_session=False))
    if is_fresh and marked == len(ids):
        # No row need be asked for: SQLite hands over each by itself, and each time other threads come between.
        return attempt, dict.fromkeys(ids, now)
    return attempt, _which(session, rows, mine, ids, attempt)


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


def _settle_group(session: Session, lane: str, state: str, group: Sequence[Settled], *, unwritten: bool) -> None:
    rows, now = TABLES[lane], clock.now()
    # Going back is only for what is still begun: an uncertain row cannot be proved unwritten.
    still_open = rows.c.state == "begun"
    if state not in ("queued", "waiting") and not unwritten:
        still_open = or_(still_open, rows.c.state == "uncertain")
    values = [
        (item.row_id, item.attempt, item.code, item.status, item.text, item.why,
         (item.next_at - EPOCH) // MICROSECOND if item.next_at else None)
        for item in group
    ]  # fmt: skip
    found = handed(session, values, **_SETTLED).c
    statement = (
        update(rows)
        .where(rows.c.id == found.row_id, rows.c.attempt == found.attempt, still_open)
        .values(
            state=state,
            why=found.why,
            next_at=found.next_at,
            reply_code=found.code,
            reply_status=found.status,
            reply_text=found.text,
            final_at=now if state in ("accepted", "refused") else None,
        )
        .execution_options(synchronize_session=False)
    )
    if unwritten:
        statement = statement.values(tries=rows.c.tries - 1)
    session.execute(statement)


def _those(session: Session, ids: Sequence[int]) -> Select[Any]:
    return select(handed(session, [(row_id,) for row_id in ids], row_id=BigInteger()).c.row_id)


def _may_begin(rows: Table) -> ColumnElement[bool]:
    now = clock.now()
    return or_(
        rows.c.state == "queued",
        and_(rows.c.state == "waiting", rows.c.next_at <= now),
        and_(rows.c.state == "uncertain", rows.c.next_at <= now),
    )


def _is_mine(mine: Lease) -> ColumnElement[bool]:
    return exists().where(
        Batch.id == mine.batch_id,
        Batch.owner == mine.owner,
        Batch.epoch == mine.epoch,
        Batch.lease_until > db_now(),
    )


def _must_not(rows: Table, mine: Lease) -> ColumnElement[bool]:
    """Say in SQL who must not be written to any more: a notice asked for passes the scope ``mailings``."""
    suppressed = and_(Suppression.address_hash == rows.c.address_hash, Suppression.lifted_at.is_(None))
    if mine.lane == "notice":
        return exists().where(suppressed, Suppression.scope == "all")
    active = exists().where(Subscription.id == rows.c.subscription_id, Subscription.state == "active")
    return or_(exists().where(suppressed), ~active)


def _leave_out(session: Session, mine: Lease, ids: Sequence[int]) -> None:
    """Give rows that were not begun their reason, if it is one that stays."""
    rows = TABLES[mine.lane]
    why: ColumnElement[str] = literal("suppressed")
    if mine.lane == "mailing":
        state = select(Subscription.state).where(Subscription.id == rows.c.subscription_id).scalar_subquery()
        why = case((state == "ended", literal("left meanwhile")), (state == "paused", literal("paused")), else_=why)
    blocked = and_(rows.c.id.in_(ids), _must_not(rows, mine))
    session.execute(
        update(rows)
        .where(blocked, rows.c.state.in_(("queued", "waiting")))
        .values(state="left_out", why=why, next_at=None, final_at=clock.now())
    )
    # What was written once stays uncertain: it is only not tried again.
    session.execute(update(rows).where(blocked, rows.c.state == "uncertain").values(next_at=None))


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
