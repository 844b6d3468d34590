"""Many who leave in one transaction get what each would get alone; and nobody is waited for."""

from typing import Any

import pytest

from mailer.errors import NotFound
from mailer.outcomes import erasure, events, together
from mailer.outcomes.together import Wish
from mailer.people import consent, subscribers, subscriptions
from mailer.store.tables import Consent, Delivery, Outcome, Subscription
from tests.make import freeze_all, make_list, make_reader, make_started, subscription_of

CLICK = (events.BY_ONE_CLICK, "one-click")


def ids_of(store: Any) -> list[int]:
    with store.read() as session:
        return [row.id for row in session.query(Subscription).order_by(Subscription.id)]


def test_it_writes_what_leaving_one_by_one_writes(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=6)
    freeze_all(store, mailing_id)
    ids = ids_of(store)
    with store.write() as session:
        last = session.get_one(Subscription, ids[5])
        erasure.erase(session, keys, last.subscriber_id, actor="test")
        for one, state in ((ids[1], "begun"), (ids[2], "uncertain"), (ids[3], "waiting")):
            row = session.query(Delivery).filter_by(subscription_id=one).one()
            row.state, row.why, row.attempt, row.worker = state, "because", 7, "somebody"
            row.begun_at = row.first_begun_at = row.next_at = row.made_at
    wishes = [Wish(one, *CLICK, number and mailing_id, "192.0.2.7") for number, one in enumerate(ids)]
    wishes += [wishes[2], Wish(ids[4], events.BY_LINK, "leave page", 987654, "192.0.2.8")]

    with store.write() as session:
        first = session.begin_nested()
        alone = [together.leave(session, wish) for wish in wishes]
        one_by_one = _seen(session)
        first.rollback()
        as_one = together.leave_together(session, wishes)
        # Who was erased is left to leave(), which looks whether the same address is known anew.
        assert as_one == [None if place == 5 else left for place, left in enumerate(alone)]
        assert _seen(session) == one_by_one
    assert [left.already for left in alone] == [False] * 5 + [True] * 3
    assert [len(left.begun) for left in alone] == [0, 1, 0, 0, 0, 0, 0, 0]


def _seen(session: Any) -> list[Any]:
    session.flush()
    session.expire_all()
    deliveries = session.query(Delivery).order_by(Delivery.id)
    consents = session.query(Consent).filter_by(kind=consent.WITHDRAWN)
    outcomes = session.query(Outcome).filter_by(kind="unsubscribed")
    return [
        [
            (row.id, row.state, row.ended_why, row.ended_at is None)
            for row in session.query(Subscription).order_by(Subscription.id)
        ],
        [(row.id, row.state, row.why, row.next_at, row.final_at is None) for row in deliveries],
        sorted((row.subscriber_id, row.list_id, row.actor, row.network, row.mailing_id or 0) for row in consents),
        sorted((row.subscriber_id, row.list_id, row.mailing_id or 0, row.origin, row.detail) for row in outcomes),
        {str(row.id) for row in consents} >= {row.origin_id for row in outcomes},
    ]


def test_one_person_may_leave_two_lists_at_once_and_nobody_unknown_is_left(store, keys) -> None:
    with store.write() as session:
        mlists = [make_list(session), make_list(session, "works", title="Planned works")]
        person = make_reader(session, keys, "anna@example.org", *mlists)
        ids = [subscription_of(session, person, mlist).id for mlist in mlists]
    with store.write() as session:
        wishes = [Wish(one, *CLICK) for one in (*ids, 404)]
        answers = together.leave_together(session, wishes)
        assert [answer and answer.list_title for answer in answers] == ["Press statements", "Planned works", None]
        with pytest.raises(NotFound):
            together.leave(session, wishes[2])
        assert together.leave_together(session, []) == []


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_who_somebody_else_holds_is_not_waited_for(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=4)
    freeze_all(store, mailing_id, size=10)
    ids = ids_of(store)
    with store.write() as busy, store.write() as session:
        # A verb about the first reader, a sender about the second, and a pause of the third are under way.
        subscribers.take_turn(busy, busy.get_one(Subscription, ids[0]).subscriber_id)
        busy.query(Delivery).filter_by(subscription_id=ids[1]).with_for_update().one()
        subscriptions.pause_for(busy, ids[2], 30)
        answers = together.leave_together(session, [Wish(one, *CLICK, mailing_id) for one in ids])
        assert [answer is not None for answer in answers] == [False, False, False, True]
    with store.read() as session:
        states = [session.get_one(Subscription, one).state for one in ids]
    assert states == ["active", "active", "paused", "ended"]
