"""Where a leave link leads, the undo of one leaving or of all, and reasons."""

import pytest

from mailer.errors import NotFound, Refused
from mailer.outcomes import events, leave_link
from mailer.people import lists, subscriptions
from tests.make import make_list, make_reader, subscription_of


@pytest.fixture
def reader(store, keys):
    """Make a reader of two lists; return the ids of person and subscriptions."""
    with store.write() as session:
        mlists = [make_list(session), make_list(session, "works", title="Planned works")]
        person = make_reader(session, keys, "anna@example.org", *mlists)
        return person.id, *(subscription_of(session, person, mlist).id for mlist in mlists)


def test_an_open_subscription_is_shown_masked(store, reader) -> None:
    with store.read() as session:
        place = leave_link.look(session, reader[1])
    assert (place.state, place.list_title, place.masked) == (leave_link.OPEN, "Press statements", "a…a@example.org")
    assert not place.can_undo


def test_one_that_was_left_says_when_and_for_how_long_it_comes_back(store, reader, moving_clock) -> None:
    with store.write() as session:
        events.leave(session, reader[1], why=events.BY_LINK, actor="test")
        place = leave_link.look(session, reader[1])
        assert (place.state, place.left_at, place.can_undo) == (leave_link.LEFT, moving_clock.now(), True)
        moving_clock.move(days=events.UNDO_DAYS, seconds=1)
        assert not leave_link.look(session, reader[1]).can_undo


def test_a_closed_list_takes_no_sign_ups(store, reader) -> None:
    with store.write() as session:
        assert leave_link.look(session, reader[1]).takes_signups
        lists.close(session, lists.named(session, "press"))
        assert not leave_link.look(session, reader[1]).takes_signups


def test_nobody_is_gone(store) -> None:
    with store.read() as session:
        assert leave_link.look(session, 404).state == leave_link.GONE


def test_undoing_everything_brings_back_what_was_left_together(store, reader, moving_clock) -> None:
    person, press, works = reader
    with store.write() as session:
        events.leave(session, press, why=events.BY_LINK, actor="test")
        moving_clock.move(minutes=5)
        events.leave_all(session, person, actor="test")
        moving_clock.move(minutes=5)
        assert leave_link.undo(session, press, everything=True, actor="test") == ("Planned works",)
        assert subscriptions.need(session, press).state == "ended"
        assert subscriptions.need(session, works).state == "active"
        assert leave_link.undo(session, press, everything=False, actor="test") == ("Press statements",)


def test_what_cannot_be_undone_is_refused(store, reader, moving_clock) -> None:
    person, press, _ = reader
    with store.write() as session:
        events.leave_all(session, person, actor="test")
        moving_clock.move(days=8)
        for everything in (True, False):
            with pytest.raises(Refused):
                leave_link.undo(session, press, everything=everything, actor="test")
        with pytest.raises(NotFound):
            leave_link.undo(session, 404, everything=False, actor="test")


def test_how_often_is_a_wish_of_who_gets_the_list(store, reader) -> None:
    _, press, works = reader
    with store.write() as session:
        leave_link.write_how_often(session, press, "weekly")
        assert leave_link.look(session, press).frequency == "weekly"
        subscriptions.pause_for(session, press, 30)
        leave_link.write_how_often(session, press, "each")
        assert leave_link.look(session, press).frequency == "each"
        events.leave(session, works, why=events.BY_LINK, actor="test")
        with pytest.raises(Refused):
            leave_link.write_how_often(session, works, "weekly")
