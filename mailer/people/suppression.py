"""Addresses we must not write to, known by their keyed hash."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput
from mailer.people.cleaning import one_line
from mailer.people.rows import changed, insert_new
from mailer.store.tables import Suppression
from mailer.tokens import Keys

ALL = "all"
MAILINGS = "mailings"

LEFT_EVERYTHING = "left everything"
ERASED = "erased"
NOT_ME = "not me"
MAILBOX_GONE = "mailbox gone"
COMPLAINED = "complained"
BY_OPERATOR = "by the operator"


def suppress(session: Session, keys: Keys, address_key: str, *, scope: str, reason: str, origin: str = "") -> None:
    """Write to this address no more; if it is suppressed in this scope already, the first reason stays."""
    suppress_hash(session, keys.address_hash(address_key), scope=scope, reason=reason, origin=origin)


def suppress_hash(session: Session, address_hash: str, *, scope: str, reason: str, origin: str = "") -> None:
    """Do the same for an address known by its hash only."""
    row = {
        "address_hash": address_hash,
        "scope": scope,
        "reason": one_line(reason, 60),
        "origin": one_line(origin, 200),
        "made_at": clock.now(),
    }
    insert_new(session, Suppression, row)


def lift(session: Session, keys: Keys, address_key: str, *, why: str, scope: str | None = None) -> int:
    """Allow this address again, in one scope or in every one; return how many rows; BadInput without a reason."""
    return lift_hash(session, keys.address_hash(address_key), why=why, scope=scope)


def lift_hash(session: Session, address_hash: str, *, why: str, scope: str | None = None) -> int:
    """Do the same for an address known by its hash only."""
    words = one_line(why, 200)
    if not words:
        raise BadInput("is empty", place="why", cure="write down why this address may be written to again")
    lifting = update(Suppression).where(Suppression.address_hash == address_hash, Suppression.lifted_at.is_(None))
    if scope is not None:
        lifting = lifting.where(Suppression.scope == scope)
    return changed(session, lifting.values(lifted_at=clock.now(), lifted_why=words))


def find(session: Session, keys: Keys, address_key: str) -> Sequence[Suppression]:
    """Return the rows that hold for this address now."""
    return find_hash(session, keys.address_hash(address_key))


def find_hash(session: Session, address_hash: str) -> Sequence[Suppression]:
    """Return the rows that hold for this hash now."""
    return session.scalars(
        select(Suppression)
        .where(Suppression.address_hash == address_hash, Suppression.lifted_at.is_(None))
        .order_by(Suppression.id)
    ).all()


def is_suppressed(session: Session, address_hash: str, *, for_mailings: bool) -> bool:
    """Say whether a mailing, or else a notice the person asked for, must not go to this address."""
    return any(for_mailings or row.scope == ALL for row in find_hash(session, address_hash))
