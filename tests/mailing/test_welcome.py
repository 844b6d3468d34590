"""Confirming and the welcome that follows, in one step."""

import pytest

from mailer.errors import Refused
from mailer.mailing import links, notices, welcome
from mailer.people import breaker, limits, signups
from mailer.store.tables import Notice
from tests.make import make_list


@pytest.fixture
def asked(store, config, keys, moving_clock):
    """Sign somebody up for two lists; return what the confirm link says."""
    with store.write() as session:
        make_list(session)
        make_list(session, "works", title="Planned works")
        signups.write(session, address_text="ben@example.org", lists=["press", "works"], words="I want {list}.")
        notices.answer_signups(session, config, keys)
        (notice,) = session.query(Notice)
        return links.read(keys, links.CONFIRM, notice.links["confirm"].rsplit("/", 1)[1])


def test_the_welcome_follows_once(store, config, keys, asked) -> None:
    with store.write() as session:
        assert welcome.look(session, config, keys, *asked).state == "open"
        done = welcome.confirm(session, config, keys, *asked, page="p", network="n")
        assert (done.state, done.masked) == ("confirmed", "b…n@example.org")
        assert done.list_titles == ("Planned works", "Press statements")
        assert welcome.confirm(session, config, keys, *asked, page="p", network="n").state == "already"
        told = [row for row in session.query(Notice) if row.kind == "welcome"]
        assert [row.facts["lists"] for row in told] == ["Planned works\nPress statements"]


def test_who_confirms_lightens_the_limits(store, config, keys, asked, moving_clock) -> None:
    mailbox, domain = keys.address_hash("ben@example.org"), limits.domain_name(keys, "example.org")
    since = moving_clock.now() - limits.DAY
    counted = ((limits.CONFIRM, mailbox), (limits.DOMAIN_CONFIRMED, domain), (breaker.CONFIRMED, "works"))
    with store.write() as session:
        assert [limits.count(session, *each, since) for each in counted] == [1, 0, 0]
        for _ in range(2):
            welcome.confirm(session, config, keys, *asked, page="p", network="n")
            assert [limits.count(session, *each, since) for each in counted] == [0, 1, 1]


def test_an_old_link_asks_anew_and_a_good_one_does_not(store, config, keys, asked, moving_clock) -> None:
    with store.write() as session:
        with pytest.raises(Refused):
            welcome.ask_again(session, config, keys, *asked, page="p", network="n")
        moving_clock.move(days=config.signup.link_days, minutes=2)
        assert welcome.confirm(session, config, keys, *asked, page="p", network="n").state == "expired"
        assert welcome.ask_again(session, config, keys, *asked, page="p", network="n").masked == "b…n@example.org"
        notices.answer_signups(session, config, keys)
        assert [row.kind for row in session.query(Notice)] == ["confirm", "confirm"]


def test_nobody_has_nothing_to_confirm(store, config, keys) -> None:
    with store.read() as session:
        assert welcome.look(session, config, keys, 404, 1) == welcome.Standing("gone")
