"""Many leave in one transaction: what a storm of clicks costs is commits, and then it costs few of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import BigInteger, select, update
from sqlalchemy.orm import Session

from mailer import clock, maillog
from mailer.outcomes import events
from mailer.outcomes.events import Left
from mailer.people import consent, subscriptions
from mailer.people.rows import by_index_only, insert_new_many
from mailer.store.handed import handed, packed
from mailer.store.tables import Consent, Delivery, Mailing, MailingList, Outcome, Subscriber, Subscription

UNSENT, UNCERTAIN = ("queued", "waiting"), "uncertain"
OPEN_STATES = (*UNSENT, "begun", UNCERTAIN)


@dataclass(frozen=True)
class Wish:
    """One reader's wish to leave one list, as events.leave() takes it."""

    subscription_id: int
    why: str
    actor: str
    mailing_id: int = 0
    network: str = ""


def leave(session: Session, wish: Wish) -> Left:
    """Leave as events.leave() does."""
    return events.leave(
        session,
        wish.subscription_id,
        why=wish.why,
        actor=wish.actor,
        mailing_id=wish.mailing_id,
        network=wish.network,
    )


def leave_together(session: Session, wishes: Sequence[Wish]) -> list[Left | None]:
    """Do for each wish what leave() does; None where it has to be done alone, because nothing is done here.

    That is who somebody else holds at this moment, who is unknown, and who was erased. But for the mailings, which
    come first as they do everywhere, nothing is waited for: who holds many people and waits for one more can be part
    of a ring.
    """
    by_index_only(session)
    known = _hold_mailings(session, {wish.mailing_id for wish in wishes if wish.mailing_id})
    held = _hold_people(session, {wish.subscription_id for wish in wishes})
    rows = _hold_deliveries(session, held)
    # Who asks twice leaves by the first of the two.
    first = {wish.subscription_id: place for place, wish in reversed(list(enumerate(wishes)))}
    ending = {one: wishes[place] for one, place in first.items() if one in held and held[one].is_open}
    _end(session, held, ending, known)
    _take_back(session, rows)
    begun: dict[int, tuple[int, ...]] = {}
    for row in rows:
        if row.state == "begun":
            begun[row.subscription_id] = (*begun.get(row.subscription_id, ()), row.id)
    answers: list[Left | None] = []
    for place, wish in enumerate(wishes):
        one = wish.subscription_id
        already = one not in ending or first[one] != place
        answers.append(Left(held[one].title, already, begun.get(one, ())) if one in held else None)
    return answers


@dataclass(frozen=True, slots=True)
class _Held:
    """A subscription that is ours until the transaction ends, and its person with it."""

    subscriber_id: int
    list_id: int
    is_open: bool
    address: str
    title: str


def _hold_mailings(session: Session, ids: Collection[int]) -> set[int]:
    """Keep the mailings from being forgotten meanwhile; return those there are."""
    return set(session.scalars(_said(session).mailings, _ids(ids))) if ids else set()


def _hold_people(session: Session, ids: Collection[int]) -> dict[int, _Held]:
    """Hold those subscriptions, and their people alone, that nobody else holds."""
    return {
        key: _Held(subscriber_id, list_id, state in subscriptions.OPEN, address, title)
        for key, subscriber_id, list_id, state, address, title in session.execute(_said(session).people, _ids(ids))
    }


def _hold_deliveries(session: Session, held: dict[int, _Held]) -> Sequence[Any]:
    """Hold every open delivery of these subscriptions; who has one that a sender holds is let go from ``held``.

    Who is left has no open row that is not ours, and gets none: their people are held. So what was said in
    events.take_back() about the order of statements is true of them whenever the subscription is ended.
    """
    if not held:
        return ()
    theirs = _ids({one.subscriber_id for one in held.values()})
    rows = session.execute(_said(session).deliveries, theirs).all()
    if _dialect(session) == "postgresql":
        mine = {row.id for row in rows}
        for row in session.execute(_said(session).seen, theirs):
            if row.id not in mine:
                held.pop(row.subscription_id, None)
    return [row for row in rows if row.subscription_id in held]


