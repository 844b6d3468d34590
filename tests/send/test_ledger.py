"""Begin, settle, lease: each a compare-and-set that two workers cannot both win."""

from datetime import timedelta

import pytest
from sqlalchemy import func, literal, select, update

from mailer import clock
from mailer.config_sections import Send
from mailer.mailing import deliveries, mailings, starting
from mailer.outcomes import account, events
from mailer.outcomes.verdict import Reply
from mailer.people import subscriptions, suppression
from mailer.send import leases, ledger
from mailer.send.ledger import Settled
from mailer.send.retry import Try, conclude
from mailer.store.tables import Attempt, Batch, Delivery, Mailing, Subscription, db_now
from tests.make import freeze_all, make_started


@pytest.fixture
def started(store, config, keys) -> int:
    mailing_id = make_started(store, config, keys, readers=4)
    freeze_all(store, mailing_id, size=100)
    return mailing_id


def lease(store, owner: str = "one", seconds: float = 60) -> leases.Lease | None:
    with store.write() as session:
        return leases.lease(session, "mailing", owner, seconds)


def begin(store, mine, ids) -> tuple[int, dict]:
    with store.write() as session:
        return ledger.begin(session, mine, ids, "local")


def ids_of(store, mine) -> list[int]:
    with store.read() as session:
        return [row.id for row in ledger.waiting_rows(session, mine, 0, 100)]


def settle(store, row_id: int, attempt: int, state: str, **more) -> None:
    with store.write() as session:
        ledger.settle(session, "mailing", [Settled(row_id, attempt, state, **more)])


def row(store, row_id: int) -> Delivery:
    with store.read() as session:
        return session.get_one(Delivery, row_id)


def expire(store) -> None:
    with store.write() as session:
        session.execute(update(Batch).where(Batch.owner != "").values(lease_until=db_now() - literal(1)))


def test_a_batch_has_one_owner(store, started) -> None:
    first, second = lease(store), lease(store, "two")
    assert first is not None
    assert second is None


