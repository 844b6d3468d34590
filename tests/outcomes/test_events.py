"""What people tell us is done at once, once, and leaves a trace."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from mailer.errors import NotFound, Refused
from mailer.outcomes import erasure, events
from mailer.people import consent, lists, subscribers, subscriptions, suppression
from mailer.store.tables import Delivery, Notice, Outcome, Subscription
from tests.make import freeze_all, make_draft, make_list, make_reader, make_started, start, subscription_of


@pytest.fixture
def reader(store, keys, moving_clock) -> Subscription:
    """Make one list with one reader and return the subscription."""
    with store.write() as session:
        mlist = make_list(session)
        return subscription_of(session, make_reader(session, keys, "ann@example.org", mlist), mlist)


@pytest.fixture
def begun(store, config, keys, moving_clock) -> int:
    """Freeze a mailing to three readers of two lists; return its id."""
    mailing_id = make_started(store, config, keys, readers=3, names=("press", "news"))
    freeze_all(store, mailing_id)
    return mailing_id


def put(store, delivery_id: int, state: str) -> None:
    """Bring a delivery into a state the sender would bring it into."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    more = {
        "begun": {"attempt": 7, "worker": "w", "begun_at": now, "first_begun_at": now},
        "waiting": {"next_at": now, "why": "try later"},
        "uncertain": {"next_at": now, "why": "no answer", "first_begun_at": now},
        "accepted": {"final_at": now, "first_begun_at": now},
    }[state]
    with store.write() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(state=state, **more))


def deliveries(store, **where) -> list[Delivery]:
    with store.read() as session:
        return list(session.scalars(select(Delivery).filter_by(**where).order_by(Delivery.id)))


def outcomes(session) -> list[tuple[str, str, int | None]]:
    return [(row.kind, row.origin, row.mailing_id) for row in session.scalars(select(Outcome).order_by(Outcome.id))]


def leave(store, subscription, **more) -> events.Left:
    with store.write() as session:
        return events.leave(session, subscription.id, why=events.BY_LINK, actor="leave link", **more)


def test_leaving_ends_the_subscription_and_proves_it(store, reader, moving_clock) -> None:
    moving_clock.move(days=1)
    assert leave(store, reader, network="192.0.2.1") == events.Left("Press statements", already=False, begun=())
    with store.read() as session:
        found = subscriptions.need(session, reader.id)
        assert (found.state, found.ended_why, found.ended_at) == ("ended", events.BY_LINK, moving_clock.now())
        row = consent.history(session, reader.subscriber_id)[-1]
        assert (row.kind, row.actor, row.network, row.mailing_id) == ("withdrawn", "leave link", "192.0.2.1", None)
        assert outcomes(session) == [("unsubscribed", "leave", None)]


def test_leaving_again_changes_nothing(store, reader, moving_clock) -> None:
    leave(store, reader)
    moving_clock.move(days=400)
    assert leave(store, reader) == events.Left("Press statements", already=True, begun=())
    with store.read() as session:
        assert [row.kind for row in consent.history(session, reader.subscriber_id)] == ["added", "withdrawn"]
        assert len(outcomes(session)) == 1


@pytest.mark.parametrize("state", ["pending", "paused"])
def test_leaving_ends_what_is_pending_or_paused(store, keys, moving_clock, state) -> None:
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "ann@example.org")
        one = subscriptions.ask(session, person, mlist, words="w", page="", network="", actor="form")
        if state == "paused":
            subscriptions.confirm(session, [one])
            subscriptions.pause(session, one, moving_clock.now() + timedelta(days=9))
    assert not leave(store, one).already
    with store.read() as session:
        assert subscriptions.need(session, one.id).state == "ended"


