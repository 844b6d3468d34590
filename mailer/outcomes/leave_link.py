"""The leave link in every mail: where it leads, what else can be wished for there, and how it is taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.errors import NotFound, Refused
from mailer.outcomes import events
from mailer.people import consent, subscriptions
from mailer.store.tables import MailingList, Subscriber, Subscription

OPEN, LEFT, GONE = "open", "left", "gone"
RUNNING = (subscriptions.ACTIVE, subscriptions.PAUSED)
# Leaving everything ends one subscription after the other, within a moment.
ONE_LEAVING = timedelta(seconds=10)


@dataclass(frozen=True)
class Place:
    """Where a leave link leads: to an open subscription, one that was left, or to nothing we know."""

    state: str
    list_name: str = ""
    list_title: str = ""
    list_language: str = ""
    takes_signups: bool = False
    masked: str = ""
    left_at: datetime | None = None
    can_undo: bool = False
    can_pause: bool = False
    paused_until: datetime | None = None
    runs: bool = False
    frequency: str = subscriptions.EACH
    left_everything: bool = False
    reader_language: str = ""


def look(session: Session, subscription_id: int) -> Place:
    """Say where the link of this subscription leads; the address is masked, for the mail may be forwarded."""
    try:
        subscription = subscriptions.need(session, subscription_id)
    except NotFound:
        return Place(GONE)
    subscriber = session.get_one(Subscriber, subscription.subscriber_id)
    if subscriber.erased_at:
        return Place(GONE)
    mlist = session.get_one(MailingList, subscription.list_id)
    return Place(
        state=LEFT if subscription.state == subscriptions.ENDED else OPEN,
        list_name=mlist.name,
        list_title=mlist.title,
        list_language=mlist.language,
        takes_signups=mlist.open_signup and mlist.closed_at is None,
        masked=address.mask(subscriber.address),
        left_at=subscription.ended_at,
        can_undo=_can_undo(subscription),
        can_pause=subscription.state == subscriptions.ACTIVE,
        paused_until=subscription.paused_until,
        runs=subscription.state in RUNNING,
        frequency=subscription.frequency,
        left_everything=subscription.ended_why == events.LEFT_EVERYTHING,
        reader_language=subscriber.language,
    )


def undo(
    session: Session, subscription_id: int, *, everything: bool, actor: str, network: str = "", mailing_id: int = 0
) -> tuple[str, ...]:
    """Take back leaving one list, or the last leaving of everything; return the titles of what is back.

    Nothing comes back for who gets the mails and never left; undoing twice names the same titles.
    Raises NotFound for an unknown link, Refused where it cannot be undone (any more).
    """
    subscription = subscriptions.need(session, subscription_id)
    chosen = _left_together(session, subscription) if everything else [subscription]
    if chosen == [subscription] and _never_left(session, subscription):
        return ()
    back = []
    for one in chosen:
        try:
            events.undo_leave(session, one.id, actor=actor, network=network, mailing_id=mailing_id)
        except Refused:
            if len(chosen) == 1:
                raise
            continue
        back.append(session.get_one(MailingList, one.list_id).title)
    if not back:
        raise Refused("this cannot be undone", cure="subscribe anew")
    return tuple(back)


def write_how_often(session: Session, subscription_id: int, frequency: str) -> None:
    """Keep how often the reader wants this list; Refused for who does not get it, NotFound for an unknown link.

    Raises BadInput for a frequency that nobody offers.
    """
    subscription = subscriptions.need(session, subscription_id)
    if subscription.state not in RUNNING:
        raise Refused(f"this subscription is {subscription.state}", cure="subscribe anew")
    subscriptions.write_how_often(session, subscription_id, frequency)


def _can_undo(subscription: Subscription) -> bool:
    """Say whether to offer it; the verb that does it looks again, and at suppression too."""
    recently = clock.now() - timedelta(days=events.UNDO_DAYS)
    return bool(
        subscription.ended_at
        and subscription.ended_at > recently
        and subscription.confirmed_at
        and subscription.ended_why not in events.FINAL_REASONS
    )


def _never_left(session: Session, subscription: Subscription) -> bool:
    running = subscription.state in RUNNING
    left = consent.last(session, subscription.subscriber_id, subscription.list_id, consent.WITHDRAWN)
    return running and left is None


def _left_together(session: Session, subscription: Subscription) -> list[Subscription]:
    """Return what ended in this person's last leaving of everything; else just this subscription."""
    ended = [
        one
        for one, _ in subscriptions.of_person(session, subscription.subscriber_id)
        if one.state == subscriptions.ENDED and one.ended_why == events.LEFT_EVERYTHING and one.ended_at
    ]
    last = max((one.ended_at for one in ended if one.ended_at), default=None)
    together = [one for one in ended if last and one.ended_at and last - one.ended_at <= ONE_LEAVING]
    return together or [subscription]
