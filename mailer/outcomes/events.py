"""What people tell us, and relays about them: leaving, undoing it, "that was not me", a mailbox that is gone.

Every verb first takes the person's turn, so that two things that happen to one person happen in some order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from mailer import clock, maillog
from mailer.errors import NotFound, Refused
from mailer.people import consent, subscriptions, suppression
from mailer.people.rows import changed, insert_new
from mailer.people.subscribers import take_turn
from mailer.store.tables import (
    Consent,
    Delivery,
    Mailing,
    MailingList,
    Notice,
    Outcome,
    Subscriber,
    Subscription,
)

# Why a delivery was left out.
LEFT_MEANWHILE = "left meanwhile"
# Why a subscription ended.
BY_LINK = "left by the link"
BY_ONE_CLICK = "left by one click"
BY_CHOICES = "left on the page of choices"
BY_MAIL = "left by mail"
BY_STAFF = "taken off by staff"
LEFT_EVERYTHING = suppression.LEFT_EVERYTHING
NOT_ME = suppression.NOT_ME
ERASED = suppression.ERASED
FINAL_REASONS = (NOT_ME, ERASED)

# Who left, as the history has it. The page's own button is pressed by mail scanners too, and sooner than anybody reads.
BY_PAGE, PERHAPS_MACHINE = "leave page", "leave page, perhaps a machine"
# Where the outcome of a leaving comes from.
LEAVE, MACHINE = "leave", "machine"

UNDO_DAYS = 7


@dataclass(frozen=True)
class Left:
    """What leaving a list did; ``begun`` names the deliveries that were on the wire at that moment."""

    list_title: str
    already: bool
    begun: tuple[int, ...]


@dataclass(frozen=True)
class LeftAll:
    """What leaving everything did: the titles of the lists that were left."""

    list_titles: tuple[str, ...]
    already: bool
    begun: tuple[int, ...]


@dataclass(frozen=True)
class NotMe:
    """What "that was not me" did: sign-ups taken back, and whether we never write there again."""

    list_titles: tuple[str, ...]
    suppressed: bool


def leave(
    session: Session, subscription_id: int, *, why: str, actor: str, mailing_id: int = 0, network: str = ""
) -> Left:
    """End a subscription at once and for certain: nothing of it is begun after this transaction.

    Its queued and waiting deliveries are left out. Leaving again changes nothing and is no error; it works
    for erased readers and forgotten mailings. NotFound if there never was such a subscription.
    """
    subscription = subscriptions.need(session, subscription_id)
    hold_still(session, subscription.subscriber_id, mailing_id)
    ended = _end(session, subscription, why=why, actor=actor, mailing_id=mailing_id, network=network)
    # The person is named too: that is what the rows have an index by.
    theirs = and_(Delivery.subscriber_id == subscription.subscriber_id, Delivery.subscription_id == subscription.id)
    begun = take_back(session, theirs, LEFT_MEANWHILE)
    return Left(_title(session, subscription.list_id), not ended, begun)


def leave_all(session: Session, subscriber_id: int, *, actor: str, mailing_id: int = 0, network: str = "") -> LeftAll:
    """End every subscription of this person, and write them no mailing until they confirm anew."""
    subscriber = hold_still(session, subscriber_id, mailing_id)
    titles = end_every(session, subscriber_id, why=LEFT_EVERYTHING, actor=actor, mailing_id=mailing_id, network=network)
    if not subscriber.erased_at:
        suppression.suppress_hash(
            session,
            subscriber.address_hash,
            scope=suppression.MAILINGS,
            reason=suppression.LEFT_EVERYTHING,
            origin=actor,
        )
    begun = take_back(session, Delivery.subscriber_id == subscriber_id, LEFT_MEANWHILE)
    return LeftAll(titles, not titles, begun)


def hold_still(session: Session, subscriber_id: int, mailing_id: int = 0) -> Subscriber:
    """Take the person's turn, and let no mailing choose them, before something is ended for good.

    Freezing an audience writes rows that refer to the person: it waits for us, or we wait for its chunk
    and then see its rows. It holds its mailing before that, so the mailing comes first here too; it is held against
    being forgotten, not against its chunk.
    """
    session.execute(select(Mailing.id).where(Mailing.id == mailing_id).with_for_update(read=True, key_share=True))
    return take_turn(session, subscriber_id, alone=True)


def end_every(
    session: Session, subscriber_id: int, *, why: str, actor: str, mailing_id: int = 0, network: str = ""
) -> tuple[str, ...]:
    """End what this person still has, each with its withdrawal; return the lists' titles."""
    return tuple(
        mlist.title
        for subscription, mlist in subscriptions.of_person(session, subscriber_id)
        if _end(session, subscription, why=why, actor=actor, mailing_id=mailing_id, network=network)
    )


