"""What goes out when: mailings by the moment they are due, or began."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from mailer.store.tables import Mailing

MOST = 500


def between(session: Session, first: datetime, last: datetime) -> Sequence[Mailing]:
    """Return the mailings that are due, or were begun, from ``first`` until before ``last``, in that order."""
    waits = Mailing.state.in_(("scheduled", "holding"))
    due = and_(waits, Mailing.due_at >= first, Mailing.due_at < last)
    begun = and_(~waits, Mailing.started_at >= first, Mailing.started_at < last)
    found = session.scalars(select(Mailing).where(or_(due, begun)).order_by(Mailing.id.desc()).limit(MOST)).all()
    return sorted(found, key=lambda mailing: (moment(mailing), mailing.id))


def moment(mailing: Mailing) -> datetime:
    """Return when a mailing is due while it waits, or when it began."""
    found = mailing.due_at if mailing.state in ("scheduled", "holding") else mailing.started_at
    return found or mailing.made_at