def test_leaving_by_a_mailing_names_it_even_when_it_is_forgotten(store, begun, reader_of) -> None:
    leave(store, reader_of(0), mailing_id=begun)
    leave(store, reader_of(1), mailing_id=987654)
    with store.read() as session:
        assert outcomes(session) == [("unsubscribed", "leave", begun), ("unsubscribed", "leave", None)]
        rows = [consent.history(session, reader_of(number).subscriber_id)[-1] for number in (0, 1)]
        assert [row.mailing_id for row in rows] == [begun, 987654]


@pytest.fixture
def reader_of(store):
    """Return the subscription behind the delivery of this position."""
    return lambda position: _behind(store, deliveries(store)[position])


def _behind(store, delivery) -> Subscription:
    with store.read() as session:
        return session.get_one(Subscription, delivery.subscription_id)


def test_queued_and_waiting_are_left_out_and_begun_is_named(store, config, keys, moving_clock) -> None:
    with store.write() as session:
        mlist = make_list(session)
        ann, bea = (make_reader(session, keys, f"{name}@example.org", mlist) for name in ("ann", "bea"))
        mailing_ids = [make_draft(session, config).id for _ in range(5)]
        mine = subscription_of(session, ann, mlist)
    for mailing_id in mailing_ids:
        start(store, config, keys, mailing_id)
        freeze_all(store, mailing_id)
    rows = deliveries(store, subscriber_id=ann.id)
    for row, state in zip(rows, ("waiting", "begun", "uncertain", "accepted"), strict=False):
        put(store, row.id, state)
    left = leave(store, mine)
    assert left.begun == (rows[1].id,)
    after = deliveries(store, subscriber_id=ann.id)
    assert [row.state for row in after] == ["left_out", "begun", "uncertain", "accepted", "left_out"]
    assert {(row.why, row.final_at, row.next_at) for row in after if row.state == "left_out"} == {
        ("left meanwhile", moving_clock.now(), None)
    }
    assert after[2].next_at is None, "what was possibly sent is not sent again"
    assert {row.state for row in deliveries(store, subscriber_id=bea.id)} == {"queued"}
    with store.read() as session:
        assert events.still_begun(session, left.begun) == 1
    put(store, rows[1].id, "accepted")
    with store.read() as session:
        assert events.still_begun(session, left.begun) == 0
        assert events.still_begun(session, ()) == 0


def test_leaving_one_list_leaves_the_letters_of_the_other(store, begun, reader_of) -> None:
    mine = reader_of(0)
    with store.write() as session:
        other = next(
            one for one, _ in subscriptions.of_person(session, mine.subscriber_id) if one.list_id != mine.list_id
        )
    leave(store, other)
    assert deliveries(store, subscription_id=mine.id)[0].state == "queued"
    leave(store, mine)
    assert deliveries(store, subscription_id=mine.id)[0].state == "left_out"


def test_leaving_everything(store, keys, begun, reader_of) -> None:
    mine = reader_of(0)
    put(store, deliveries(store, subscription_id=mine.id)[0].id, "begun")
    with store.write() as session:
        left = events.leave_all(session, mine.subscriber_id, actor="choices")
        assert (len(left.list_titles), left.already, len(left.begun)) == (2, False, 1)
        assert {one.state for one, _ in subscriptions.of_person(session, mine.subscriber_id)} == {"ended"}
        (held,) = suppression.find(session, keys, "reader0@example.org")
        assert (held.scope, held.reason) == ("mailings", "left everything")
        assert len(outcomes(session)) == 2
        assert events.leave_all(session, mine.subscriber_id, actor="choices").already
        assert len(outcomes(session)) == 2
    assert {row.state for row in deliveries(store)} == {"begun", "queued"}


def test_undoing_brings_the_reader_back_but_no_letter(store, keys, begun, reader_of, moving_clock) -> None:
    mine = reader_of(0)
    with store.write() as session:
        events.leave_all(session, mine.subscriber_id, actor="choices")
    moving_clock.move(days=7)
    for _ in range(2):
        with store.write() as session:
            assert events.undo_leave(session, mine.id, actor="leave link").state == "active"
    with store.read() as session:
        kinds = [row.kind for row in consent.history(session, mine.subscriber_id)]
        assert kinds == ["added", "added", "withdrawn", "withdrawn", "undone"]
        assert outcomes(session)[-1][:2] == ("undone", "undo")
        assert suppression.find(session, keys, "reader0@example.org") == []
    assert deliveries(store, subscription_id=mine.id)[0].state == "left_out"


