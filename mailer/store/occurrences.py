"""Runs of recurring duties, each claimed once by its local time, by whichever process comes first."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store.tables import Occurrence


def claim(session: Session, duty: str, local_time: str) -> bool:
    """Take one occurrence of a duty; False if it was taken before."""
    if session.get(Occurrence, (duty, local_time)) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Occurrence(duty=duty, local_time=local_time, begun_at=clock.now(), said=""))
    except IntegrityError:
        return False
    return True


def done(session: Session, duty: str, local_time: str, said: str) -> None:
    """Note that a claimed occurrence ended, and what it did."""
    row = session.get_one(Occurrence, (duty, local_time))
    row.done_at, row.said = clock.now(), said
