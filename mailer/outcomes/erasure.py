"""Erasing people on their wish."""

import json
import re
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
    Deed,
    Delivery,
    Mailing,
    Notice,
    Outcome,
    Reason,
    Signup,
    Subscriber,
)
from mailer.tokens import Keys

# Outcomes whose detail is what another server wrote.
FROM_OUTSIDE = ("bounced", "complained", "refused")
REST = "rest"
# A shorter name is in many words.
SHORTEST = 3


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
    letters, signups = forget_traces(session, keys, subscriber, why=suppression.ERASED)
    return Receipt(clock.now(), len(titles), letters, signups, already=False)


def forget_traces(session: Session, keys: Keys, subscriber: Subscriber, *, why: str) -> tuple[int, int]:
    """Blank a person and everything that was written to or by them; return the number of letters and of sign-ups.

    What is queued to them is left out with this reason. SQLite and its write-ahead log are wiped by
    Store.wipe(), which whoever opened the transaction calls after it.
    """
    # Their former addresses are in their letters.
    known_by = hashes_of(session, subscriber)
    said = _Said(session, subscriber)
    signups = _forget_signups(session, keys, known_by)
    letters = _forget(session, subscriber, why)
    said.forget(session)
    return letters, signups


def _forget(session: Session, subscriber: Subscriber, why: str) -> int:
    """Blank the person and everything that was written to them; return the number of letters."""
    events.take_back(session, Delivery.subscriber_id == subscriber.id, why)
    letters = _forget_letters(session, Delivery, Delivery.subscriber_id == subscriber.id, "mailing")
    # The domain of few is the name of one.
    changed(session, update(Delivery).where(Delivery.subscriber_id == subscriber.id).values(route=REST))
    notices = Notice.subscriber_id == subscriber.id
    out = {"state": "left_out", "why": why, "final_at": clock.now(), "next_at": None}
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


def _forget_signups(session: Session, keys: Keys, known_by: set[str]) -> int:
    """Remove this person's sign-ups; those not yet handled are known by what was typed only."""
    fresh = session.execute(select(Signup.id, Signup.address).where(Signup.handled_at.is_(None)))
    typed = [row.id for row in fresh if _hash(keys, row.address) in known_by]
    return changed(
        session,
        delete(Signup).where(or_(Signup.address_hash.in_(known_by), Signup.id.in_(typed))),
    )


def hashes_of(session: Session, subscriber: Subscriber) -> set[str]:
    """Return the hashes of the addresses this person has and had."""
    found = {subscriber.address_hash}
    for table in (Delivery, Notice):
        found.update(session.scalars(select(table.address_hash).where(table.subscriber_id == subscriber.id).distinct()))
    return found - {""}


class _Said:
    """What others wrote of a person: staff in a consent or a note, relays in why a mailing stands still."""

    def __init__(self, session: Session, subscriber: Subscriber) -> None:
        letters = (select(table.address).where(table.subscriber_id == subscriber.id) for table in (Delivery, Notice))
        words = {subscriber.address, subscriber.name, *(each for one in letters for each in session.scalars(one))}
        # The longest first: a name may be a part of the address.
        known = sorted((re.escape(word) for word in words if len(word) >= SHORTEST), key=len, reverse=True)
        self._words = re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", re.IGNORECASE) if known else None
        self._subscriber_id = subscriber.id

    def forget(self, session: Session) -> None:
        """Put three dots in the place of every address and name of theirs."""
        if self._words is None:
            return
        for row in consent.history(session, self._subscriber_id):
            row.words, row.actor = self._hidden(row.words), self._hidden(row.actor)
        for mailing in session.scalars(select(Mailing).where(Mailing.why != "")):
            mailing.why = self._hidden(mailing.why)
        for deed in session.scalars(select(Deed).where(Deed.subject == f"reader {self._subscriber_id}")):
            deed.note = self._hidden(deed.note)
            deed.detail = json.loads(self._hidden(json.dumps(deed.detail, ensure_ascii=False)))
        session.flush()

    def _hidden(self, text: str) -> str:
        assert self._words is not None
        return self._words.sub("…", text)


def _hash(keys: Keys, typed: str) -> str:
    try:
        return keys.address_hash(address.parse(typed).key)
    except BadInput:
        return ""
