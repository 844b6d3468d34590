"""The confirm link: which sign-ups it stands for, and what pressing its button does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import Refused
from mailer.people import consent, signups, subscriptions
from mailer.store.tables import MailingList, Signup, Subscriber, Subscription

OPEN = "open"
CONFIRMED = "confirmed"
ALREADY = "already"
EXPIRED = "expired"
GONE = "gone"


@dataclass(frozen=True)
class Asking:
    """What one confirm mail asked: its lists, and whether the link still does something.

    ``state`` is open, confirmed (just now), already (earlier), expired (may be asked for again) or gone. ``others``
    were asked for after the letter: whoever holds it may have them too, if they say so.
    """

    state: str
    subscriber: Subscriber | None
    mlists: tuple[MailingList, ...]
    others: tuple[MailingList, ...] = ()


def look(session: Session, config: Config, subscriber_id: int, asked_minute: int) -> Asking:
    """Say what the link of this person and minute (since 1970) stands for; changes nothing."""
    return _asking(session, config, subscriber_id, asked_minute)[0]


def confirm(
    session: Session,
    config: Config,
    subscriber_id: int,
    asked_minute: int,
    *,
    also: Sequence[str] = (),
    page: str = "",
    network: str = "",
) -> Asking:
    """Make the lists named in that mail active, and ``also`` those of the others; pressing twice is no error.

    Refused while the address is suppressed in scope ``all``.
    """
    asking, pending = _asking(session, config, subscriber_id, asked_minute)
    if asking.state != OPEN or asking.subscriber is None:
        return asking
    chosen = {mlist.id for mlist in asking.others if mlist.name in also}
    wanted = [one for one in pending if one.list_id in {mlist.id for mlist in asking.mlists} | chosen]
    moved = {one.list_id for one in subscriptions.confirm(session, wanted, page=page, network=network)}
    mlists = tuple(mlist for mlist in (*asking.mlists, *asking.others) if mlist.id in moved)
    return Asking(CONFIRMED if moved else ALREADY, asking.subscriber, mlists or asking.mlists)


def ask_again(
    session: Session, config: Config, subscriber_id: int, asked_minute: int, *, page: str, network: str
) -> Signup:
    """Sign the person up anew for the lists of an expired link, so that nothing is typed twice."""
    asking, _ = _asking(session, config, subscriber_id, asked_minute)
    if asking.state != EXPIRED or asking.subscriber is None:
        raise Refused("this link cannot be renewed", cure="subscribe anew")
    asked = consent.last(session, subscriber_id, asking.mlists[0].id, consent.ASKED)
    return signups.write(
        session,
        address_text=asking.subscriber.address,
        lists=[mlist.name for mlist in asking.mlists],
        name=asking.subscriber.name,
        language=asking.subscriber.language,
        attributes=asking.subscriber.attributes,
        page=page,
        network=network,
        words=asked.words if asked else "",
    )


def _asking(
    session: Session, config: Config, subscriber_id: int, asked_minute: int
) -> tuple[Asking, list[Subscription]]:
    begin, end = consent.minute_end(asked_minute - 1), consent.minute_end(asked_minute)
    # The first asking of that minute wrote the letter; what came after it waits for the next one.
    written = consent.first_asked(session, subscriber_id, begin, end) or begin
    rows = [(one, mlist) for one, mlist in subscriptions.of_person(session, subscriber_id) if mlist.closed_at is None]
    subscriber = session.get(Subscriber, subscriber_id)
    # The letter named everything that waited then; what ended and was asked for again since is another asking.
    waiting = [(one, mlist) for one, mlist in rows if one.state == subscriptions.PENDING]
    named = tuple(mlist for one, mlist in waiting if one.asked_at <= written)
    since = tuple(
        mlist
        for one, mlist in rows
        if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED)
        and one.asked_at < end
        and one.confirmed_at
        and one.confirmed_at >= begin
    )
    too_late = clock.now() > end + timedelta(days=config.signup.link_days)
    if subscriber is None or subscriber.erased_at or not (named or since):
        return Asking(GONE, None, ()), []
    state = (EXPIRED if too_late else OPEN) if named else ALREADY
    others = tuple(mlist for _, mlist in waiting if mlist not in named) if state == OPEN else ()
    return Asking(state, subscriber, named or since, others), [one for one, _ in waiting]
