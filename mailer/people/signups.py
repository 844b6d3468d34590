"""Sign-ups: what is typed into the form is kept at once; what follows is found out later, by mail only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.config import Config
from mailer.errors import BadInput
from mailer.people import breaker, cleaning, consent, limits, offers, subscribers, subscriptions, suppression
from mailer.people.rows import is_alone
from mailer.store.tables import MailingList, Signup, Subscriber
from mailer.tokens import Keys

SUBSCRIBE = "subscribe"
LINK = "link"
CONFIRM = "confirm"
ALREADY = "already"

# Results, as the desk shows them.
ASKED_TO_CONFIRM = "asked to confirm"
TOLD_ALREADY = "told they have it already"
SENT_LINK = "sent the link to their choices"
NOT_AN_ADDRESS = "not an address"
ROLE_ADDRESS = "nobody's own address"
SUPPRESSED = "suppressed"
NO_LIST = "no such list"
UNKNOWN = "unknown address"
JOINED = "joins the confirm mail sent before"
TOO_MANY_MAILS = "too many mails to this address"
TOO_MANY_TO_DOMAIN = "too many mails to this domain"
TOO_MANY_SIGNUPS = "too many sign-ups from this network"
# What may be counted as a sign-up somebody could confirm.
COUNTED = (ASKED_TO_CONFIRM, JOINED, TOO_MANY_MAILS, TOO_MANY_TO_DOMAIN, SUPPRESSED)

LINKS_DAY = 3
# Nobody else uses it: one process at a time takes sign-ups, so that its limits hold.
TAKING = 0x5167


@dataclass(frozen=True)
class Followup:
    """The notice that follows a sign-up; ``asked_at`` and the person sign its link."""

    kind: str
    subscriber_id: int
    list_ids: tuple[int, ...]
    asked_at: datetime
    page: str
    network: str


def is_welcome(session: Session, config: Config, network: str, domain: str = "") -> bool:
    """Say whether this network, and this receiving domain (by its hash), may sign up once more within this hour.

    The door asks before it writes. Whether one address is known makes no difference.
    """
    since = clock.now() - limits.HOUR
    used = limits.count(session, limits.SIGN_UP, limits.network(network), since)
    return used < config.signup.per_network_hour and (not domain or limits.has_room(session, config, domain))


def write(
    session: Session,
    *,
    address_text: str,
    lists: Sequence[str],
    name: str = "",
    language: str = "",
    attributes: Mapping[str, str] | None = None,
    page: str = "",
    network: str = "",
    words: str = "",
    often: Mapping[str, str] | None = None,
    wish: str = SUBSCRIBE,
) -> Signup:
    """Keep what was typed, whatever it is, and count the network; takes the same time for everybody.

    BadInput only for ``often``, which no stranger types: it comes from a reader's own page.
    """
    for frequency in (often or {}).values():
        offers.must_be_frequency(frequency)
    row = Signup(
        address=cleaning.one_line(address_text, 320),
        lists=[cleaning.one_line(one, 60) for one in lists][:50],
        name=cleaning.one_line(name, subscribers.NAME_LETTERS),
        language=cleaning.language(language),
        attributes=subscribers.values(attributes or {}),
        page=cleaning.one_line(page, 500),
        network=limits.network(network),
        words=cleaning.lines(words),
        often=dict(often or {}),
        wish=wish if wish in (SUBSCRIBE, LINK) else SUBSCRIBE,
        at=clock.now(),
    )
    session.add(row)
    if row.network:
        limits.hit(session, limits.SIGN_UP, row.network)
    session.flush()
    return row


def take(session: Session, keys: Keys, config: Config, limit: int = 50) -> list[Followup]:
    """Handle open sign-ups, oldest first, and return the notices that follow from them.

    A handled row keeps its lists, its result and the keyed hash; what was typed is removed from it. One process at
    a time does this: two that count at once would both find room for the last mail.
    """
    if not is_alone(session, TAKING):
        return []
    rows = session.scalars(
        select(Signup)
        .where(Signup.handled_at.is_(None))
        .order_by(Signup.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    followups = []
    for row in rows:
        row.result, followup = _judge(session, keys, config, row)
        row.handled_at = clock.now()
        row.address = row.name = row.network = row.page = ""
        row.attributes = {}
        if followup:
            followups.append(followup)
    session.flush()
    return followups


def some_wait(session: Session) -> bool:
    """Say whether there are sign-ups nobody has taken yet."""
    return session.scalar(select(Signup.id).where(Signup.handled_at.is_(None)).limit(1)) is not None


def _judge(session: Session, keys: Keys, config: Config, row: Signup) -> tuple[str, Followup | None]:
    since = row.at - limits.HOUR
    if limits.count(session, limits.SIGN_UP, row.network, since, row.at) > config.signup.per_network_hour:
        return TOO_MANY_SIGNUPS, None
    try:
        mailbox = address.parse(row.address)
    except BadInput:
        return NOT_AN_ADDRESS, None
    if limits.is_role(mailbox):
        return ROLE_ADDRESS, None
    row.address_hash = keys.address_hash(mailbox.key)
    held = suppression.is_suppressed(session, row.address_hash, for_mailings=False)
    if row.wish == LINK:
        return (SUPPRESSED, None) if held else _send_link(session, keys, row, mailbox)
    mlists = _open_lists(session, row.lists)
    if not mlists:
        return NO_LIST, None
    result, followup = (SUPPRESSED, None) if held else _subscribe(session, keys, config, row, mailbox, mlists)
    if result in COUNTED:
        names = [mlist.name for mlist in mlists]
        breaker.note_asked(session, names, keys.address_hash(limits.mailbox(mailbox)))
    return result, followup


def _send_link(session: Session, keys: Keys, row: Signup, mailbox: address.Address) -> tuple[str, Followup | None]:
    subscriber = subscribers.find(session, mailbox.spelled)
    # Who never agreed to anything gets the confirm mail and no other: anybody can sign up anybody.
    if subscriber is None or not consent.has_agreed(session, subscriber.id):
        return UNKNOWN, None
    subject = keys.address_hash(limits.mailbox(mailbox))
    if not limits.draw(session, limits.LINK, subject, allowed=LINKS_DAY, per=limits.DAY):
        return TOO_MANY_MAILS, None
    return SENT_LINK, _followup(row, LINK, subscriber, ())


def _subscribe(
    session: Session,
    keys: Keys,
    config: Config,
    row: Signup,
    mailbox: address.Address,
    mlists: Sequence[MailingList],
) -> tuple[str, Followup | None]:
    subscriber = subscribers.find(session, mailbox.spelled)
    has, waits = _has(session, subscriber)
    wanted = [mlist for mlist in mlists if mlist.id not in has]
    subject = keys.address_hash(limits.mailbox(mailbox))
    if subscriber and not wanted:
        if not limits.draw(session, limits.ALREADY, subject, allowed=1, per=limits.DAY):
            return TOO_MANY_MAILS, None
        return TOLD_ALREADY, _followup(row, ALREADY, subscriber, mlists)
    domain = limits.domain_name(keys, mailbox.domain)
    if not limits.draw_confirm(session, config, subject, row.address_hash, domain):
        if subscriber is None or not waits:
            has_room = limits.has_room(session, config, domain)
            return TOO_MANY_MAILS if has_room else TOO_MANY_TO_DOMAIN, None
        # The page behind the letter that is there already offers these too.
        _ask(session, subscriber, [mlist for mlist in wanted if mlist.id not in waits], row, clock.now())
        return JOINED, None
    facts = _facts(config, row, mlists[0])
    subscriber = subscriber or subscribers.find_or_make(session, keys, mailbox)
    if not has:
        # Who gets nothing yet may say anew who they are; whoever gets something says so on their own page.
        subscribers.change(session, subscriber, **facts)
    now = clock.now()
    _ask(session, subscriber, wanted, row, now)
    # One letter for all that waits: its link names the person and the moment, and confirms what was asked until then.
    named = [*wanted, *(mlist for mlist in waits.values() if mlist not in wanted)]
    return ASKED_TO_CONFIRM, _followup(row, CONFIRM, subscriber, named, now)


def _ask(session: Session, subscriber: Subscriber, wanted: Sequence[MailingList], row: Signup, now: datetime) -> None:
    for mlist in wanted:
        words = row.words.replace("{list}", mlist.title)
        where = {"page": row.page, "network": row.network, "actor": "form"}
        asked = subscriptions.ask(session, subscriber, mlist, words=words, at=now, **where)
        if mlist.name in row.often and asked.state == subscriptions.PENDING:
            subscriptions.write_how_often(session, asked.id, row.often[mlist.name])


def _open_lists(session: Session, names: Sequence[str]) -> list[MailingList]:
    found = session.scalars(
        select(MailingList)
        .where(MailingList.name.in_(names), MailingList.closed_at.is_(None), MailingList.open_signup)
        .order_by(MailingList.id)
    )
    return list(found)


def _has(session: Session, subscriber: Subscriber | None) -> tuple[set[int], dict[int, MailingList]]:
    """Return the lists this person gets, or will get again after a pause, and those they have not confirmed yet."""
    found = subscriptions.of_person(session, subscriber.id) if subscriber else []
    has = {one.list_id for one, _ in found if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED)}
    waits = {
        one.list_id: mlist for one, mlist in found if one.state == subscriptions.PENDING and mlist.closed_at is None
    }
    return has, waits


def _facts(config: Config, row: Signup, mlist: MailingList) -> dict[str, Any]:
    # A stranger's "name" could be an advertisement that our confirm mail would carry to a third person.
    advertises = any(sign in row.name.casefold() for sign in ("://", "www.", "@"))
    return {
        "name": "" if advertises else row.name,
        "language": row.language or mlist.language,
        "attributes": {name: row.attributes.get(name, "") for name in config.people.attributes},
    }


def _followup(
    row: Signup, kind: str, subscriber: Subscriber, mlists: Sequence[MailingList], at: datetime | None = None
) -> Followup:
    list_ids = tuple(mlist.id for mlist in mlists)
    return Followup(kind, subscriber.id, list_ids, at or clock.now(), row.page, row.network)
