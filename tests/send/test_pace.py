"""The pace of a relay towards one receiving domain."""

import pytest

from mailer.outcomes.verdict import Reply
from mailer.send.pace import RECOVERY_SECONDS, REST, Pace, is_throttling

SLOWER = Reply(450, "4.7.1 slow down", "rcpt")
FINE = Reply(250, "2.0.0 taken", "end")


def at_rate(pace: Pace, route: str, rate: int, seconds: int = 3, start: float = 0.0) -> float:
    """Let a route take so many messages a second; return the moment after."""
    for number in range(rate * seconds):
        pace.concluded(route, route, FINE, start + number / rate)
    return start + seconds


@pytest.mark.parametrize(
    "said",
    [
        "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
        "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume",
        "450 4.7.1 slow down",
        "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation",
        "452 4.5.3 too many messages from you",
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
    ],
)
def test_these_ask_for_less(said) -> None:
    assert is_throttling(Reply(int(said[:3]), said[4:], "rcpt"))


@pytest.mark.parametrize(
    "said",
    [
        "450 4.7.1 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.example",
        "451 4.7.1 Greylisting in action, please come back later",
        "452 4.2.2 mailbox full",
        "450 4.2.1 busy",
        "451 4.3.0 temporary failure",
        "550 5.7.1 rate limited for ever",
    ],
)
def test_these_do_not(said) -> None:
    assert not is_throttling(Reply(int(said[:3]), said[4:], "rcpt"))


def test_a_domain_that_asks_is_halved_and_recovers_within_a_quarter_of_an_hour() -> None:
    pace = Pace({})
    now = at_rate(pace, "gmail.com", 100)
    assert pace.allowed("gmail.com", now) is None
    pace.concluded("gmail.com", "gmail.com", SLOWER, now)
    halved = pace.allowed("gmail.com", now)
    assert halved == pytest.approx(50, rel=0.1)
    # Answers to what was on the way already are the same answer.
    pace.concluded("gmail.com", "gmail.com", SLOWER, now + 1)
    assert pace.allowed("gmail.com", now) == halved
    pace.concluded("gmail.com", "gmail.com", SLOWER, now + 5)
    assert pace.allowed("gmail.com", now + 5) == pytest.approx(25, rel=0.1)
    assert 50 < (pace.allowed("gmail.com", now + 5 + RECOVERY_SECONDS / 2) or 0) < 80
    assert pace.allowed("gmail.com", now + 5 + RECOVERY_SECONDS) is None
    assert pace.allowed("gmx.de", now + 5) is None


def test_a_slowed_domain_gets_its_rate_and_no_more() -> None:
    pace = Pace({})
    now = at_rate(pace, "gmail.com", 20)
    pace.concluded("gmail.com", "gmail.com", SLOWER, now)
    taken = sum(pace.take("gmail.com", now + step / 100) for step in range(1000))
    assert 90 <= taken <= 120
    assert all(pace.take("gmx.de", now) for _ in range(1000))
    assert not pace.may_go("gmail.com", now + 9.99)
    assert pace.may_go("gmail.com", now + 12)


def test_it_never_stops_for_good() -> None:
    pace = Pace({})
    for number in range(50):
        pace.concluded("gmail.com", "gmail.com", SLOWER, number * 10.0)
    assert pace.take("gmail.com", 490 + 20.0)


def test_small_domains_are_slowed_together_only_if_several_ask() -> None:
    pace = Pace({})
    now = at_rate(pace, REST, 10)
    for _ in range(5):
        pace.concluded(REST, "one.example", SLOWER, now)
    assert pace.allowed(REST, now) is None
    pace.concluded(REST, "two.example", SLOWER, now)
    pace.concluded(REST, "three.example", SLOWER, now)
    assert pace.allowed(REST, now) == pytest.approx(5, rel=0.2)
