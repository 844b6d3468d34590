"""The confirm link: which sign-ups it stands for, and what pressing its button does."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import Refused
from mailer.people import consent, signups, subscriptions
from mailer.store.tables import Consent, MailingList, Signup, Subscriber, Subscription

OPEN = "open"
CONFIRMED = "confirmed"
ALREADY = "already"
EXPIRED = "expired"
GONE = "gone"


@dataclass(frozen=True)
class Asking:
    """What one confirm mail asked: its lists, and whether the link still does something.

    ``state`` is open, confirmed (just now), already (earlier), expired (may be asked for again) or gone.
    """

    state: str
    subscriber: Subscriber | None
    mlists: tuple[MailingList, ...]


def look(session: Session, config: Config, subscriber_id: int, asked_minute: int) -> Asking:
    """Say what the link of this person and minute (since 1970) stands for; changes nothing."""
    return _asking(session, config, subscriber_id, asked_minute)[0]


def confirm(
    session: Session,
    config: Config,
    subscriber_id: int,
    asked_minute: int,
    *,
    page: str = "",
    network: str = "",
) -> Asking:
    """Make the lists named in that mail active; pressing twice is no error.

    Refused while the address is suppressed in scope ``all``.
    """
    asking, pending = _asking(session, config, subscriber_id, asked_minute)
    if asking.state != OPEN:
        return asking
    moved = {one.list_id for one in subscriptions.confirm(session, pending, page=page, network=network)}
    mlists = tuple(mlist for mlist in asking.mlists if mlist.id in moved)
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
    rows = _named_in_mail(session, subscriber_id, asked_minute)
    subscriber = session.get(Subscriber, subscriber_id)
    pending = [one for one, _ in rows if one.state == subscriptions.PENDING]
    running = [one for one, _ in rows if one.state in (subscriptions.ACTIVE, subscriptions.PAUSED)]
    too_late = clock.now() > consent.minute_end(asked_minute) + timedelta(days=config.signup.link_days)
    if subscriber is None or subscriber.erased_at or not (pending or running):
        return Asking(GONE, None, ()), []
    chosen = pending or running
    state = (EXPIRED if too_late else OPEN) if pending else ALREADY
    mlists = tuple(mlist for one, mlist in rows if one in chosen)
    return Asking(state, subscriber, mlists), pending


def _named_in_mail(session: Session, subscriber_id: int, asked_minute: int) -> list[tuple[Subscription, MailingList]]:
    """Return the subscriptions asked for in that minute, unless they ended and were asked for again since."""
    asked = (
        select(Consent.list_id)
        .where(
            Consent.subscriber_id == subscriber_id,
            Consent.kind == consent.ASKED,
            Consent.at >= consent.minute_end(asked_minute - 1),
            Consent.at < consent.minute_end(asked_minute),
            Consent.at >= Subscription.asked_at,
        )
        .correlate(Subscription)
    )
    rows = session.execute(
        select(Subscription, MailingList)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(
            Subscription.subscriber_id == subscriber_id,
            Subscription.list_id.in_(asked),
            MailingList.closed_at.is_(None),
        )
        .order_by(MailingList.title, MailingList.id)
        .execution_options(populate_existing=True)
    )
    return [(subscription, mlist) for subscription, mlist in rows]
