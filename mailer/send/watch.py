"""Whether anybody sends, and whether there is anything to send: what /health asks."""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.store.tables import Mailing, Notice, Worker

SENDING, NOBODY, STUCK = "alive", "nobody", "stuck"
LEASES = 3


def look(session: Session, config: Config) -> str:
    """Say "alive" if a sending process was heard of lately, "nobody" if none is needed, else "stuck"."""
    lately = clock.now() - timedelta(seconds=LEASES * config.send.lease_seconds)
    alive = select(Worker.id).where(Worker.seen_at >= lately, Worker.ended_at.is_(None)).limit(1)
    if session.scalar(alive) is not None:
        return SENDING
    return STUCK if _is_work(session) else NOBODY


def _is_work(session: Session) -> bool:
    """Say whether a mailing is due or being sent, or a notice waits."""
    due = (Mailing.state.in_(("scheduled", "holding"))) & (Mailing.due_at <= clock.now()) & Mailing.asked_at.is_(None)
    mailing = select(Mailing.id).where(or_(Mailing.state == "sending", due)).limit(1)
    notice = select(Notice.id).where(Notice.state.in_(("queued", "waiting", "begun"))).limit(1)
    return session.scalar(mailing) is not None or session.scalar(notice) is not None
