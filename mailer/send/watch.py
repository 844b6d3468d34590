"""Whether anybody sends, what keeps them from it, and whether there is anything to send."""

from datetime import timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import Refused
from mailer.store.tables import Mailing, Notice, Worker

SENDING, NOBODY, STUCK = "alive", "nobody", "stuck"
LEASES = 3


def look(session: Session, config: Config) -> str:
    """Say "alive" if a sending process was heard of lately, "nobody" if none is needed, else "stuck"."""
    if session.scalar(_alive(config).with_only_columns(Worker.id).limit(1)) is not None:
        return SENDING
    return STUCK if _is_work(session) else NOBODY


def trouble(session: Session, config: Config) -> str:
    """Return what keeps every living sending process from sending, such as a relay that does not answer; else ""."""
    found = session.scalars(_alive(config).with_only_columns(Worker.trouble).order_by(Worker.seen_at.desc())).all()
    return found[0] if found and all(found) else ""


def must_rest(session: Session, config: Config) -> None:
    """Raise Refused while a process sends, or a mailing is being sent."""
    alive = session.scalars(_alive(config).order_by(Worker.name)).first()
    if alive:
        silent = LEASES * config.send.lease_seconds
        raise Refused(
            f"a sending process is alive: {alive.name}",
            place="store.url",
            cure=f"stop every mailer process; one that was killed counts for {silent:.0f} seconds",
        )
    sending = session.scalars(select(Mailing.id).where(Mailing.state == "sending").order_by(Mailing.id)).first()
    if sending:
        cure = f"wait until it is sent, or pause it: `mailer mailing pause {sending}`"
        raise Refused(f"mailing {sending} is being sent", place="store.url", cure=cure)


def _alive(config: Config) -> Select[Worker]:
    lately = clock.now() - timedelta(seconds=LEASES * config.send.lease_seconds)
    return select(Worker).where(Worker.seen_at >= lately, Worker.ended_at.is_(None))


def _is_work(session: Session) -> bool:
    """Say whether a mailing is due or being sent, or a notice waits."""
    due = (Mailing.state.in_(("scheduled", "holding"))) & (Mailing.due_at <= clock.now()) & Mailing.asked_at.is_(None)
    mailing = select(Mailing.id).where(or_(Mailing.state == "sending", due)).limit(1)
    notice = select(Notice.id).where(Notice.state.in_(("queued", "waiting", "begun"))).limit(1)
    return session.scalar(mailing) is not None or session.scalar(notice) is not None
