"""The figures a watching program keeps: the queue, its age, leases, notices, relays; nobody's data among them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, func, select, type_coerce
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.outcomes import account
from mailer.send import watch
from mailer.store.tables import Batch, Mailing, Notice, db_now, is_open


@dataclass(frozen=True)
class Gauges:
    """What there is to know at one moment; ages are seconds, 0.0 where there is nothing of the kind."""

    live: watch.Live
    is_stuck: bool
    # By relay and state, since the store was made.
    tries: Mapping[tuple[str, str], int]
    # Of the mailings being sent, by state.
    deliveries: Mapping[str, int]
    oldest_queued: float
    oldest_notice: float
    notices: int
    lease_age: float


def read(session: Session, config: Config) -> Gauges:
    """Return the figures of this moment; cheap enough to be asked for every few seconds with a million rows queued."""
    deliveries: Counter[str] = Counter()
    for mailing_id in session.scalars(select(Mailing.id).where(Mailing.state == "sending")).all():
        deliveries += Counter(account.glance(session, mailing_id).account.states)
    sending = select(Mailing.id).where(Mailing.state == "sending")
    waiting = (is_open("notices"), Notice.state.in_(("queued", "begun", "waiting")))
    return Gauges(
        live=watch.live(session, config),
        is_stuck=watch.look(session, config) == watch.STUCK,
        tries=watch.totals(session),
        deliveries=deliveries,
        oldest_queued=_age(
            session.scalar(
                select(func.min(Batch.made_at)).where(
                    Batch.lane == "mailing", Batch.mailing_id.in_(sending), Batch.done_at.is_(None)
                )
            )
        ),
        oldest_notice=_age(session.scalar(select(func.min(Notice.made_at)).where(*waiting))),
        notices=session.scalar(select(func.count()).select_from(Notice).where(*waiting)) or 0,
        lease_age=_lease_age(session, config),
    )


def _age(moment: datetime | None) -> float:
    return max((clock.now() - moment).total_seconds(), 0.0) if moment else 0.0


def _lease_age(session: Session, config: Config) -> float:
    """Return how long ago the lease that was renewed longest ago was renewed, by the database's clock."""
    left = type_coerce(func.min(Batch.lease_until), Integer) - type_coerce(db_now(), Integer)
    held = select(left).where(Batch.done_at.is_(None), Batch.owner != "")
    seconds = session.scalar(held)
    return 0.0 if seconds is None else max(config.send.lease_seconds - seconds / 1_000_000, 0.0)
