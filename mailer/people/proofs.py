"""What may be used once: the moment a form was shown, a proof of work, a wait."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mailer import clock
from mailer.people.rows import changed, insert_new
from mailer.store.tables import Proof


def name_of(token: str) -> str:
    """Return the short name a token is remembered by."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def spend(session: Session, names: Sequence[str]) -> bool:
    """Use these up; False if one of them was used before, by whichever process."""
    return all(insert_new(session, Proof, {"id": name, "at": clock.now()}) for name in names)


def is_spent(session: Session, name: str) -> bool:
    """Say whether this was used up before."""
    return session.get(Proof, name) is not None


def forget(session: Session, before: datetime) -> int:
    """Forget what was used before this moment and is too old to be used again; return how many."""
    return changed(session, delete(Proof).where(Proof.at < before))
