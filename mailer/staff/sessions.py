"""Where somebody is logged in, seen and ended by themselves or by an operator."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import NotFound
from mailer.store.tables import DeskSession


def every(session: Session, config: Config, staff_id: int) -> Sequence[DeskSession]:
    """Return the sessions of somebody that are open, the one used last first."""
    fresh = clock.now() - timedelta(hours=config.desk.session_hours)
    mine = select(DeskSession).where(
        DeskSession.staff_id == staff_id, DeskSession.ended_at.is_(None), DeskSession.seen_at > fresh
    )
    return session.scalars(mine.order_by(DeskSession.seen_at.desc(), DeskSession.id.desc())).all()


def end_one(session: Session, staff_id: int, session_id: int) -> None:
    """End one of somebody's own sessions; NotFound for one of another, or one that has ended."""
    if not _end(session, DeskSession.staff_id == staff_id, DeskSession.id == session_id):
        raise NotFound("this browser is logged out already")


def end_others(session: Session, staff_id: int, kept_id: int = 0) -> int:
    """End every session of somebody but one, and return how many were ended."""
    return _end(session, DeskSession.staff_id == staff_id, DeskSession.id != kept_id)


def _end(session: Session, *which: ColumnElement[bool]) -> int:
    ended = update(DeskSession).where(DeskSession.ended_at.is_(None), *which)
    done = session.execute(ended.values(ended_at=clock.now()).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount
