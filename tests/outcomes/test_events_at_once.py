"""Leaving while a sender works, on PostgreSQL, where transactions really overlap.

On SQLite one transaction writes at a time, so there is nothing to overlap.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from mailer.mailing import freeze
from mailer.outcomes import erasure, events
from mailer.outcomes.together import Wish, leave_together
from mailer.people import consent, subscriptions
from mailer.send import leases, ledger
from mailer.send.ledger import Settled
from mailer.store.engine import met_another
from mailer.store.tables import Delivery
from tests.make import freeze_all, make_draft, make_started, start

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


class Race:
    """One reader with one queued delivery, a sender that holds its batch, and a second thread."""

    def __init__(self, store, lease: leases.Lease, row: Delivery) -> None:
        self.store, self.lease, self.row = store, lease, row
        self._pool = ThreadPoolExecutor(1)

    def leave(self, session: Session) -> events.Left:
        """Leave, as the page does."""
        return events.leave(session, self.row.subscription_id, why=events.BY_ONE_CLICK, actor="one-click")

    def begin(self, session: Session) -> list[int]:
        """Mark the row begun with the sender's own last look."""
        return list(ledger.begin(session, self.lease, [self.row.id], "local")[1])

    def put_back(self, session: Session, attempt: int) -> None:
        """Return a begun row that was not written, as the sender does after a lost connection."""
        ledger.settle(session, "mailing", [Settled(self.row.id, attempt, "queued")])

    def meanwhile(self, what: Callable[[Session], Any], *, one_moment: bool = False) -> "Future[Any]":
        """Do it in another thread and transaction, and return once it waits for a lock of ours."""

        def run() -> Any:
            with self.store.write(one_moment=one_moment) as session:
                return what(session)

        future = self._pool.submit(run)
        while not (future.done() or self._somebody_waits()):
            pass
        return future

    def _somebody_waits(self) -> bool:
        waits = (
            "SELECT count(*), pg_sleep(0.005) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        # A transaction of its own each time: within one, PostgreSQL gives the same answer for ever.
        with self.store.read() as session:
            return bool(session.scalar(text(waits)))

    def state(self) -> str:
        """Return the state of the row as everybody sees it."""
        with self.store.read() as session:
            return session.get_one(Delivery, self.row.id).state

    def close(self) -> None:
        """End the second thread."""
        self._pool.shutdown()


@pytest.fixture
def race(store, config, keys) -> Iterator[Race]:
    mailing_id = make_started(store, config, keys, readers=1)
    freeze_all(store, mailing_id)
    with store.write() as session:
        lease = leases.lease(session, "mailing", "one", 60)
        row = session.query(Delivery).one()
    made = Race(store, lease, row)
    yield made
    made.close()


@contextmanager
def open_transaction(race: Race) -> Iterator[Session]:
    with race.store.write() as session:
        yield session


def test_who_leaves_waits_for_a_sender_that_begins_and_is_told_of_the_mail(race) -> None:
    with open_transaction(race) as sender:
        assert race.begin(sender) == [race.row.id]
        leaving = race.meanwhile(race.leave)
        assert not leaving.done()
    assert leaving.result() == events.Left("Press statements", already=False, begun=(race.row.id,))
    assert race.state() == "begun"


def test_a_sender_that_comes_later_begins_nothing(race) -> None:
    with open_transaction(race) as reader:
        assert race.leave(reader).begun == ()
        beginning = race.meanwhile(race.begin)
        assert not beginning.done()
    assert beginning.result() == []
    assert race.state() == "left_out"


def test_a_row_put_back_meanwhile_is_not_begun_again(race) -> None:
    with race.store.write() as session:
        attempt, dates = ledger.begin(session, race.lease, [race.row.id], "local")
        assert list(dates) == [race.row.id]
    with open_transaction(race) as reader:
        assert race.leave(reader).begun == (race.row.id,)
        putting = race.meanwhile(lambda session: race.put_back(session, attempt))
        assert not putting.done()
    putting.result()
    with race.store.write() as session:
        assert race.begin(session) == []
    assert race.state() == "left_out"


def test_a_row_put_back_first_is_left_out(race) -> None:
    with race.store.write() as session:
        attempt, _ = ledger.begin(session, race.lease, [race.row.id], "local")
    with open_transaction(race) as sender:
        race.put_back(sender, attempt)
        leaving = race.meanwhile(race.leave)
        assert not leaving.done()
    assert leaving.result().begun == ()
    assert race.state() == "left_out"


def test_an_uncertain_row_is_not_tried_again_by_a_sender_that_waits(race) -> None:
    with race.store.write() as session:
        attempt, _ = ledger.begin(session, race.lease, [race.row.id], "local")
        ledger.settle(session, "mailing", [Settled(race.row.id, attempt, "uncertain", why="no answer")])
        session.execute(update(Delivery).values(next_at=Delivery.first_begun_at))
    with open_transaction(race) as reader:
        assert race.leave(reader).begun == ()
        beginning = race.meanwhile(race.begin)
        assert not beginning.done()
    assert beginning.result() == []
    assert race.state() == "uncertain"


def test_who_leaves_waits_for_a_chunk_of_the_audience_and_finds_its_row(race, config, keys) -> None:
    mailing_id = another(race, config, keys)
    with race.store.write(one_moment=True) as freezer:
        chunk(freezer, mailing_id)
        leaving = race.meanwhile(lambda session: events.leave_all(session, race.row.subscriber_id, actor="choices"))
        assert not leaving.done()
    assert leaving.result().begun == ()
    assert rows_of(race, mailing_id) == [("left_out", "left meanwhile")]


def test_an_audience_waits_for_who_leaves_and_the_sender_begins_nothing(race, config, keys) -> None:
    mailing_id = another(race, config, keys)
    with open_transaction(race) as reader:
        assert race.leave(reader).begun == ()
        freezing = race.meanwhile(lambda session: chunk(session, mailing_id), one_moment=True)
        assert not freezing.done(), "its row would be sent without being named"
    freezing.result()
    begin_nothing(race, mailing_id)


def test_leaving_by_a_mailing_that_is_being_frozen_waits_for_nobody(race, config, keys) -> None:
    mailing_id = another(race, config, keys)
    wish = Wish(race.row.subscription_id, events.BY_ONE_CLICK, "one-click", mailing_id)

    def while_freezing() -> None:
        with race.store.write(one_moment=True) as freezer:
            freeze.hold(freezer, mailing_id)
            leaving = race.meanwhile(lambda session: leave_together(session, [wish]))
            assert leaving.result() == [events.Left("Press statements", already=False, begun=())]
            chunk(freezer, mailing_id)

    with pytest.raises(OperationalError) as met:
        while_freezing()
    assert met_another(met.value), "the worker would take it for a store that cannot be used"
    with race.store.write(one_moment=True) as freezer:
        assert freeze.next_bound(freezer, mailing_id) is None
    assert rows_of(race, mailing_id) == []


def begin_nothing(race: Race, mailing_id: int) -> None:
    """Take the last look at each row of the mailing, as a sender does, and see it left out."""
    with race.store.write() as session:
        lease = leases.lease(session, "mailing", "one", 60)
        for row_id in session.scalars(select(Delivery.id).where(Delivery.mailing_id == mailing_id)):
            assert ledger.begin(session, lease, [row_id], "local")[1] == {}
    assert rows_of(race, mailing_id) == [("left_out", "left meanwhile")]


def another(race: Race, config, keys) -> int:
    """Start one more mailing to the same list, its audience not yet frozen."""
    with race.store.write() as session:
        mailing_id = make_draft(session, config).id
    start(race.store, config, keys, mailing_id)
    with race.store.write() as session:
        assert freeze.unfrozen(session, "test") == mailing_id
    return mailing_id


def chunk(session: Session, mailing_id: int) -> int:
    """Freeze the whole audience in one chunk."""
    routes = freeze.choose_routes(session, mailing_id)
    return freeze.freeze(session, mailing_id, "test", freeze.next_bound(session, mailing_id, 100), routes)


def rows_of(race: Race, mailing_id: int) -> list[tuple[str, str]]:
    """Return state and reason of the mailing's rows as everybody sees them."""
    with race.store.read() as session:
        rows = session.execute(select(Delivery.state, Delivery.why).where(Delivery.mailing_id == mailing_id))
        return [(state, why) for state, why in rows]


def test_leaving_twice_at_once_is_one_withdrawal(race) -> None:
    with open_transaction(race) as first:
        assert not race.leave(first).already
        second = race.meanwhile(race.leave)
        assert not second.done()
    assert second.result().already
    with race.store.read() as session:
        kinds = [row.kind for row in consent.history(session, race.row.subscriber_id)]
    assert kinds == ["added", "withdrawn"]


@pytest.mark.parametrize("erasing", [True, False])
def test_everything_and_one_thing_at_once_never_wait_in_a_ring(race, keys, erasing) -> None:
    def everything(session: Session) -> object:
        if erasing:
            return erasure.erase(session, keys, race.row.subscriber_id, actor="choices")
        return events.leave_all(session, race.row.subscriber_id, actor="choices")

    with open_transaction(race) as first:
        everything(first)
        second = race.meanwhile(race.leave)
        assert not second.done()
    assert second.result().already
    assert race.state() == "left_out"


def test_confirming_and_not_me_at_once_leaves_one_of_them(race) -> None:
    with race.store.write() as session:
        subscription = subscriptions.need(session, race.row.subscription_id)
        subscriptions.end(session, subscription, events.BY_LINK)
        session.execute(text("UPDATE subscriptions SET state = 'pending', ended_at = NULL, ended_why = ''"))
        asked_minute = consent.minute(subscription.asked_at)

    def not_me(session: Session) -> events.NotMe:
        return events.not_me(session, race.row.subscriber_id, asked_minute, actor="link")

    with open_transaction(race) as first:
        assert subscriptions.confirm(first, [subscriptions.need(first, race.row.subscription_id)])
        second = race.meanwhile(not_me)
        assert not second.done()
    assert second.result() == events.NotMe((), suppressed=False)