def take_back(session: Session, whose: ColumnElement[bool], why: str) -> tuple[int, ...]:
    """Leave out what is queued or waiting, after the subscription was ended; return what is begun already.

    The order of the statements is the promise. A sender that still saw the subscription open either holds
    the row, then the first statement waits and the last one finds it begun; or it comes later, then the
    row it waits for has changed, and PostgreSQL makes it look again.
    """
    now = clock.now()
    still_open = select(Delivery.id).where(whose, Delivery.state.in_(("queued", "begun", "waiting", "uncertain")))
    session.execute(still_open.order_by(Delivery.id).with_for_update()).all()
    out = {"state": "left_out", "why": why, "final_at": now, "next_at": None}
    changed(session, update(Delivery).where(whose, Delivery.state.in_(("queued", "waiting"))).values(**out))
    # What was possibly sent stays uncertain; it is only not tried again.
    changed(session, update(Delivery).where(whose, Delivery.state == "uncertain").values(next_at=None))
    return tuple(session.scalars(still_open.where(Delivery.state == "begun").order_by(Delivery.id)))


def still_begun(session: Session, delivery_ids: Sequence[int]) -> int:
    """Return how many of these deliveries are still on the wire without a result."""
    found = select(func.count()).where(Delivery.id.in_(delivery_ids), Delivery.state == "begun")
    return session.scalar(found) or 0


def undo_leave(
    session: Session, subscription_id: int, *, actor: str, network: str = "", mailing_id: int = 0
) -> Subscription:
    """Take back a leaving of the last 7 days; deliveries that were left out meanwhile do not come back.

    Doing it twice is no error. Refused later, for a sign-up that was never confirmed, and for who is
    suppressed for any other reason than having left everything.
    """
    subscription = subscriptions.need(session, subscription_id)
    subscriber = take_turn(session, subscription.subscriber_id)
    session.refresh(subscription)
    if subscription.state in (subscriptions.ACTIVE, subscriptions.PAUSED):
        return subscription
    _check_undo(session, subscription, subscriber)
    suppression.lift_hash(session, subscriber.address_hash, why="leaving undone", scope=suppression.MAILINGS)
    subscriptions.revive(session, subscription)
    named = mailing_id or None
    row = consent.record(session, subscription, consent.UNDONE, actor=actor, network=network, mailing_id=named)
    _outcome(session, row, "undone", "undo")
    return subscription


def not_me(session: Session, subscriber_id: int, asked_minute: int, *, actor: str, network: str = "") -> NotMe:
    """Take back sign-ups asked for until this minute (since 1970), which somebody else made, and any that came after.

    If nothing else of this person is open, we never write to the address again. A link with nothing left to take back
    touches no newer sign-up.
    """
    subscriber = take_turn(session, subscriber_id)
    until = consent.minute_end(asked_minute)
    titles: list[str] = []
    rows = [row for row in subscriptions.of_person(session, subscriber_id) if row[0].state != subscriptions.ENDED]
    waiting = [row for row in rows if row[0].state == subscriptions.PENDING]
    # Whoever signs somebody up goes on doing it: what was asked for since would keep us writing.
    mine = waiting if any(one.asked_at < until for one, _ in waiting) else []
    for subscription, mlist in mine:
        subscriptions.end(session, subscription, NOT_ME)
        consent.record(session, subscription, consent.NOT_ME, actor=actor, network=network)
        titles.append(mlist.title)
    others = len(rows) > len(mine)
    if not others and not subscriber.erased_at:
        suppression.suppress_hash(
            session,
            subscriber.address_hash,
            scope=suppression.ALL,
            reason=suppression.NOT_ME,
            origin=actor,
        )
    return NotMe(tuple(titles), not others)


