"""After a restore: nothing goes out by itself, because what left after the backup is not known here."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.mailing import mailings
from mailer.mailing.schedule import say
from mailer.store.tables import Mailing


def hold_all(session: Session, made_at: datetime) -> list[int]:
    """Pause what was being sent and take back to draft what was scheduled; return the ids of both."""
    why = f"restored from a backup of {say(made_at, 'UTC')}: who got it after that is not known here"
    moving = select(Mailing).where(Mailing.state.in_(("sending", "scheduled", "holding"))).order_by(Mailing.id)
    held = []
    for mailing in session.scalars(moving).all():
        if mailing.state == "sending":
            mailings.pause(session, mailing, why)
        else:
            mailings.undo(session, mailing)
        held.append(mailing.id)
    return held
