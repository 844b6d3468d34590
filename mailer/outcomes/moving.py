"""A reader's new address: asked for on their own page, confirmed by a mail to the new one, told to the old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.address import Address
from mailer.compose import daywords
from mailer.config import Config
from mailer.errors import BadInput, Refused
from mailer.mailing import links, notices
from mailer.mailing.links import Links
from mailer.outcomes import erasure, events
from mailer.people import consent, limits, signups, subscribers, subscriptions, suppression
from mailer.people.rows import changed
from mailer.store.tables import Delivery, MailingList, Notice, Subscriber, Subscription
from mailer.tokens import Keys

ACTOR = "new address"
# Kinds of notices: to the new address, which has to answer it, and to the old one, when it is done.
CONFIRM, TOLD = "move", "moved"
LINK_HOURS = 24
OPEN, MOVED, GONE = "open", "moved", "gone"
# Why a person who was known twice has ended once.
JOINED = "moved to another address"


@dataclass(frozen=True)
class Move:
    """Where the link to a new address stands, with both addresses masked: open, moved (done), or gone."""

    state: str
    old: str = ""
    new: str = ""


def ask(session: Session, config: Config, keys: Keys, subscriber_id: int, text: str) -> Address:
    """Write to the new address and ask whether it is the reader's; nothing is changed before that is answered.

    It is done alike whether the new address is known here, suppressed or neither: the sender looks at
    suppression, as for every notice. BadInput for no address, Refused for too many in a day.
    """
    subscriber = subscribers.take_turn(session, subscriber_id)
    new = address.parse(text)
    if new.key == subscriber.address_key:
        raise BadInput("is the address we write to already", place="address", cure="write the new one")
    if limits.is_role(new):
        raise BadInput("is nobody's own address", place="address", cure="write one that only you read")
    allowed: dict[str, Any] = {"allowed": signups.LINKS_DAY, "per": limits.DAY}
    if not limits.draw(session, limits.MOVE, f"reader {subscriber_id}", **allowed):
        raise Refused("the address was to be changed too often today", cure="try again tomorrow")
    # Whoever lives there must not get more of these mails than of any other; nobody is told that it was enough.
    if limits.draw(session, limits.MOVE, keys.address_hash(limits.mailbox(new)), **allowed):
        _write(session, config, keys, subscriber, new)
    return new


def look(session: Session, subscriber_id: int, minute: int, notice_id: int) -> Move:
    """Say where this link stands; changes nothing."""
    subscriber = session.get(Subscriber, subscriber_id)
    new = _asked(session, subscriber_id, notice_id)
    if subscriber is None or subscriber.erased_at or new is None:
        return Move(GONE)
    if new.key == subscriber.address_key:
        return Move(MOVED, new=address.mask(new.spelled))
    late = clock.now() >= links.moment(minute) + timedelta(hours=LINK_HOURS)
    if late or _asked_again(session, subscriber_id, notice_id):
        return Move(GONE)
    return Move(OPEN, address.mask(subscriber.address), address.mask(new.spelled))


def move(
    session: Session, config: Config, keys: Keys, numbers: tuple[int, int, int], *, page: str, network: str
) -> Move:
    """Write to the new address from now on; pressing twice is no error. Refused while it is suppressed for all.

    If somebody with the new address is known already, it is the same person, who reads both mailboxes: their
    subscriptions are joined. Of the old address stays, as a hash, that no file may bring it back.
    """
    subscriber = events.hold_still(session, numbers[0])
    found = look(session, *numbers)
    new = _asked(session, numbers[0], numbers[2])
    if found.state != OPEN or new is None:
        return found
    if suppression.is_suppressed(session, keys.address_hash(new.key), for_mailings=False):
        raise Refused("we were told not to write to this address", cure="write to us from it, and we will")
    old = address.parse(subscriber.address)
    where = {"page": page, "network": network, "actor": ACTOR}
    other = subscribers.find(session, new.spelled)
    _follow_wishes(session, keys, subscriber, old, new)
    person = _join(session, keys, subscriber, other, where) if other else _rename(session, keys, subscriber, new, where)
    _tell(session, config, keys, person, old, new)
    return Move(MOVED, found.old, found.new)


def _write(session: Session, config: Config, keys: Keys, subscriber: Subscriber, new: Address) -> None:
    now = clock.now()
    facts = {
        "address": address.mask(subscriber.address),
        "asked_at": daywords.moment(now, subscriber.language, config.site.zone),
        "hours": str(LINK_HOURS),
    }
    notice = notices.to_address(
        session, keys, CONFIRM, new, language=subscriber.language, facts=facts, urls={},
        list_id=_list_of(session, subscriber.id),
    )  # fmt: skip
    notice.subscriber_id = subscriber.id
    # The letter is what remembers the new address: its link names it.
    notice.links = {"confirm": Links(config.site.base_url, keys).move(subscriber.id, now, notice.id)}
    session.flush()


def _tell(session: Session, config: Config, keys: Keys, person: Subscriber, old: Address, new: Address) -> None:
    facts = {
        "address": address.mask(new.spelled),
        "asked_at": daywords.moment(clock.now(), person.language, config.site.zone),
    }
    notice = notices.to_address(
        session, keys, TOLD, old, language=person.language, facts=facts, urls={},
        list_id=_list_of(session, person.id),
    )  # fmt: skip
    notice.subscriber_id = person.id
    session.flush()


def _asked(session: Session, subscriber_id: int, notice_id: int) -> Address | None:
    """Return the address the notice of this link was written to; None if it is forgotten, or not this person's."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.kind != CONFIRM or notice.subscriber_id != subscriber_id or not notice.address:
        return None
    return address.parse(notice.address)