def test_undoing_has_its_limits(store, keys, reader, moving_clock) -> None:
    def refused(match: str) -> None:
        with store.write() as session:
            before = len(consent.history(session, reader.subscriber_id))
            with pytest.raises(Refused, match=match):
                events.undo_leave(session, reader.id, actor="leave link")
            assert subscriptions.need(session, reader.id).state == "ended"
            assert len(consent.history(session, reader.subscriber_id)) == before

    leave(store, reader)
    with store.write() as session:
        suppression.suppress(session, keys, "ann@example.org", scope="all", reason="complained")
    refused("cannot be undone")
    with store.write() as session:
        suppression.lift(session, keys, "ann@example.org", why="by mistake")
    moving_clock.move(days=7, seconds=1)
    refused("7 days only")


def test_what_was_never_confirmed_cannot_be_undone(store, keys, moving_clock) -> None:
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "ann@example.org")
        one = subscriptions.ask(session, person, mlist, words="w", page="", network="", actor="form")
    leave(store, one)
    with store.write() as session, pytest.raises(Refused, match="cannot be undone"):
        events.undo_leave(session, one.id, actor="leave link")


def test_a_renewed_sign_up_that_was_left_unconfirmed_cannot_be_undone(store, keys, reader) -> None:
    leave(store, reader)
    with store.write() as session:
        person, mlist = subscribers.need(session, "ann@example.org"), lists.named(session, "press")
        subscriptions.ask(session, person, mlist, words="w", page="", network="", actor="form")
    leave(store, reader)
    with store.write() as session, pytest.raises(Refused, match="cannot be undone"):
        events.undo_leave(session, reader.id, actor="leave link")


@pytest.mark.parametrize("lane", ["mailing", "notice"])
def test_a_mailbox_that_is_gone_is_noted_once_and_ends_nothing(store, keys, begun, lane, moving_clock) -> None:
    row = deliveries(store)[0]
    if lane == "notice":
        with store.write() as session:
            row = Notice(
                kind="confirm", subscriber_id=row.subscriber_id, address=row.address, language="en",
                address_hash=row.address_hash, made_at=moving_clock.now(),
            )  # fmt: skip
            session.add(row)
    for _ in range(2):
        with store.write() as session:
            events.refused_by_relay(session, lane, row.id, detail="550 5.1.1 no such user")
    with store.read() as session:
        (held,) = suppression.find_hash(session, row.address_hash)
        assert (held.scope, held.reason, held.origin) == ("all", "mailbox gone", f"{lane} {row.id}")
        assert outcomes(session) == [("refused", "relay", begun if lane == "mailing" else None)]
        assert {one.state for one, _ in subscriptions.of_person(session, row.subscriber_id)} == {"active"}


def test_things_that_never_were(store, reader) -> None:
    with store.write() as session:
        with pytest.raises(NotFound):
            events.leave(session, reader.id + 1, why="x", actor="x")
        with pytest.raises(NotFound):
            events.leave_all(session, reader.subscriber_id + 1, actor="x")
        with pytest.raises(NotFound):
            events.refused_by_relay(session, "mailing", 1, detail="")


def test_leaving_works_for_erased_readers(store, keys, reader) -> None:
    with store.write() as session:
        erasure.erase(session, keys, reader.subscriber_id, actor="choices")
    assert leave(store, reader) == events.Left("Press statements", already=True, begun=())
    with store.write() as session:
        assert events.leave_all(session, reader.subscriber_id, actor="choices").already
        with pytest.raises(Refused):
            events.undo_leave(session, reader.id, actor="leave link")
