"""What is written down before and after every message: rows begun, results settled."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Table,
    and_,
    bindparam,
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

from mailer import clock, maillog
from mailer.send.leases import TABLES, Lease
from mailer.store.tables import Attempt, Batch, Mailing, Subscription, Suppression, db_now, is_open


@dataclass(frozen=True)
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


def waiting_rows(session: Session, mine: Lease, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the next rows of the batch that may be begun, by id after ``after``."""
    rows = TABLES[mine.lane]
    ready = select(rows).where(
        rows.c.batch_id == mine.batch_id, is_open(rows.name), rows.c.id > after, _may_begin(rows)
    )
    return session.execute(ready.order_by(rows.c.id).limit(limit)).all()


def begin(
    session: Session, mine: Lease, ids: Sequence[int], relay: str, *, is_fresh: bool = False
) -> tuple[int, dict[int, datetime]]:
    """Mark rows begun after the last look; return the attempt and row id → the message's date.

    In the same statement: still to be sent, still my epoch, mailing still sending, address not
    suppressed, subscription still active. Only a row returned here may see MAIL FROM. Rows that must not
    be sent any more are left out with the reason. None of ``is_fresh`` rows has a time for its next try: then
    no index has to be touched.
    """
    rows, now = TABLES[mine.lane], clock.now()
    attempt = secrets.randbits(62) | 1
    mark = (
        update(rows)
        .where(rows.c.id.in_(ids), _may_begin(rows), _is_mine(mine), ~_must_not(rows, mine))
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
    begun = session.execute(mark.returning(rows.c.id, rows.c.first_begun_at)).all()
    dates = {row.id: row.first_begun_at for row in begun}
    if len(dates) < len(ids):
        _leave_out(session, mine, [row_id for row_id in ids if row_id not in dates])
    return attempt, dates


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
    statement = (
        update(rows)
        .where(rows.c.id == _bound("row_id"), rows.c.attempt == _bound("attempt"), still_open)
        .values(
            state=state,
            why=_bound("why"),
            next_at=_bound("next_at", rows.c.next_at.type),
            reply_code=_bound("code"),
            reply_status=_bound("status"),
            reply_text=_bound("text"),
            final_at=now if state in ("accepted", "refused") else None,
        )
    )
    if unwritten:
        statement = statement.values(tries=rows.c.tries - 1)
    values = [
        {"p_row_id": item.row_id, "p_attempt": item.attempt, "p_why": item.why, "p_next_at": item.next_at,
         "p_code": item.code, "p_status": item.status, "p_text": item.text}
        for item in group
    ]  # fmt: skip
    session.connection().execute(statement, values)


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


def _bound(name: str, kind: Any = None) -> ColumnElement[Any]:
    return bindparam(f"p_{name}", type_=kind)
