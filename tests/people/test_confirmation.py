"""A confirm link stands for the lists of its own mail, for some days, as long as the sign-up is open."""

from datetime import datetime

import pytest
from sqlalchemy import select

from mailer import clock
from mailer.errors import Refused
from mailer.people import confirmation, consent, lists, signups, subscribers, subscriptions, suppression
from mailer.store.tables import Signup
from tests.make import make_list


@pytest.fixture
def asked(store, keys, config, moving_clock):
    """Sign Ann up for press and return (person, minute) as her link has them."""
    with store.write() as session:
        make_list(session)
        make_list(session, "news", title="News")
    return ask(store, keys, config, "press")


def ask(store, keys, config, *names):
    with store.write() as session:
        signups.write(session, address_text="ann@example.org", lists=names, words="I want {list}", page="p")
        (followup,) = signups.take(session, keys, config)
        return followup.subscriber_id, consent.minute(followup.asked_at)


def look(store, config, link) -> tuple[str, list[str]]:
    with store.read() as session:
        found = confirmation.look(session, config, *link)
        return found.state, [mlist.name for mlist in found.mlists]


def confirm(store, config, link) -> tuple[str, list[str]]:
    with store.write() as session:
        done = confirmation.confirm(session, config, *link, page="confirm", network="192.0.2.1")
        return done.state, [mlist.name for mlist in done.mlists]


def state_of(store, link, name) -> str:
    with store.read() as session:
        return subscriptions.between(session, link[0], lists.named(session, name).id).state


def test_pressing_confirms_and_pressing_again_is_no_error(store, config, asked) -> None:
    assert look(store, config, asked) == ("open", ["press"])
    assert look(store, config, asked) == ("open", ["press"])
    assert confirm(store, config, asked) == ("confirmed", ["press"])
    assert confirm(store, config, asked) == ("already", ["press"])
    assert look(store, config, asked) == ("already", ["press"])


def test_one_link_confirms_all_lists_of_its_mail_whenever_the_minute_ends(
    store, keys, config, moving_clock, monkeypatch
) -> None:
    with store.write() as session:
        for name in ("one", "two", "three"):
            make_list(session, name)

    def later() -> datetime:
        # Every reading of the clock is half a minute after the one before.
        moving_clock.move(seconds=30)
        return moving_clock.now()

    monkeypatch.setattr(clock, "now", later)
    link = ask(store, keys, config, "one", "two", "three")
    state, names = look(store, config, link)
    assert (state, sorted(names)) == ("open", ["one", "three", "two"])


def test_each_link_confirms_the_lists_of_its_own_mail(store, keys, config, asked, moving_clock) -> None:
    moving_clock.move(days=1)
    ask(store, keys, config, "news")
    assert look(store, config, asked) == ("open", ["press"])
    assert confirm(store, config, asked) == ("confirmed", ["press"])
    assert state_of(store, asked, "news") == "pending"


def test_one_mail_serves_everything_that_waits(store, keys, config, asked, moving_clock) -> None:
    moving_clock.move(days=1)
    later = ask(store, keys, config, "news")
    assert look(store, config, later) == ("open", ["news", "press"])
    assert confirm(store, config, later) == ("confirmed", ["news", "press"])
    assert look(store, config, asked) == ("already", ["press"])


@pytest.mark.parametrize("also", [(), ("news",), ("news", "nothing", "press")])
def test_what_was_asked_for_after_the_mail_is_confirmed_where_it_is_ticked(
    store, keys, config, asked, moving_clock, also
) -> None:
    moving_clock.move(minutes=5)
    with store.write() as session:
        signups.write(session, address_text="ann@example.org", lists=["news", "press"], words="I want {list}")
        assert signups.take(session, keys, config) == []
    with store.write() as session:
        found = confirmation.look(session, config, *asked)
        assert [mlist.name for mlist in found.others] == ["news"]
        done = confirmation.confirm(session, config, *asked, also=also)
        assert [mlist.name for mlist in done.mlists] == ["press", "news"][: 1 + bool(also)]
        agreed = {row.words for row in consent.history(session, asked[0]) if row.kind == consent.CONFIRMED}
        assert agreed == {"I want Press statements", *(["I want News"] if also else [])}
    assert state_of(store, asked, "news") == ("active" if also else "pending")


def test_an_older_link_still_works_after_asking_again(store, keys, config, asked, moving_clock) -> None:
    moving_clock.move(days=1)
    later = ask(store, keys, config, "press", "news")
    assert look(store, config, later) == ("open", ["news", "press"])
    assert confirm(store, config, asked) == ("confirmed", ["press"])
    assert confirm(store, config, later) == ("confirmed", ["news"])


def test_a_link_from_before_leaving_does_nothing(store, keys, config, asked, moving_clock) -> None:
    with store.write() as session:
        mlist = lists.named(session, "press")
        subscriptions.end(session, subscriptions.between(session, asked[0], mlist.id), "left by the link")
    assert look(store, config, asked) == ("gone", [])
    moving_clock.move(days=1)
    later = ask(store, keys, config, "press")
    assert confirm(store, config, asked) == ("gone", [])
    assert confirm(store, config, later) == ("confirmed", ["press"])


def test_a_link_expires_and_is_renewed_without_typing(store, keys, config, asked, moving_clock) -> None:
    moving_clock.move(days=config.signup.link_days)
    assert look(store, config, asked)[0] == "open"
    moving_clock.move(minutes=2)
    assert confirm(store, config, asked) == ("expired", ["press"])
    assert state_of(store, asked, "press") == "pending"
    with store.write() as session:
        confirmation.ask_again(session, config, *asked, page="again", network="192.0.2.1")
        (followup,) = signups.take(session, keys, config)
        assert consent.history(session, asked[0])[-1].words == "I want Press statements"
    fresh = (followup.subscriber_id, consent.minute(followup.asked_at))
    assert confirm(store, config, fresh) == ("confirmed", ["press"])


def test_only_an_expired_link_is_renewed(store, config, asked) -> None:
    with store.write() as session:
        with pytest.raises(Refused, match="subscribe anew"):
            confirmation.ask_again(session, config, *asked, page="", network="")
        assert len(session.scalars(select(Signup)).all()) == 1


def test_links_to_nobody(store, config, asked) -> None:
    assert look(store, config, (asked[0] + 1, asked[1])) == ("gone", [])
    assert look(store, config, (asked[0], asked[1] - 1)) == ("gone", [])
    with store.write() as session:
        subscribers.blank(session, subscribers.need(session, "ann@example.org"))
    assert confirm(store, config, asked) == ("gone", [])


def test_a_closed_list_is_confirmed_no_more(store, config, asked) -> None:
    with store.write() as session:
        lists.close(session, lists.named(session, "press"))
    assert confirm(store, config, asked) == ("gone", [])


def test_a_suppressed_address_is_not_confirmed(store, keys, config, asked) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, "ann@example.org", scope="all", reason="complained")
    with pytest.raises(Refused, match="not to write"):
        confirm(store, config, asked)
    assert state_of(store, asked, "press") == "pending"
