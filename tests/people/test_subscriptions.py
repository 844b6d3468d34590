"""A subscription moves only along its table, and only by those who may move it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.errors import BadInput, NotFound, Refused
from mailer.people import consent, subscriptions, suppression
from mailer.store.tables import SUBSCRIPTION_STATES, MailingList, Subscriber, Subscription
from tests.make import make_list, make_reader

WHERE = {"words": "I want it", "page": "https://water.example/s", "network": "192.0.2.1", "actor": "form"}


@pytest.fixture
def asked(store, keys, moving_clock) -> Subscription:
    """Return a pending subscription."""
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "ann@example.org")
        return subscriptions.ask(session, person, mlist, **WHERE)


def kinds(session, subscriber_id: int) -> list[str]:
    return [row.kind for row in consent.history(session, subscriber_id)]


def again(session, subscription) -> Subscription:
    return subscriptions.need(session, subscription.id)


def both(session, subscription) -> tuple[Subscriber, MailingList]:
    """Return the two a subscription is between."""
    return session.get_one(Subscriber, subscription.subscriber_id), session.get_one(MailingList, subscription.list_id)


def test_the_table_of_moves_names_every_state() -> None:
    assert set(subscriptions.MOVES) == set(SUBSCRIPTION_STATES)
    assert set().union(*subscriptions.MOVES.values()) <= set(SUBSCRIPTION_STATES)


def test_asking_leaves_a_proof(store, asked, moving_clock) -> None:
    with store.read() as session:
        assert asked.state == "pending"
        (row,) = consent.history(session, asked.subscriber_id)
        assert (row.kind, row.words, row.page, row.network, row.actor) == ("asked", *WHERE.values())
        assert row.words_version == consent.words_version("I want it")
        assert row.at == asked.asked_at


def test_confirming_keeps_the_words_that_were_agreed_to(store, asked, moving_clock) -> None:
    moving_clock.move(hours=1)
    with store.write() as session:
        (moved,) = subscriptions.confirm(session, [again(session, asked)], page="confirm", network="192.0.2.9")
        assert (moved.state, moved.confirmed_at) == ("active", moving_clock.now())
        assert subscriptions.confirm(session, [moved]) == []
        row = consent.history(session, asked.subscriber_id)[-1]
        assert (row.kind, row.words, row.network) == ("confirmed", "I want it", "192.0.2.9")
        assert kinds(session, asked.subscriber_id) == ["asked", "confirmed"]


def test_asking_again_while_pending_keeps_when_it_began(store, asked, moving_clock) -> None:
    moving_clock.move(days=1)
    with store.write() as session:
        found = subscriptions.ask(session, *both(session, asked), **WHERE)
        assert (found.id, found.asked_at) == (asked.id, asked.asked_at)
        assert kinds(session, asked.subscriber_id) == ["asked", "asked"]


@pytest.mark.parametrize("paused", [False, True])
def test_asking_changes_nothing_for_who_has_it(store, asked, paused, moving_clock) -> None:
    with store.write() as session:
        subscription = again(session, asked)
        subscriptions.confirm(session, [subscription])
        if paused:
            subscriptions.pause(session, subscription, moving_clock.now() + timedelta(days=30))
        found = subscriptions.ask(session, *both(session, asked), **WHERE)
        assert found.state == ("paused" if paused else "active")
        assert kinds(session, asked.subscriber_id) == ["asked", "confirmed"]


def test_who_left_is_pending_again_by_asking_and_active_only_by_confirming(store, asked, moving_clock) -> None:
    with store.write() as session:
        subscription = again(session, asked)
        subscriptions.confirm(session, [subscription])
        assert subscriptions.end(session, subscription, "left by the link")
        assert not subscriptions.end(session, subscription, "twice")
        assert subscription.ended_why == "left by the link"
        assert subscriptions.confirm(session, [subscription]) == []
        moving_clock.move(days=1)
        subscriptions.ask(session, *both(session, asked), **WHERE)
        session.refresh(subscription)
        assert (subscription.state, subscription.confirmed_at, subscription.ended_at) == ("pending", None, None)
        assert subscription.asked_at == moving_clock.now()
        assert subscriptions.confirm(session, [subscription])


def test_an_operator_adds_with_a_statement_only(store, keys) -> None:
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "ann@example.org")
        with pytest.raises(Refused, match="how this person agreed"):
            subscriptions.add_confirmed(session, person, mlist, statement=" ", actor="cli")
        found = subscriptions.add_confirmed(session, person, mlist, statement="on paper, 3 May", actor="cli")
        assert found.state == "active"
        assert subscriptions.add_confirmed(session, person, mlist, statement="again", actor="cli").id == found.id
        (row,) = consent.history(session, person.id)
        assert (row.kind, row.words, row.actor) == ("added", "on paper, 3 May", "cli")


def test_an_operator_makes_pending_active_but_never_revives(store, asked, keys) -> None:
    with store.write() as session:
        person, mlist = both(session, asked)
        found = subscriptions.add_confirmed(session, person, mlist, statement="on paper", actor="cli")
        assert found.state == "active"
        subscriptions.end(session, found, "left by the link")
        with pytest.raises(Refused, match=r"left Press statements on 20\d\d-.* \(left by the link\)"):
            subscriptions.add_confirmed(session, person, mlist, statement="on paper", actor="cli")
        assert again(session, found).state == "ended"


@pytest.mark.parametrize("scope", ["all", "mailings"])
def test_nobody_suppressed_is_added(store, keys, scope) -> None:
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "ann@example.org")
        suppression.suppress(session, keys, person.address_key, scope=scope, reason="complained")
        with pytest.raises(Refused, match="complained"):
            subscriptions.add_confirmed(session, person, mlist, statement="on paper", actor="cli")
        assert subscriptions.of_person(session, person.id) == []


def test_confirming_lifts_the_scope_mailings_and_never_all(store, asked, keys) -> None:
    with store.write() as session:
        person, _ = both(session, asked)
        suppression.suppress(session, keys, person.address_key, scope="mailings", reason="left everything")
        suppression.suppress(session, keys, person.address_key, scope="all", reason="mailbox gone")
        with pytest.raises(Refused, match="not to write"):
            subscriptions.confirm(session, [again(session, asked)])
        assert again(session, asked).state == "pending"
        suppression.lift(session, keys, person.address_key, why="it works again", scope="all")
        assert subscriptions.confirm(session, [again(session, asked)])
        assert suppression.find(session, keys, person.address_key) == []


def test_a_pause_ends_by_itself_and_by_hand(store, asked, moving_clock) -> None:
    with store.write() as session:
        subscription = again(session, asked)
        until = moving_clock.now() + timedelta(days=30)
        with pytest.raises(Refused, match="pending"):
            subscriptions.pause(session, subscription, until)
        subscriptions.confirm(session, [subscription])
        with pytest.raises(Refused, match="within a year"):
            subscriptions.pause(session, subscription, moving_clock.now())
        with pytest.raises(Refused, match="within a year"):
            subscriptions.pause(session, subscription, moving_clock.now() + timedelta(days=400))
        assert subscriptions.pause(session, subscription, until).state == "paused"
        assert subscriptions.pause(session, subscription, until + timedelta(days=1)).paused_until > until
        moving_clock.move(days=30)
        assert subscriptions.resume_due(session) == 0
        moving_clock.move(days=1)
        assert subscriptions.resume_due(session) == 1
        session.refresh(subscription)
        assert (subscription.state, subscription.paused_until) == ("active", None)
        assert subscriptions.resume(session, subscription).state == "active"
        subscriptions.pause(session, subscription, moving_clock.now() + timedelta(days=1))
        assert subscriptions.resume(session, subscription).state == "active"


def test_who_left_can_neither_pause_nor_go_on(store, asked, moving_clock) -> None:
    with store.write() as session:
        subscription = again(session, asked)
        subscriptions.end(session, subscription, "left by the link")
        with pytest.raises(Refused, match="ended"):
            subscriptions.resume(session, subscription)
        with pytest.raises(Refused, match="ended"):
            subscriptions.pause(session, subscription, moving_clock.now() + timedelta(days=1))


def test_a_move_counts_only_from_where_the_row_is_now(store, asked) -> None:
    with store.read() as session:
        stale = session.get_one(Subscription, asked.id)
    with store.write() as session:
        subscriptions.end(session, again(session, asked), "left by the link")
    with store.write() as session:
        session.add(stale)
        assert stale.state == "pending"
        assert subscriptions.confirm(session, [stale]) == []
        assert stale.state == "ended"


def test_unknown_subscriptions(store, asked) -> None:
    with store.read() as session:
        with pytest.raises(NotFound):
            subscriptions.need(session, asked.id + 1)
        assert subscriptions.between(session, asked.subscriber_id, asked.list_id + 1) is None


def test_a_leaving_undone_gives_the_pause_back_unless_it_is_over(store, asked, moving_clock) -> None:
    with store.write() as session:
        (one,) = subscriptions.confirm(session, [again(session, asked)])
        until = subscriptions.pause_until_day(session, one.id, date(2026, 3, 20), "Europe/Berlin")
        assert until == datetime(2026, 3, 19, 23, tzinfo=UTC)
        for days, state, ends in ((5, "paused", until), (30, "active", None)):
            assert subscriptions.end(session, one, "left by the link")
            moving_clock.move(days=days)
            assert subscriptions.revive(session, one)
            assert (one.state, one.paused_until) == (state, ends)


def test_a_pause_that_was_left_is_not_met_again_by_asking_anew(store, asked, moving_clock) -> None:
    with store.write() as session:
        (one,) = subscriptions.confirm(session, [again(session, asked)])
        subscriptions.pause(session, one, moving_clock.now() + timedelta(days=30))
        subscriptions.end(session, one, "left by the link")
        anew = subscriptions.ask(session, *both(session, one), **WHERE)
        assert (anew.state, anew.paused_until) == ("pending", None)


def test_how_often_is_a_wish_that_is_kept(store, asked) -> None:
    with store.write() as session:
        assert again(session, asked).frequency == "each"
        subscriptions.write_how_often(session, asked.id, "weekly")
        assert again(session, asked).frequency == "weekly"
        with pytest.raises(BadInput):
            subscriptions.write_how_often(session, asked.id, "hourly")
