"""Limits on what strangers can set off."""

import pytest

from mailer import address
from mailer.people import limits


def test_tries_are_drawn_until_none_is_left(store, moving_clock) -> None:
    with store.write() as session:
        for _ in range(3):
            assert limits.draw(session, limits.CONFIRM, "ann", allowed=3, per=limits.DAY)
            moving_clock.move(hours=1)
        assert not limits.draw(session, limits.CONFIRM, "ann", allowed=3, per=limits.DAY)
        assert limits.draw(session, limits.CONFIRM, "bea", allowed=3, per=limits.DAY)
        assert limits.draw(session, limits.LINK, "ann", allowed=3, per=limits.DAY)
        moving_clock.move(hours=21)
        assert limits.draw(session, limits.CONFIRM, "ann", allowed=3, per=limits.DAY)
        assert not limits.draw(session, limits.CONFIRM, "ann", allowed=3, per=limits.DAY)


def test_tries_are_counted_between_two_moments_and_forgotten(store, moving_clock) -> None:
    with store.write() as session:
        moments = []
        for _ in range(3):
            moments.append(moving_clock.now())
            limits.hit(session, limits.SIGN_UP, "192.0.2.1")
            moving_clock.move(minutes=1)
        assert limits.count(session, limits.SIGN_UP, "192.0.2.1", moments[0]) == 2
        assert limits.count(session, limits.SIGN_UP, "192.0.2.1", moments[0], moments[1]) == 1
        assert limits.forget(session, moments[2]) == 2
        assert limits.count(session, limits.SIGN_UP, "192.0.2.1", moments[0]) == 1


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (" 2001:DB8:1:2::1 ", "2001:db8:1:2::/64"),
        ("unknown\x00", "unknown"),
        ("", ""),
    ],
)
def test_networks(text, network) -> None:
    assert limits.network(text) == network


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_what_is_kept_of_a_network_is_nobodys_own(text, place) -> None:
    assert limits.neighbourhood(text) == place


@pytest.mark.parametrize(
    ("spelled", "mailbox"),
    [
        ("Ann+news@Example.org", "ann@example.org"),
        ("a.n.n+1@gmail.com", "ann@gmail.com"),
        ("a.n.n@example.org", "ann@example.org"),
        ("ANN@googlemail.com", "ann@gmail.com"),
        ("ann-news@yahoo.de", "ann@yahoo.de"),
        ("ann-marie@example.org", "ann-marie@example.org"),
        ("ａｎｎ@example.org", "ann@example.org"),
        ("Ánn+x@Bücher.example", "ann@xn--bcher-kva.example"),
        ("+a@example.org", "@example.org"),
    ],
)
def test_spellings_of_one_mailbox_share_a_limit(spelled, mailbox) -> None:
    assert limits.mailbox(address.parse(spelled)) == mailbox


@pytest.mark.parametrize("local", ["abuse", "Postmaster", "noreply", "no-reply", "MAILER-DAEMON", "abuse+x"])
def test_nobodys_own_addresses(local) -> None:
    assert limits.is_role(address.parse(f"{local}@example.org"))


@pytest.mark.parametrize("local", ["info", "office", "abuser", "ann"])
def test_offices_may_read_us(local) -> None:
    assert not limits.is_role(address.parse(f"{local}@example.org"))
