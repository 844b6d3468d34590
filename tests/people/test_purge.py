"""Sign-ups nobody confirmed are forgotten, people with a history are not."""

import pytest
from sqlalchemy import func, select

from mailer.people import consent, lists, purge, signups, subscribers, subscriptions
from mailer.store.tables import Consent, Notice, Signup, Subscriber, Subscription
from tests.make import make_list, make_reader, subscription_of


@pytest.fixture
def press(store, moving_clock):
    with store.write() as session:
        return make_list(session)


def sign_up(store, keys, config, spelled: str) -> int:
    with store.write() as session:
        signups.write(session, address_text=spelled, lists=["press"], name="Ann")
        (followup,) = signups.take(session, keys, config)
        return followup.subscriber_id


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table))


def test_a_stranger_is_forgotten_whole(store, keys, config, press, moving_clock) -> None:
    stranger = sign_up(store, keys, config, "ann@example.org")
    with store.write() as session:
        notice = Notice(
            kind="confirm", subscriber_id=stranger, address="ann@example.org", address_hash="x", language="en",
            state="left_out", why="stopped", made_at=moving_clock.now(), final_at=moving_clock.now(), name="Ann",
        )  # fmt: skip
        session.add(notice)
    with store.write() as session:
        assert purge.forget_pending(session, moving_clock.now()) == 0
        assert purge.forget_pending(session, moving_clock.move(days=30)) == 1
        assert [count(session, table) for table in (Subscription, Subscriber, Consent, Signup)] == [0, 0, 0, 0]
        kept = session.get_one(Notice, notice.id, populate_existing=True)
        assert (kept.subscriber_id, kept.address, kept.name) == (None, "", "")


def test_who_asked_again_lately_is_kept(store, keys, config, press, moving_clock) -> None:
    sign_up(store, keys, config, "ann@example.org")
    moving_clock.move(days=29)
    sign_up(store, keys, config, "ann@example.org")
    before = moving_clock.now()
    with store.write() as session:
        assert purge.forget_pending(session, before) == 0
        assert count(session, Subscription) == 1


def test_who_has_or_had_something_else_is_kept(store, keys, config, press, moving_clock) -> None:
    with store.write() as session:
        make_list(session, "news")
        reader = make_reader(session, keys, "reader@example.org", lists.named(session, "news"))
        left = make_reader(session, keys, "left@example.org", lists.named(session, "press"))
        ended = subscription_of(session, left, press)
        subscriptions.end(session, ended, "left by the link")
        consent.record(session, ended, consent.WITHDRAWN, actor="link")
    sign_up(store, keys, config, "reader@example.org")
    sign_up(store, keys, config, "left@example.org")
    with store.write() as session:
        assert purge.forget_pending(session, moving_clock.move(days=40)) == 1
        assert subscribers.need(session, "reader@example.org").id == reader.id
        assert subscriptions.between(session, reader.id, press.id) is None
        assert subscriptions.between(session, left.id, press.id).state == "pending"
