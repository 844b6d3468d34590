"""Subscriptions: one person's belonging to one list, and how it may change."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput, NotFound, Refused
from mailer.people import consent, offers, suppression
from mailer.people.cleaning import one_line
from mailer.people.rows import changed, insert_new
from mailer.people.subscribers import take_turn
from mailer.store.tables import MailingList, Subscriber, Subscription

PENDING = "pending"
ACTIVE = "active"
PAUSED = "paused"
ENDED = "ended"
OPEN = (PENDING, ACTIVE, PAUSED)

MOVES: dict[str, frozenset[str]] = {
    PENDING: frozenset({ACTIVE, ENDED}),
    ACTIVE: frozenset({PAUSED, ENDED}),
    PAUSED: frozenset({ACTIVE, ENDED}),
    # To pending only by asking again; back to what it was, active or paused, only by undoing a leaving.
    ENDED: frozenset({PENDING, ACTIVE, PAUSED}),
}

LONGEST_PAUSE = timedelta(days=366)
# Days a reader may choose on a page.
PAUSES = (30, 60, 90)
# How often a reader wants to be written to. A wish that is kept: until there are digests, each mail comes by itself.
EACH, DAILY, WEEKLY = "each", "daily", "weekly"


def need(session: Session, subscription_id: int) -> Subscription:
    """Return this subscription; NotFound if there is none.

    For one of somebody who was erased, or is known by another address now, it is what the same address has
    with the same list today: the links of old mails go on working.
    """
    found = session.get(Subscription, subscription_id, populate_existing=True)
    if found is None:
        raise NotFound("there is no such subscription", cure="perhaps the link was made by another installation")
    return _of_today(session, found) if found.state == ENDED else found


def _of_today(session: Session, ended: Subscription) -> Subscription:
    person = session.get_one(Subscriber, ended.subscriber_id)
    if person.erased_at is None:
        return ended
    found = session.scalars(
        select(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscriber.address_hash == person.address_hash,
            Subscriber.erased_at.is_(None),
            Subscription.list_id == ended.list_id,
        )
        .execution_options(populate_existing=True)
    ).first()
    return found or ended


def of_person(session: Session, subscriber_id: int) -> list[tuple[Subscription, MailingList]]:
    """Return this person's subscriptions with their lists, by title."""
    rows = session.execute(
        select(Subscription, MailingList)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.subscriber_id == subscriber_id)
        .order_by(MailingList.title, MailingList.id)
        .execution_options(populate_existing=True)
    )
    return [(subscription, mlist) for subscription, mlist in rows]


