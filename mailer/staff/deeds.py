"""What was done at the desk and by whom; only ever added to."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store.tables import Deed


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
