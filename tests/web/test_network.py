"""Which network a request comes from, however it lies."""

import pytest
from starlette.requests import Request

from mailer.errors import ConfigError
from mailer.web import network
from tests.web.town import Town


def request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return Request({"type": "http", "client": (peer, 1234), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.5"], "198.51.100.7"),
        ("10.0.0.2", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.2", ["192.0.2.1, 203.0.113.5"], "203.0.113.5"),
        ("10.0.0.2", ["192.0.2.1", "203.0.113.5"], "203.0.113.5"),
        ("10.0.0.2", ["192.0.2.1, 203.0.113.5, 10.0.0.3"], "203.0.113.5"),
        ("10.0.0.2", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.2", ["nonsense"], "10.0.0.2"),
        ("10.0.0.2", ["203.0.113.5, nonsense, 10.0.0.3"], "10.0.0.3"),
        ("10.0.0.2", [""], "10.0.0.2"),
        ("10.0.0.2", ["2001:db8:1:2:3::9"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("10.0.0.2", ["203.0.113.5\x00"], "10.0.0.2"),
    ],
)
def test_only_named_proxies_are_believed(peer: str, forwarded: list[str], found: str) -> None:
    assert network.of(request(peer, *forwarded), network.trusted(["10.0.0.0/8"])) == found


def test_without_named_proxies_nobody_is_believed() -> None:
    assert network.of(request("127.0.0.1", "203.0.113.5"), ()) == "127.0.0.1"


def test_a_peer_without_an_address_is_nowhere() -> None:
    assert network.of(Request({"type": "http", "client": None, "headers": []}), ()) == ""


def test_what_is_no_address_is_told_to_the_operator() -> None:
    with pytest.raises(ConfigError, match=r"web\.trusted_proxies"):
        network.trusted(["proxy.example"])


def test_pretending_to_be_many_does_not_help(small_town: Town) -> None:
    """Another X-Forwarded-For each time is still one network."""
    allowed = small_town.config.signup.per_network_hour
    codes = [
        small_town.client.post(
            "/s",
            data={"address": f"a{number}@example.org", "list": "press"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        ).status_code
        for number in range(allowed + 1)
    ]
    assert codes == [200] * allowed + [429]


@pytest.mark.parametrize(
    ("peer", "header", "is_here"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.9", {}, True),
        ("192.0.2.10", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"via": "1.1 proxy"}, False),
        ("10.0.0.2", {"x-forwarded-for": "192.0.2.9"}, True),
        ("10.0.0.2", {"x-forwarded-for": "127.0.0.1, 203.0.113.5"}, False),
        ("10.0.0.2", {"x-forwarded-for": "203.0.113.5"}, False),
    ],
)
def test_who_comes_through_a_proxy_is_not_from_here(peer: str, header: dict[str, str], is_here: bool) -> None:
    headers = [(name.encode(), value.encode()) for name, value in header.items()]
    asked = Request({"type": "http", "client": (peer, 1) if peer else None, "headers": headers})
    assert network.is_from(asked, network.trusted(["10.0.0.2"]), ["192.0.2.9"]) is is_here