def refused_by_relay(session: Session, lane: str, row_id: int, *, detail: str) -> None:
    """Note that a relay refused this delivery or notice because the mailbox is gone; write there no more.

    ``lane`` is ``mailing`` or ``notice``. Noted once however often it is told; subscriptions stay.
    """
    row: Delivery | Notice | None = session.get(Delivery, row_id) if lane == "mailing" else session.get(Notice, row_id)
    if row is None:
        raise NotFound(f"there is no {lane} row {row_id}")
    suppression.suppress_hash(
        session,
        row.address_hash,
        scope=suppression.ALL,
        reason=suppression.MAILBOX_GONE,
        origin=f"{lane} {row_id}",
    )
    outcome = {
        "kind": "refused",
        "at": clock.now(),
        "subscriber_id": row.subscriber_id,
        "list_id": row.list_id,
        "mailing_id": row.mailing_id if isinstance(row, Delivery) else None,
        "origin": "relay",
        "origin_id": f"{lane} {row_id}",
        "detail": detail,
    }
    insert_new(session, Outcome, outcome)


def origin_of(actor: str) -> str:
    """Return where the outcome of this actor's leaving comes from."""
    return MACHINE if actor == PERHAPS_MACHINE else LEAVE


def _end(session: Session, subscription: Subscription, *, why: str, actor: str, mailing_id: int, network: str) -> bool:
    """End one subscription with its withdrawal and its outcome; False if it had ended already."""
    if not subscriptions.end(session, subscription, why):
        return False
    row = consent.record(
        session,
        subscription,
        consent.WITHDRAWN,
        actor=actor,
        network=network,
        mailing_id=mailing_id or None,
    )
    _outcome(session, row, "unsubscribed", origin_of(actor), detail=why)
    # Outside the store too: after a restore this is how one learns who left since the backup.
    maillog.note(
        "left", session.get_one(Subscriber, subscription.subscriber_id).address, mailing=mailing_id,
        subscription=subscription.id, list=subscription.list_id, why=why, by=actor,
    )  # fmt: skip
    return True


def _outcome(session: Session, row: Consent, kind: str, origin: str, detail: str = "") -> None:
    # The mailing may be forgotten while its links still work.
    known = row.mailing_id if row.mailing_id and session.get(Mailing, row.mailing_id) else None
    outcome = {
        "kind": kind,
        "at": row.at,
        "subscriber_id": row.subscriber_id,
        "list_id": row.list_id,
        "mailing_id": known,
        "origin": origin,
        "origin_id": str(row.id),
        "detail": detail,
    }
    insert_new(session, Outcome, outcome)


def _title(session: Session, list_id: int) -> str:
    return session.scalars(select(MailingList.title).where(MailingList.id == list_id)).one()


def _check_undo(session: Session, subscription: Subscription, subscriber: Subscriber) -> None:
    held = suppression.find_hash(session, subscriber.address_hash)
    mine = (
        subscription.state == subscriptions.ENDED
        and subscription.confirmed_at is not None
        and subscription.ended_why not in FINAL_REASONS
        and all(row.reason == suppression.LEFT_EVERYTHING for row in held)
    )
    if not mine or subscriber.erased_at:
        raise Refused("this cannot be undone", cure="subscribe anew")
    if subscription.ended_at is None or subscription.ended_at < clock.now() - timedelta(days=UNDO_DAYS):
        raise Refused(f"this can be undone for {UNDO_DAYS} days only", cure="subscribe anew")