def _asked_again(session: Session, subscriber_id: int, notice_id: int) -> bool:
    """Say whether the person wanted another address since."""
    later = select(func.max(Notice.id)).where(Notice.subscriber_id == subscriber_id, Notice.kind == CONFIRM)
    return (session.scalar(later) or 0) > notice_id


def _list_of(session: Session, subscriber_id: int) -> int | None:
    """Return a list the person gets: its sender is one they know."""
    for one, mlist in subscriptions.of_person(session, subscriber_id):
        if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED):
            return mlist.id
    return None


def _follow_wishes(session: Session, keys: Keys, subscriber: Subscriber, old: Address, new: Address) -> None:
    """Let suppression follow the person: what they agreed to begins at the new address, what they left stays left."""
    gets = _list_of(session, subscriber.id) is not None
    new_hash = keys.address_hash(new.key)
    if gets:
        suppression.lift_hash(session, new_hash, why="confirmed anew", scope=suppression.MAILINGS)
    elif any(row.reason == suppression.LEFT_EVERYTHING for row in suppression.find(session, keys, old.key)):
        suppression.suppress_hash(
            session, new_hash, scope=suppression.MAILINGS, reason=suppression.LEFT_EVERYTHING, origin=ACTOR
        )
    suppression.suppress(session, keys, old.key, scope=suppression.MAILINGS, reason=JOINED, origin=ACTOR)


def _rename(session: Session, keys: Keys, subscriber: Subscriber, new: Address, where: Mapping[str, Any]) -> Subscriber:
    subscribers.readdress(session, keys, subscriber, new)
    for one, _ in subscriptions.of_person(session, subscriber.id):
        if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED):
            consent.record(session, one, consent.CONFIRMED, words=_words(session, one), **where)
    # What waits to be sent goes to the new address too; what a sender holds already may go to the old one.
    theirs = (Delivery.subscriber_id == subscriber.id, Delivery.state.in_(("queued", "waiting")))
    for row in session.scalars(select(Delivery).where(*theirs).with_for_update()).all():
        facts = row.facts | ({"address": new.spelled} if "address" in row.facts else {})
        to = {"address": new.spelled, "address_hash": subscriber.address_hash, "facts": facts}
        changed(session, update(Delivery).where(Delivery.id == row.id, *theirs).values(**to))
    return subscriber


def _join(
    session: Session, keys: Keys, subscriber: Subscriber, other: Subscriber, where: Mapping[str, Any]
) -> Subscriber:
    """Give ``other`` what the subscriber gets, and forget the subscriber; old leave links go on working."""
    subscribers.take_turn(session, other.id)
    for one, mlist in subscriptions.of_person(session, subscriber.id):
        if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED):
            _hand_over(session, one, mlist, other, where)
    missing = {name: value for name, value in subscriber.attributes.items() if not other.attributes.get(name)}
    subscribers.change(session, other, name=other.name or subscriber.name, attributes=missing)
    events.end_every(session, subscriber.id, why=JOINED, actor=ACTOR, network=where["network"])
    erasure.forget_traces(session, keys, subscriber, why=events.LEFT_MEANWHILE)
    # From now on the old links stand for this address: subscriptions.need() finds what it has.
    subscriber.address_hash = other.address_hash
    session.flush()
    return other


def _hand_over(
    session: Session, one: Subscription, mlist: MailingList, other: Subscriber, where: Mapping[str, Any]
) -> None:
    asked = subscriptions.ask(session, other, mlist, words=_words(session, one), **where)
    if asked.state != subscriptions.PENDING:
        return
    subscriptions.confirm(session, [asked], **where)
    asked.frequency = one.frequency
    if one.paused_until and one.paused_until > clock.now():
        subscriptions.pause(session, asked, one.paused_until)
    session.flush()


def _words(session: Session, one: Subscription) -> str:
    """Return the words this person agreed to last for this list."""
    history = consent.history(session, one.subscriber_id)
    said = [row.words for row in history if row.list_id == one.list_id and row.words]
    return said[-1] if said else ""