def _end(session: Session, held: dict[int, _Held], ending: dict[int, Wish], known: set[int]) -> None:
    """End these subscriptions, each with its withdrawal and its outcome."""
    now, by_why = clock.now(), dict[str, list[int]]()
    for one, wish in ending.items():
        by_why.setdefault(wish.why, []).append(one)
    for why, ids in by_why.items():
        subscriptions.end_many(session, _said(session).end, why, _ids(ids))
    rows = [
        {
            "subscriber_id": held[one].subscriber_id,
            "list_id": held[one].list_id,
            "kind": consent.WITHDRAWN,
            "at": now,
            "network": wish.network[:60],
            "actor": wish.actor,
            "mailing_id": wish.mailing_id or None,
        }
        for one, wish in ending.items()
    ]
    columns = ("subscriber_id", "list_id", "id")
    written = {(who, which): key for who, which, key in insert_new_many(session, Consent, rows, *columns)}
    outcomes = [
        {
            "kind": "unsubscribed",
            "at": now,
            "subscriber_id": held[one].subscriber_id,
            "list_id": held[one].list_id,
            # The mailing may be forgotten while its links still work.
            "mailing_id": wish.mailing_id if wish.mailing_id in known else None,
            "origin": events.origin_of(wish.actor),
            "origin_id": str(written[held[one].subscriber_id, held[one].list_id]),
            "detail": wish.why,
        }
        for one, wish in ending.items()
    ]
    insert_new_many(session, Outcome, outcomes, "id")
    for one, wish in ending.items():
        maillog.note(
            "left", held[one].address, mailing=wish.mailing_id, subscription=one, list=held[one].list_id,
            why=wish.why, by=wish.actor,
        )  # fmt: skip


def _take_back(session: Session, rows: Sequence[Any]) -> None:
    """Leave out what is queued or waiting; what was possibly sent stays uncertain and is only not tried again."""
    if unsent := [row.id for row in rows if row.state in UNSENT]:
        out = {"state": "left_out", "why": events.LEFT_MEANWHILE, "final_at": clock.now(), "next_at": None}
        session.execute(_said(session).take_back.values(**out), _ids(unsent))
    if doubted := [row.id for row in rows if row.state == UNCERTAIN]:
        session.execute(_said(session).take_back.values(next_at=None), _ids(doubted))


@dataclass(frozen=True)
class _Statements:
    """What is said to the store each time, built once: each is given its ids as one value."""

    mailings: Any
    people: Any
    deliveries: Any
    seen: Any
    end: Any
    take_back: Any


@cache
def _statements(dialect: str) -> _Statements:
    those = select(handed(dialect, "ids", id=BigInteger()).c.id)
    people = (
        select(
            Subscription.id,
            Subscription.subscriber_id,
            Subscription.list_id,
            Subscription.state,
            Subscriber.address,
            MailingList.title,
        )
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .join(MailingList, MailingList.id == Subscription.list_id)
        # For who was erased, subscriptions.need() looks whether the same address is known anew.
        .where(Subscription.id.in_(those), Subscriber.erased_at.is_(None))
    )
    deliveries = select(Delivery.id, Delivery.subscription_id, Delivery.state).where(
        # By the person: that is what the rows have an index by.
        Delivery.subscriber_id.in_(those),
        Delivery.state.in_(OPEN_STATES),
    )
    mailings = select(Mailing.id).where(Mailing.id.in_(those)).order_by(Mailing.id)
    rows = Delivery.__table__
    return _Statements(
        mailings=mailings.with_for_update(read=True, key_share=True),
        people=people.with_for_update(of=(Subscription, Subscriber), skip_locked=True),
        deliveries=deliveries.with_for_update(skip_locked=True),
        seen=deliveries,
        end=those,
        take_back=update(cast(Any, rows)).where(rows.c.id.in_(those)),
    )


def _said(session: Session) -> _Statements:
    return _statements(_dialect(session))


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _ids(ids: Collection[int]) -> dict[str, str]:
    return {"ids": packed((one,) for one in ids)}