def between(session: Session, subscriber_id: int, list_id: int) -> Subscription | None:
    """Return what this person has with this list, as it is now."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.subscriber_id == subscriber_id, Subscription.list_id == list_id)
        .execution_options(populate_existing=True)
    ).first()


def ask(
    session: Session,
    subscriber: Subscriber,
    mlist: MailingList,
    *,
    words: str,
    page: str,
    network: str,
    actor: str,
    at: datetime | None = None,
) -> Subscription:
    """Note that somebody wants this list for this address: pending until they confirm by mail.

    Who is active or paused stays so. Who left is pending again: only asking does that. Lists that one mail
    asks about are asked for ``at`` one moment, because its link names the minute.
    """
    take_turn(session, subscriber.id)
    now = at or clock.now()
    fresh = {
        "subscriber_id": subscriber.id,
        "list_id": mlist.id,
        "state": PENDING,
        "created_at": now,
        "asked_at": now,
    }
    insert_new(session, Subscription, fresh)
    found = _between(session, subscriber.id, mlist.id)
    if found.state == ENDED:
        again = {"asked_at": now, "confirmed_at": None, "paused_until": None, "ended_at": None, "ended_why": ""}
        _move(session, found, ENDED, PENDING, **again)
    if found.state == PENDING:
        consent.record(session, found, consent.ASKED, words=words, page=page, network=network, actor=actor, at=now)
    return found


def add_confirmed(
    session: Session, subscriber: Subscriber, mlist: MailingList, *, statement: str, actor: str
) -> Subscription:
    """Make somebody active on an operator's word that they agreed (``statement`` says how).

    Refused for who left this list or is suppressed: only they themselves can come back.
    """
    if not statement.strip():
        raise Refused(
            "nothing says how this person agreed",
            place="consent",
            cure="write it down, such as: signed up on paper at the open day, 3 May 2026",
        )
    take_turn(session, subscriber.id)
    held = suppression.find_hash(session, subscriber.address_hash)
    if held:
        raise Refused(
            f"we must not write to {subscriber.address} ({held[0].reason}, {held[0].made_at:%Y-%m-%d})",
            cure="ask them to subscribe themselves",
        )
    found = between(session, subscriber.id, mlist.id)
    if found is None:
        found = _insert_active(session, subscriber, mlist)
    elif found.state == ENDED:
        raise Refused(
            f"{subscriber.address} left {mlist.title} on {found.ended_at:%Y-%m-%d} ({found.ended_why})",
            cure="ask them to subscribe themselves",
        )
    elif found.state == PENDING:
        _move(session, found, PENDING, ACTIVE, confirmed_at=clock.now())
    else:
        return found
    consent.record(session, found, consent.ADDED, words=statement, actor=actor)
    return found


def confirm(
    session: Session,
    subscriptions: Sequence[Subscription],
    *,
    page: str = "",
    network: str = "",
    actor: str = "confirm link",
) -> list[Subscription]:
    """Make pending subscriptions of one person active and return those that moved.

    The new consent lifts a suppression of scope ``mailings``. Refused while one of scope ``all`` holds.
    """
    moved: list[Subscription] = []
    for subscription in subscriptions:
        subscriber = take_turn(session, subscription.subscriber_id)
        if suppression.is_suppressed(session, subscriber.address_hash, for_mailings=False):
            raise Refused("we were told not to write to this address", cure="write to us from it, and we will")
        if not _move(session, subscription, PENDING, ACTIVE, confirmed_at=clock.now()):
            continue
        asked = consent.last(session, subscriber.id, subscription.list_id, consent.ASKED)
        words = asked.words if asked else ""
        consent.record(session, subscription, consent.CONFIRMED, words=words, page=page, network=network, actor=actor)
        suppression.lift_hash(session, subscriber.address_hash, why="confirmed anew", scope=suppression.MAILINGS)
        moved.append(subscription)
    return moved


def pause(session: Session, subscription: Subscription, until: datetime) -> Subscription:
    """Stop writing until a moment in the coming year; Refused unless the subscription is active or paused."""
    now = clock.now()
    if not now < until <= now + LONGEST_PAUSE:
        raise Refused("a pause ends within a year from now", place="until", cure="name a day to come")
    if not _move(session, subscription, (ACTIVE, PAUSED), PAUSED, paused_until=until):
        raise Refused(f"this subscription is {subscription.state}", cure="only an active one can be paused")
    return subscription


def pause_for(session: Session, subscription_id: int, days: int) -> datetime:
    """Pause as a reader chose, counted from now, and return until when; BadInput for days no page offers.

    Raises NotFound and Refused as need() and pause() do.
    """
    if days not in PAUSES:
        raise BadInput("a pause has another length", place="days", cure=f"choose {', '.join(map(str, PAUSES))} days")
    until = clock.now() + timedelta(days=days)
    pause(session, need(session, subscription_id), until)
    return until


def pause_until_day(session: Session, subscription_id: int, day: date, zone: str) -> datetime:
    """Pause until a day begins in this time zone, and return that moment; raises as need() and pause() do."""
    until = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    pause(session, need(session, subscription_id), until)
    return until


def write_how_often(session: Session, subscription_id: int, frequency: str) -> None:
    """Keep how often somebody wants this list: each mail, or a digest daily or weekly; BadInput for anything else."""
    offers.must_be_frequency(frequency)
    need(session, subscription_id).frequency = frequency
    session.flush()


def resume(session: Session, subscription: Subscription) -> Subscription:
    """Go on writing after a pause; Refused if the subscription was ended or never confirmed."""
    if not _move(session, subscription, PAUSED, ACTIVE, paused_until=None) and subscription.state != ACTIVE:
        raise Refused(f"this subscription is {subscription.state}", cure="only a paused one can go on")
    return subscription


def resume_due(session: Session) -> int:
    """End every pause that is over; return how many."""
    return changed(
        session,
        update(Subscription)
        .where(Subscription.state == PAUSED, Subscription.paused_until <= clock.now())
        .values(state=ACTIVE, paused_until=None),
    )


def end(session: Session, subscription: Subscription, why: str) -> bool:
    """End a subscription; False if it had ended already. Its consent and its deliveries are the caller's.

    Until when it was paused stays in it, in case the leaving is undone.
    """
    ending = {"ended_at": clock.now(), "ended_why": one_line(why, 60)}
    return _move(session, subscription, OPEN, ENDED, **ending)


def end_many(session: Session, those: Select[Any], why: str, parameters: Mapping[str, Any]) -> None:
    """End the open ones of the subscriptions a SELECT with these parameters names; the rest is as in end()."""
    ending = {"ended_at": clock.now(), "ended_why": one_line(why, 60)}
    rows = Subscription.__table__
    open_ones = update(cast(Any, rows)).where(rows.c.id.in_(those), rows.c.state.in_(OPEN))
    session.execute(open_ones.values(state=ENDED, **ending), parameters)


def revive(session: Session, subscription: Subscription) -> bool:
    """Make an ended subscription what it was, active or paused, as if it had never been left; False if not ended."""
    until = subscription.paused_until
    if until is not None and until <= clock.now():
        until = None
    state = PAUSED if until else ACTIVE
    return _move(session, subscription, ENDED, state, paused_until=until, ended_at=None, ended_why="")


def _insert_active(session: Session, subscriber: Subscriber, mlist: MailingList) -> Subscription:
    now = clock.now()
    row = Subscription(
        subscriber_id=subscriber.id,
        list_id=mlist.id,
        state=ACTIVE,
        created_at=now,
        asked_at=now,
        confirmed_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _between(session: Session, subscriber_id: int, list_id: int) -> Subscription:
    found = between(session, subscriber_id, list_id)
    if found is None:
        raise NotFound("this subscription was removed this moment", cure="try again")
    return found


def _move(session: Session, subscription: Subscription, old: str | tuple[str, ...], new: str, **columns: Any) -> bool:
    """Move from ``old`` to ``new`` if it still is ``old``; afterwards the object says what the store says."""
    states = (old,) if isinstance(old, str) else old
    done = changed(
        session,
        update(Subscription)
        .where(Subscription.id == subscription.id, Subscription.state.in_(states))
        .values(state=new, **columns),
    )
    session.refresh(subscription)
    return done == 1
