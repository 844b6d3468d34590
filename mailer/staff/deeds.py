"""What was done at the desk and by whom; only ever added to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store.tables import Deed

# Of which actions the newest deeds are looked through for suggestions.
RECENT = 1000


@dataclass(frozen=True)
class Wanted:
    """Which deeds are looked for; "" and None leave a thing open. Days are those of ``zone``, both included."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None
    zone: str = "UTC"


def record(
    session: Session, actor: str, action: str, subject: str = "", detail: Mapping[str, object] | None = None
) -> None:
    """Note that ``actor`` did this; in the transaction of what was done, so that neither is without the other."""
    session.add(
        Deed(
            at=clock.now(),
            actor=actor[:120],
            action=action[:60],
            subject=subject[:200],
            detail=dict(detail or {}),
        )
    )
    session.flush()


def latest(session: Session, limit: int = 50, subject: str = "") -> Sequence[Deed]:
    """Return what was done last, newest first; of one subject if it is named."""
    wanted = select(Deed).order_by(Deed.id.desc()).limit(limit)
    return session.scalars(wanted.where(Deed.subject == subject) if subject else wanted).all()


def search(session: Session, wanted: Wanted, limit: int, before: int = 0) -> Sequence[Deed]:
    """Return deeds that are looked for, newest first, older than the one with the number ``before`` if it is given."""
    found = _matching(wanted).order_by(Deed.id.desc()).limit(limit)
    return session.scalars(found.where(Deed.id < before) if before else found).all()


def actions(session: Session) -> Sequence[str]:
    """Return what was done of late, every kind once, by name."""
    recent = select(Deed.action).order_by(Deed.id.desc()).limit(RECENT).subquery()
    return sorted(session.scalars(select(recent.c.action).distinct()))


def _matching(wanted: Wanted) -> Select[Deed]:
    found = select(Deed)
    if wanted.actor:
        found = found.where(Deed.actor.icontains(wanted.actor, autoescape=True))
    if wanted.action:
        found = found.where(Deed.action.icontains(wanted.action, autoescape=True))
    if wanted.subject:
        # Whole words: "mailing 3" is not "mailing 31".
        padded = literal(" ").concat(Deed.subject).concat(" ")
        found = found.where(padded.icontains(f" {wanted.subject} ", autoescape=True))
    if wanted.since:
        found = found.where(Deed.at >= _midnight(wanted.since, wanted.zone))
    if wanted.until:
        found = found.where(Deed.at < _midnight(wanted.until + timedelta(days=1), wanted.zone))
    return found


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