def test_a_row_is_begun_once(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, begun = begin(store, mine, ids)
    assert set(begun) == set(ids)
    assert begin(store, mine, ids)[1] == {}
    found = row(store, ids[0])
    assert (found.state, found.attempt, found.tries, found.worker, found.relay) == ("begun", attempt, 1, "one", "local")


def test_without_the_lease_nothing_is_begun(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    expire(store)
    assert begin(store, mine, ids)[1] == {}
    with store.write() as session:
        leases.rescue(session, db_soon())
    second = lease(store, "two")
    assert second.epoch > mine.epoch
    assert begin(store, mine, ids)[1] == {}
    assert set(begin(store, second, ids)[1]) == set(ids)


def db_soon():
    return clock.now() + timedelta(minutes=15)


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_a_mailing_that_does_not_send_begins_nothing(store, started, state) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    with store.write() as session:
        mailing = mailings.need(session, started)
        (mailings.pause if state == "paused" else mailings.stop)(session, mailing, "a person")
    assert begin(store, mine, ids)[1] == {}
    assert row(store, ids[0]).state == "queued"


def test_who_left_meanwhile_is_not_begun_and_says_why(store, keys, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    with store.write() as session:
        people = [session.get_one(Delivery, key) for key in ids]
        subscriptions.end(session, session.get_one(Subscription, people[0].subscription_id), "left by the link")
        subscriptions.pause(session, session.get_one(Subscription, people[1].subscription_id), db_soon())
        suppression.suppress_hash(session, people[2].address_hash, scope="all", reason="mailbox gone")
    assert list(begin(store, mine, ids)[1]) == [ids[3]]
    assert [row(store, key).why for key in ids[:3]] == ["left meanwhile", "paused", "suppressed"]
    assert {row(store, key).state for key in ids[:3]} == {"left_out"}


def test_leaving_moves_what_is_queued_and_names_what_is_begun(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    begin(store, mine, ids[:1])
    with store.write() as session:
        for key in ids[:2]:
            subscription = session.get_one(Delivery, key).subscription_id
            left = events.leave(session, subscription, why="left by the link", actor="reader", mailing_id=started)
            assert left.begun == ((key,) if key == ids[0] else ())
    assert [row(store, key).state for key in ids[:2]] == ["begun", "left_out"]


def test_a_result_counts_only_for_its_attempt(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, _ = begin(store, mine, ids[:1])
    settle(store, ids[0], attempt + 1, "accepted")
    assert row(store, ids[0]).state == "begun"
    settle(store, ids[0], attempt, "accepted", code=250)
    found = row(store, ids[0])
    assert (found.state, found.reply_code) == ("accepted", 250)
    settle(store, ids[0], attempt, "refused", why="too late")
    assert row(store, ids[0]).state == "accepted"


def test_begun_rows_of_a_lost_worker_are_uncertain_and_a_late_answer_settles_them(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, _ = begin(store, mine, ids[:2])
    expire(store)
    with store.write() as session:
        assert leases.rescue(session, db_soon()) == 2
    found = row(store, ids[0])
    assert (found.state, found.next_at is not None) == ("uncertain", True)
    settle(store, ids[0], attempt, "accepted", code=250)
    assert row(store, ids[0]).state == "accepted"
    settle(store, ids[1], attempt, "queued")
    assert row(store, ids[1]).state == "uncertain"
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 2


def test_hold_means_that_a_person_decides(store, started) -> None:
    with store.write() as session:
        session.execute(update(Mailing).values(on_uncertain="hold"))
    mine = lease(store)
    ids = ids_of(store, mine)
    begin(store, mine, ids[:1])
    expire(store)
    with store.write() as session:
        leases.rescue(session, db_soon())
    assert row(store, ids[0]).next_at is None


def test_the_one_retry_of_an_uncertain_row_is_marked(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, dates = begin(store, mine, ids[:1])
    settle(store, ids[0], attempt, "uncertain", why="no answer", next_at=dates[ids[0]])
    _, again = begin(store, mine, ids[:1])
    assert again == dates
    assert (row(store, ids[0]).again, row(store, ids[0]).tries) == (True, 2)
    settle(store, ids[0], row(store, ids[0]).attempt, "uncertain", why="no answer")
    assert begin(store, mine, ids[:1])[1] == {}


def lose(store, mine, ids) -> None:
    """Begin rows and lose the process that did; then put together what is due for another try."""
    begin(store, mine, ids)
    expire(store)
    with store.write() as session:
        leases.rescue(session, clock.now())
        deliveries.regroup_due(session, session.get_one(Delivery, ids[0]).mailing_id)


def test_what_is_lost_with_its_process_comes_behind_the_others(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    lose(store, mine, ids[:2])
    first, second = lease(store), lease(store, "two")
    assert (ids_of(store, first), ids_of(store, second)) == (ids[2:], ids[:2])


def test_lost_with_its_process_it_is_tried_again_until_it_may_be_what_ends_them(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    for _ in range(leases.MOST_LOSSES):
        lose(store, mine, ids)
        mine = lease_with(store, ids[0]) or mine
    found = row(store, ids[0])
    assert (found.state, found.again, found.next_at) == ("uncertain", True, None)
    assert found.tries == leases.MOST_LOSSES


def lease_with(store, row_id):
    """Take batches until one has this row; None if there is none."""
    taken = iter(lambda: lease(store), None)
    return next((mine for mine in taken if row_id in ids_of(store, mine)), None)


def test_who_possibly_has_it_stays_uncertain_when_the_retry_goes_back(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, dates = begin(store, mine, ids[:1])
    settle(store, ids[0], attempt, "uncertain", why="no answer", next_at=dates[ids[0]])
    begin(store, mine, ids[:1])
    trial = Try(ids[0], row(store, ids[0]).attempt, 2, "local", "one", db_soon(), may_retry=False, doubted=True)
    back = conclude(trial, "unwritten", Reply(0, "", "none"), Send(), clock.now())
    with store.write() as session:
        ledger.settle(session, "mailing", [back])
        mailings.stop(session, mailings.need(session, started), "a person")
        deliveries.sweep_stopped(session, started)
    found = row(store, ids[0])
    assert (found.state, found.tries) == ("uncertain", 1)


def test_an_unwritten_row_goes_back_and_costs_no_try(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, _ = begin(store, mine, ids[:1])
    settle(store, ids[0], attempt, "queued")
    found = row(store, ids[0])
    assert (found.state, found.tries) == ("queued", 0)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_a_batch_with_rows_left_is_given_back(store, started) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    attempt, _ = begin(store, mine, ids)
    for key in ids[:-1]:
        settle(store, key, attempt, "accepted")
    settle(store, ids[-1], attempt, "queued")
    with store.write() as session:
        assert leases.close_batch(session, mine)
    mine = lease(store, "two")
    assert ids_of(store, mine) == ids[-1:]
    attempt, _ = begin(store, mine, ids[-1:])
    settle(store, ids[-1], attempt, "accepted")
    with store.write() as session:
        assert leases.close_batch(session, mine)
        assert not leases.close_batch(session, mine)
    assert lease(store) is None
    with store.write() as session:
        assert starting.finish(session, started)
        assert account.account(session, started).balanced


def test_mailings_are_served_in_turn(store, config, keys) -> None:
    first = make_started(store, config, keys, names=("one",))
    second = make_started(store, config, keys, names=("two",))
    for mailing_id in (first, second):
        freeze_all(store, mailing_id)
    with store.write() as session:
        turns, last = [], 0
        for _ in range(4):
            mine = leases.lease(session, "mailing", "w", 60, last)
            last = mine.mailing_id
            turns.append(last)
    assert turns == [first, second, first, second]


@pytest.mark.parametrize("state", ["sending", "paused", "stopped"])
def test_a_begun_row_of_a_closed_batch_is_rescued_whatever_the_mailing_does(store, started, state) -> None:
    mine = lease(store)
    ids = ids_of(store, mine)
    begin(store, mine, ids[:1])
    with store.write() as session:
        leases.close_batch(session, mine)
        if state != "sending":
            verb = mailings.pause if state == "paused" else mailings.stop
            verb(session, mailings.need(session, started), "a person")
    with store.write() as session:
        leases.rescue(session, db_soon())
    assert row(store, ids[0]).state == "uncertain"


def test_a_mailing_is_not_finished_before_its_audience_is_frozen(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=2)
    with store.write() as session:
        assert not starting.finish(session, mailing_id)
    freeze_all(store, mailing_id)
    with store.write() as session:
        assert not starting.finish(session, mailing_id)
