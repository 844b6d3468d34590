"""Batches of rows, each worked on by one worker for a while, and taken over when it goes silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store import schema
from mailer.store.tables import Attempt, Batch, Delivery, Mailing, Notice, db_now, is_open

TABLES: Mapping[str, Table] = {"mailing": Delivery.__table__, "notice": Notice.__table__}  # type: ignore[dict-item]
LOST = "the sending process was lost; the reader possibly has it"
NOTICE_BATCH = 100
# A message that was under way each time a process was lost may be what ends them: then a person decides.
MOST_LOSSES = 3


@dataclass(frozen=True)
class Lease:
    """A batch that is ours for a while: nobody else begins its rows until the lease ends."""

    lane: str
    batch_id: int
    mailing_id: int
    owner: str
    epoch: int
    # The receiving domain of all its rows, or "rest".
    route: str = ""


@dataclass(frozen=True)
class Avoid:
    """What is not to be leased just now: routes that are held up, mailings whose relays are."""

    routes: frozenset[str] = frozenset()
    mailings: frozenset[int] = frozenset()


def lease(
    session: Session, lane: str, owner: str, seconds: float, after: int = 0, avoid: Avoid = Avoid()
) -> Lease | None:
    """Take the next free batch of a lane, mailings in turn after ``after``; None when there is none.

    There is none either when the store was moved to the version of another program.
    """
    free = (Batch.lane == lane, Batch.done_at.is_(None), Batch.owner == "", schema.fits())
    wanted = select(Batch).where(*free, *_not(avoid))
    if lane == "mailing":
        wanted = wanted.join(Mailing, Mailing.id == Batch.mailing_id).where(Mailing.state == "sending")
        wanted = wanted.order_by(case((Batch.mailing_id > after, 0), else_=1), Batch.mailing_id)
    batch = session.scalar(wanted.order_by(Batch.id).limit(1).with_for_update(of=Batch, skip_locked=True))
    if batch is None:
        return None
    session.execute(
        update(Batch)
        .where(Batch.id == batch.id)
        .values(owner=owner, epoch=Batch.epoch + 1, lease_until=_lease_end(seconds))
        .execution_options(synchronize_session=False)
    )
    session.refresh(batch)
    return Lease(lane, batch.id, batch.mailing_id or 0, owner, batch.epoch, batch.route)


def _not(avoid: Avoid) -> list[ColumnElement[bool]]:
    found = list[ColumnElement[bool]]()
    if avoid.routes:
        found.append(Batch.route.not_in(avoid.routes))
    if avoid.mailings:
        found.append(Batch.mailing_id.not_in(avoid.mailings))
    return found


def is_any_free(session: Session, lane: str, avoid: Avoid = Avoid()) -> bool:
    """Say whether there is a batch to take, or a notice to make one of; locks nothing."""
    if lane == "notice" and session.scalar(_due_notices().limit(1)) is not None:
        return True
    return session.scalar(_free(lane, avoid)) is not None


@lru_cache(maxsize=64)
def _free(lane: str, avoid: Avoid) -> Select[int]:
    """Return what finds a batch to take; asked for at every turn, and building it takes longer than running it."""
    free = select(Batch.id).where(Batch.lane == lane, Batch.done_at.is_(None), Batch.owner == "", *_not(avoid))
    if lane == "mailing":
        free = free.join(Mailing, Mailing.id == Batch.mailing_id).where(Mailing.state == "sending")
    return free.limit(1)


def gather_notices(session: Session) -> int:
    """Put new and due notices into a batch; return how many."""
    wanted = _due_notices().order_by(Notice.id).limit(NOTICE_BATCH)
    due = session.scalars(wanted.with_for_update(skip_locked=True)).all()
    if due:
        batch = Batch(lane="notice", route="notices", size=len(due), made_at=clock.now())
        session.add(batch)
        session.flush()
        session.execute(update(Notice).where(Notice.id.in_(due)).values(batch_id=batch.id))
    return len(due)


def pull_in(session: Session, lane: str, furthest: datetime, mailing_id: int = 0) -> int:
    """Let go now what waits for a moment after ``furthest``, of one mailing or of notices; return how many rows.

    No wait is that long: it was written down by a clock that was ahead then, and is not any more.
    """
    rows = TABLES[lane]
    late = update(rows).where(rows.c.state.in_(("waiting", "uncertain")), rows.c.next_at > furthest)
    if lane == "mailing":
        late = late.where(rows.c.mailing_id == mailing_id)
    return _count(session, late.where(is_open(rows.name)).values(next_at=clock.now()))


def _due_notices() -> Select[int]:
    open_batch = exists().where(Batch.id == Notice.batch_id, Batch.done_at.is_(None))
    return select(Notice.id).where(
        is_open("notices"),
        # Said once more for the index: SQLite does not look for a common part of both.
        Notice.state.in_(("queued", "waiting", "uncertain")),
        or_(
            and_(Notice.state == "queued", Notice.batch_id.is_(None)),
            and_(Notice.state.in_(("waiting", "uncertain")), Notice.next_at <= clock.now(), ~open_batch),
        ),
    )


def renew(session: Session, owner: str, seconds: float) -> set[tuple[int, int]]:
    """Prolong every lease of this worker that has not run out; return (batch, epoch) of those it still holds.

    The epoch too: a batch may have been lost and leased anew, and what was begun before that is not ours.
    """
    held = (
        update(Batch)
        .where(Batch.owner == owner, Batch.lease_until > db_now())
        .values(lease_until=_lease_end(seconds))
        .returning(Batch.id, Batch.epoch)
    )
    return {(row.id, row.epoch) for row in session.execute(held)}


def close_batch(session: Session, mine: Lease) -> bool:
    """Call the batch done if nothing in it is queued or begun, else give it back; False if not ours.

    With a row still begun the lease ends now instead: the rescue judges the row, whatever the mailing's state.
    """
    rows = TABLES[mine.lane]
    inside = (rows.c.batch_id == mine.batch_id, is_open(rows.name))
    begun = exists().where(*inside, rows.c.state == "begun")
    queued = exists().where(*inside, rows.c.state == "queued")
    now = literal(clock.now(), Batch.done_at.type)
    values = {
        "owner": case((begun, Batch.owner), else_=literal("")),
        # A microsecond ago: the clock of SQLite counts milliseconds, and the rescue may come in the same one.
        "lease_until": case((begun, db_now() - literal(1)), else_=null()),
        "done_at": case((begun, null()), (queued, null()), else_=now),
    }
    ours = update(Batch).where(Batch.id == mine.batch_id, Batch.owner == mine.owner, Batch.epoch == mine.epoch)
    return _count(session, ours.values(**values).execution_options(synchronize_session=False)) == 1


def give_up(session: Session, lane: str, owner: str, held: Sequence[int]) -> None:
    """Free the batches that are leased to this worker and that it does not know of: it would renew them for ever."""
    unknown = (Batch.lane == lane, Batch.owner == owner, Batch.done_at.is_(None), Batch.id.not_in(held))
    # One whose lease was ended has a row to be judged by the rescue.
    mine = update(Batch).where(*unknown, Batch.lease_until > db_now())
    session.execute(mine.values(owner="", lease_until=None).execution_options(synchronize_session=False))


def rescue(session: Session, uncertain_until: datetime) -> int:
    """Free the batches of workers whose lease ran out; return how many begun rows are uncertain now."""
    expired = session.scalars(
        select(Batch)
        .where(Batch.done_at.is_(None), Batch.owner != "", Batch.lease_until < db_now())
        .with_for_update(skip_locked=True)
    ).all()
    rescued = 0
    for batch in expired:
        rescued += _call_uncertain(session, batch, uncertain_until)
        batch.owner, batch.lease_until = "", None
        batch.epoch += 1
    session.flush()
    return rescued


def close_stopped(session: Session) -> None:
    """Call done the free batches of mailings that ended before them."""
    ended = select(Mailing.id).where(Mailing.state.in_(("stopped", "failed", "sent")))
    begun = exists().where(Delivery.batch_id == Batch.id, is_open("deliveries"), Delivery.state == "begun")
    session.execute(
        update(Batch)
        .where(Batch.lane == "mailing", Batch.done_at.is_(None), Batch.owner == "")
        .where(Batch.mailing_id.in_(ended), ~begun)
        .values(done_at=clock.now())
    )


def _call_uncertain(session: Session, batch: Batch, until: datetime) -> int:
    rows = TABLES[batch.lane]
    lost = session.execute(
        update(rows)
        .where(rows.c.batch_id == batch.id, is_open(rows.name), rows.c.state == "begun")
        .values(
            state="uncertain",
            why=LOST,
            next_at=case((_lost_often(rows, batch), null()), else_=_hold(batch, until)),
            # They come in a batch of their own, behind the others: at the head of this one, the next process
            # that is killed soon after its start would take the very same rows with it.
            batch_id=null(),
        )
        .returning(rows.c.id, rows.c.worker, rows.c.relay)
    ).all()
    if lost:
        now = clock.now()
        session.execute(
            insert(Attempt),
            [
                {"lane": batch.lane, "row_id": row.id, "at": now, "worker": row.worker, "relay": row.relay,
                 "verdict": "uncertain", "text": LOST}
                for row in lost
            ],
        )  # fmt: skip
    return len(lost)


def _lost_often(rows: Table, batch: Batch) -> ColumnElement[bool]:
    """Say whether this loss is the last one allowed.

    Not answered by a relay twice is final; lost with its process is not, for it tells nothing of the relay,
    and most of these rows were never written: called final, a second crash would cost their readers the mail.
    """
    before = select(func.count()).where(
        Attempt.lane == batch.lane, Attempt.row_id == rows.c.id, Attempt.verdict == "uncertain"
    )
    return before.correlate(rows).scalar_subquery() >= MOST_LOSSES - 1


def _hold(batch: Batch, until: datetime) -> ColumnElement[Any]:
    """Return when an uncertain row is tried once more; never, where a person wants to decide."""
    at = literal(until, Delivery.next_at.type)
    if batch.mailing_id is None:
        return at
    holds = exists().where(Mailing.id == batch.mailing_id, Mailing.on_uncertain == "hold")
    return case((holds, null()), else_=at)


def _lease_end(seconds: float) -> ColumnElement[datetime]:
    return db_now() + literal(int(seconds * 1_000_000))


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
