"""Erasing people on their wish."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.errors import BadInput
from mailer.outcomes import events
from mailer.people import consent, limits, subscribers, suppression
from mailer.people.rows import changed
from mailer.store.tables import (
    Attempt,
    Delivery,
    Notice,
    Outcome,
    Reason,
    Signup,
    Subscriber,
)
from mailer.tokens import Keys

# Outcomes whose detail is what another server wrote.
FROM_OUTSIDE = ("bounced", "complained", "refused")


@dataclass(frozen=True)
class Receipt:
    """What was erased, and when: shown to the person, who has no address here any more."""

    at: datetime
    lists: int
    letters: int
    signups: int
    already: bool


def erase(session: Session, keys: Keys, subscriber_id: int, *, actor: str) -> Receipt:
    """Remove everything that says who this person was, and never write to them until they come back.

    What stays: when they agreed and took it back, the sums of mailings, and the keyed hash of the address.
    Erasing twice is no error. NotFound if there never was such a person.
    """
    subscriber = events.hold_still(session, subscriber_id)
    if subscriber.erased_at:
        return Receipt(subscriber.erased_at, 0, 0, 0, already=True)
    titles = events.end_every(session, subscriber_id, why=suppression.ERASED, actor=actor)
    limits.give_back(session, keys, address.parse(subscriber.address))
    suppression.lift_hash(session, subscriber.address_hash, why="erased", scope=suppression.MAILINGS)
    suppression.suppress_hash(
        session,
        subscriber.address_hash,
        scope=suppression.MAILINGS,
        reason=suppression.ERASED,
        origin=actor,
    )
    signups = _forget_signups(session, keys, subscriber)
    letters = _forget(session, subscriber)
    return Receipt(clock.now(), len(titles), letters, signups, already=False)


def _forget(session: Session, subscriber: Subscriber) -> int:
    """Blank the person and everything that was written to them; return the number of letters."""
    events.take_back(session, Delivery.subscriber_id == subscriber.id, suppression.ERASED)
    letters = _forget_letters(session, Delivery, Delivery.subscriber_id == subscriber.id, "mailing")
    notices = Notice.subscriber_id == subscriber.id
    out = {"state": "left_out", "why": suppression.ERASED, "final_at": clock.now(), "next_at": None}
    changed(session, update(Notice).where(notices, Notice.state.in_(("queued", "waiting"))).values(**out))
    letters += _forget_letters(session, Notice, notices, "notice")
    changed(session, update(Notice).where(Notice.subscriber_id == subscriber.id).values(name="", links={}))
    changed(
        session,
        update(Outcome).where(Outcome.subscriber_id == subscriber.id, Outcome.kind.in_(FROM_OUTSIDE)).values(detail=""),
    )
    left = select(Outcome.id).where(Outcome.subscriber_id == subscriber.id)
    changed(session, update(Reason).where(Reason.outcome_id.in_(left)).values(words=""))
    consent.forget_person(session, subscriber.id)
    subscribers.blank(session, subscriber)
    return letters


def _forget_letters(
    session: Session, table: type[Delivery] | type[Notice], whose: ColumnElement[bool], lane: str
) -> int:
    # Relays like to repeat the address in their answers.
    changed(
        session,
        update(Attempt).where(Attempt.lane == lane, Attempt.row_id.in_(select(table.id).where(whose))).values(text=""),
    )
    return changed(session, update(table).where(whose).values(address="", facts={}, reply_text=""))


def _forget_signups(session: Session, keys: Keys, subscriber: Subscriber) -> int:
    """Remove this person's sign-ups; those not yet handled are known by what was typed only."""
    fresh = session.execute(select(Signup.id, Signup.address).where(Signup.handled_at.is_(None)))
    typed = [row.id for row in fresh if _hash(keys, row.address) == subscriber.address_hash]
    return changed(
        session,
        delete(Signup).where(or_(Signup.address_hash == subscriber.address_hash, Signup.id.in_(typed))),
    )


def _hash(keys: Keys, typed: str) -> str:
    try:
        return keys.address_hash(address.parse(typed).key)
    except BadInput:
        return ""
