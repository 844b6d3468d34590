"""The moments of a mailing that nobody presses a button for: when it starts, and when it is done."""

import logging
from datetime import timedelta

from sqlalchemy import CursorResult, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.mailing import approval, deliveries
from mailer.mailing.mailings import advance
from mailer.mailing.schedule import say
from mailer.store.tables import Delivery, Mailing, is_open

log = logging.getLogger("mailer.mailing")
# What is started within this time, and the time between two looks, is not called late.
ON_TIME = timedelta(minutes=1)


def start_due(session: Session, config: Config) -> list[int]:
    """Start every mailing whose moment has come, at most once however many processes tick; return their ids.

    One that is later than allowed is not started: its policy says whether it is sent all the same,
    skipped, or waits until a person answers. One that needs a second person who has not approved what is kept
    goes back to draft.
    """
    now = clock.now()
    # Whoever allows no lateness at all still means "when it is due": we look only every so often.
    allowed = max(timedelta(hours=config.send.late_hours), ON_TIME + timedelta(seconds=config.send.tick_seconds))
    due = session.scalars(
        select(Mailing)
        .where(Mailing.state.in_(("scheduled", "holding")), Mailing.due_at <= now, Mailing.asked_at.is_(None))
        .order_by(Mailing.due_at)
        .with_for_update(skip_locked=True)
    ).all()
    started = []
    for mailing in due:
        late = now - (mailing.due_at or now)
        if late > allowed and mailing.late != "send":
            _too_late(session, mailing)
        elif not approval.holds(session, mailing.id):
            advance(session, mailing, ("scheduled", "holding"), state="draft", due_at=None, why=approval.MISSING)
        elif advance(session, mailing, ("scheduled", "holding"), state="sending", started_at=now, why=""):
            started.append(mailing.id)
    return started


def unfinished(session: Session) -> list[tuple[int, str]]:
    """Return (id, state) of mailings that still have work: being sent, or stopped with rows to leave out."""
    open_rows = exists().where(
        Delivery.mailing_id == Mailing.id, is_open("deliveries"), Delivery.state.in_(("queued", "waiting"))
    )
    rows = session.execute(
        select(Mailing.id, Mailing.state)
        .where(or_(Mailing.state == "sending", and_(Mailing.state == "stopped", open_rows)))
        .order_by(Mailing.id)
    )
    return list(rows.all())


def finish(session: Session, mailing_id: int) -> bool:
    """Call a mailing sent when its audience is frozen and every row has its end; say whether it was."""
    # In this order: rows may still come until it is frozen, so they are counted after that was seen.
    frozen = select(Mailing.frozen_at).where(Mailing.id == mailing_id, Mailing.state == "sending")
    if session.scalar(frozen) is None or deliveries.is_on_its_way(session, mailing_id):
        return False
    done = update(Mailing).where(Mailing.id == mailing_id, Mailing.state == "sending")
    result = session.execute(done.values(state="sent", finished_at=clock.now(), why=""))
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _too_late(session: Session, mailing: Mailing) -> None:
    due = say(mailing.due_at or clock.now(), mailing.zone or "UTC")
    log.warning("mailing %s did not start: it was due %s; its policy is %r", mailing.id, due, mailing.late)
    if mailing.late == "skip":
        why = f"it was due {due} and is skipped when late"
        advance(session, mailing, ("scheduled",), state="stopped", why=why, finished_at=clock.now())
        advance(session, mailing, ("holding",), state="draft", why=why, due_at=None)
    else:
        why = f"it was due {due}, when nothing ran; send it now, or undo it"
        advance(session, mailing, ("scheduled", "holding"), asked_at=clock.now(), why=why)
