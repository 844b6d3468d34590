"""Who agreed to which words, when and where, and who took it back; only ever added to."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.people.cleaning import lines, one_line
from mailer.people.limits import neighbourhood
from mailer.people.rows import changed
from mailer.store.tables import EPOCH, Consent, Subscription

ASKED = "asked"
CONFIRMED = "confirmed"
IMPORTED = "imported"
ADDED = "added"
WITHDRAWN = "withdrawn"
UNDONE = "undone"
NOT_ME = "not me"

MINUTE = timedelta(minutes=1)
AT_A_TIME = 500


def minute(at: datetime) -> int:
    """Return the minute since 1970 of a moment: how links say when somebody asked."""
    return (at - EPOCH) // MINUTE


def minute_end(number: int) -> datetime:
    """Return the first moment after this minute."""
    return EPOCH + (number + 1) * MINUTE


def words_version(words: str) -> str:
    """Return the short name of a wording: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def record(
    session: Session,
    subscription: Subscription,
    kind: str,
    *,
    actor: str,
    words: str = "",
    page: str = "",
    network: str = "",
    mailing_id: int | None = None,
    at: datetime | None = None,
) -> Consent:
    """Add one row to the history of this person and list, and return it with its id."""
    tidy = lines(words)
    row = Consent(
        subscriber_id=subscription.subscriber_id,
        list_id=subscription.list_id,
        kind=kind,
        at=at or clock.now(),
        words=tidy,
        words_version=words_version(tidy) if tidy else "",
        page=one_line(page, 500),
        network=one_line(network, 60),
        actor=one_line(actor, 120),
        mailing_id=mailing_id,
    )
    session.add(row)
    session.flush()
    return row


def history(session: Session, subscriber_id: int) -> Sequence[Consent]:
    """Return everything this person agreed to or took back, oldest first."""
    return session.scalars(select(Consent).where(Consent.subscriber_id == subscriber_id).order_by(Consent.id)).all()


def last(session: Session, subscriber_id: int, list_id: int, kind: str) -> Consent | None:
    """Return the newest row of this kind, if there is one."""
    return session.scalars(
        select(Consent)
        .where(Consent.subscriber_id == subscriber_id, Consent.list_id == list_id, Consent.kind == kind)
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()


def has_agreed(session: Session, subscriber_id: int) -> bool:
    """Say whether this person, or a paper of theirs, ever agreed to anything: being signed up is not enough."""
    agreed = select(Consent.id).where(
        Consent.subscriber_id == subscriber_id, Consent.kind.in_((CONFIRMED, IMPORTED, ADDED))
    )
    return session.scalar(agreed.limit(1)) is not None


def first_asked(session: Session, subscriber_id: int, begin: datetime, end: datetime) -> datetime | None:
    """Return when this person was first signed up for something from ``begin`` to before ``end``."""
    return session.scalar(
        select(func.min(Consent.at)).where(
            Consent.subscriber_id == subscriber_id, Consent.kind == ASKED, Consent.at >= begin, Consent.at < end
        )
    )


def shorten_networks(session: Session, before: datetime) -> int:
    """Keep only the neighbourhood of networks in rows older than ``before``; return how many, 0 when all are done."""
    rows = session.execute(
        select(Consent.id, Consent.network)
        .where(
            Consent.at < before,
            Consent.network != "",
            Consent.network.not_like("%/24"),
            Consent.network.not_like("%/48"),
        )
        .limit(AT_A_TIME)
    ).all()
    if rows:
        session.execute(update(Consent), [{"id": row.id, "network": neighbourhood(row.network)} for row in rows])
    return len(rows)


def forget_person(session: Session, subscriber_id: int) -> None:
    """Blank where this person was when they agreed; what they agreed to, and when, stays as proof."""
    changed(session, update(Consent).where(Consent.subscriber_id == subscriber_id).values(network="", page=""))
