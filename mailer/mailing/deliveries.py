"""The rows that answer "what happened to me?": their states, their moves, batches of them."""

from collections.abc import Mapping

from sqlalchemy import CursorResult, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store.tables import Batch, Delivery, Mailing, is_open

# From which state a delivery (or notice) may go to which; the WHERE of every move refuses the rest.
MOVES: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"begun", "left_out"}),
    "begun": frozenset({"accepted", "refused", "waiting", "uncertain", "queued"}),
    "waiting": frozenset({"begun", "left_out"}),
    "uncertain": frozenset({"begun", "accepted", "refused", "left_out"}),
    "accepted": frozenset(),
    "refused": frozenset(),
    "left_out": frozenset(),
}
BATCH_SIZE = 1000


def is_on_its_way(session: Session, mailing_id: int) -> bool:
    """Say whether a row of the mailing is still queued, begun, waiting, or has its one retry ahead."""
    undecided = and_(Delivery.state == "uncertain", Delivery.next_at.is_not(None))
    rows = select(Delivery.id).where(
        Delivery.mailing_id == mailing_id,
        is_open("deliveries"),
        or_(Delivery.state.in_(("queued", "begun", "waiting")), undecided),
    )
    return session.scalar(rows.limit(1)) is not None


def regroup_due(session: Session, mailing_id: int, limit: int = BATCH_SIZE) -> int:
    """Put rows whose next try is due into a batch of their own; return how many.

    A row is taken only out of a batch that is done, so no two workers ever hold it.
    """
    now = clock.now()
    due = session.execute(
        select(Delivery.id, Delivery.route)
        .outerjoin(Batch, Batch.id == Delivery.batch_id)
        .where(
            Delivery.mailing_id == mailing_id,
            is_open("deliveries"),
            Delivery.state.in_(("waiting", "uncertain")),
            Delivery.next_at <= now,
            or_(Batch.id.is_(None), Batch.done_at.is_not(None)),
        )
        .order_by(Delivery.route, Delivery.next_at)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    routes: dict[str, list[int]] = {}
    for row_id, route in due:
        routes.setdefault(route, []).append(row_id)
    for route, ids in routes.items():
        batch = Batch(lane="mailing", mailing_id=mailing_id, route=route, size=len(ids), made_at=now)
        session.add(batch)
        session.flush()
        session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(batch_id=batch.id))
    return len(due)


def sweep_stopped(session: Session, mailing_id: int, limit: int = 2000) -> int:
    """Leave out the next rows of a stopped mailing; return how many, 0 when all are done.

    In pieces, because one statement over a million rows would keep everybody else from writing.
    """
    some = (
        select(Delivery.id)
        .where(Delivery.mailing_id == mailing_id, is_open("deliveries"), Delivery.state.in_(("queued", "waiting")))
        .where(exists().where(Mailing.id == mailing_id, Mailing.state == "stopped"))
        .limit(limit)
    )
    return _rows(
        session,
        update(Delivery)
        .where(Delivery.id.in_(some), Delivery.state.in_(("queued", "waiting")))
        .values(state="left_out", why="stopped", next_at=None, final_at=clock.now()),
    )


def settle(session: Session, delivery_id: int, state: str, why: str) -> bool:
    """Let a person decide an uncertain delivery: accepted, refused or left_out; False if it was none."""
    changed = _rows(
        session,
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == "uncertain")
        .values(state=state, why=why, next_at=None, final_at=clock.now()),
    )
    return changed == 1


def _rows(session: Session, statement: object) -> int:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
