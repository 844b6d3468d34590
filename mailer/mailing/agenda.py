"""What goes out when: mailings by the moment they are due, or began."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from mailer.mailing.mailings import EDITABLE
from mailer.store.tables import Mailing

MOST = 500


def between(session: Session, first: datetime, last: datetime) -> Sequence[Mailing]:
    """Return the mailings that are due, or were begun, from ``first`` until before ``last``, in that order.

    One that was skipped because it was late stands where it was due: nothing else says what did not go out that day.
    """
    unbegun = and_(Mailing.started_at.is_(None), Mailing.state.not_in(EDITABLE))
    due = and_(unbegun, Mailing.due_at >= first, Mailing.due_at < last)
    begun = and_(~unbegun, Mailing.started_at >= first, Mailing.started_at < last)
    found = session.scalars(select(Mailing).where(or_(due, begun)).order_by(Mailing.id.desc()).limit(MOST)).all()
    return sorted(found, key=lambda mailing: (moment(mailing), mailing.id))


def moment(mailing: Mailing) -> datetime:
    """Return when a mailing began, or is or was due."""
    return mailing.started_at or mailing.due_at or mailing.made_at
