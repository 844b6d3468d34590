"""The link for whoever was signed up by somebody else."""

import pytest

from mailer.errors import Refused
from mailer.outcomes import events
from mailer.people import consent, lists, signups, subscribers, subscriptions, suppression
from tests.make import make_list


def test_not_me_takes_the_sign_up_back_and_we_never_write_again(store, keys, config, moving_clock) -> None:
    subscriber_id, minute = sign_up(store, keys, config)
    with store.write() as session:
        done = events.not_me(session, subscriber_id, minute, actor="not-me link", network="192.0.2.1")
        assert done == events.NotMe(("Press statements",), suppressed=True)
        ((one, _),) = subscriptions.of_person(session, subscriber_id)
        assert (one.state, one.ended_why) == ("ended", "not me")
        assert [row.kind for row in consent.history(session, subscriber_id)] == ["asked", "not me"]
        (held,) = suppression.find(session, keys, "ann@example.org")
        assert (held.scope, held.reason) == ("all", "not me")
        assert events.not_me(session, subscriber_id, minute, actor="not-me link").list_titles == ()
        with pytest.raises(Refused):
            events.undo_leave(session, one.id, actor="leave link")


def sign_up(store, keys, config) -> tuple[int, int]:
    with store.write() as session:
        if not lists.every(session):
            make_list(session)
        signups.write(session, address_text="ann@example.org", lists=["press"])
        (followup,) = signups.take(session, keys, config)
        return followup.subscriber_id, consent.minute(followup.asked_at)


def test_not_me_of_a_reader_ends_only_what_somebody_else_asked_for(store, keys, config, moving_clock) -> None:
    subscriber_id, minute = sign_up(store, keys, config)
    with store.write() as session:
        ann = subscribers.need(session, "ann@example.org")
        news = make_list(session, "news", title="News")
        subscriptions.add_confirmed(session, ann, news, statement="at the counter", actor="cli")
        assert events.not_me(session, subscriber_id, minute, actor="link") == events.NotMe(("Press statements",), False)
        assert suppression.find(session, keys, "ann@example.org") == []
        assert subscriptions.between(session, ann.id, news.id).state == "active"


def test_an_old_not_me_link_does_not_touch_a_newer_sign_up(store, keys, config, moving_clock) -> None:
    subscriber_id, minute = sign_up(store, keys, config)
    with store.write() as session:
        events.leave(session, subscriptions.of_person(session, subscriber_id)[0][0].id, why="x", actor="x")
    moving_clock.move(days=1)
    sign_up(store, keys, config)
    with store.write() as session:
        assert events.not_me(session, subscriber_id, minute, actor="link") == events.NotMe((), False)
        assert subscriptions.of_person(session, subscriber_id)[0][0].state == "pending"


def test_not_me_ends_also_what_the_same_somebody_asked_for_later(store, keys, config, moving_clock) -> None:
    subscriber_id, minute = sign_up(store, keys, config)
    moving_clock.move(minutes=5)
    with store.write() as session:
        make_list(session, "news", title="News")
        signups.write(session, address_text="ann@example.org", lists=["news"])
        assert signups.take(session, keys, config) == [], "the letter of before serves this too"
        done = events.not_me(session, subscriber_id, minute, actor="not-me link")
        assert done == events.NotMe(("News", "Press statements"), suppressed=True)
