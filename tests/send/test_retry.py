"""The ladder of retries."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.config_sections import Send
from mailer.outcomes.verdict import Reply
from mailer.send.breaker import Breaker
from mailer.send.retry import LONGEST, Try, conclude, wait_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def trial(**more: object) -> Try:
    given = {"row_id": 1, "attempt": 7, "tries": 1, "relay": "local", "worker": "one", "may_retry": True}
    return Try(**{**given, "deadline": NOW + timedelta(hours=1), **more})  # type: ignore[arg-type]


def test_waits_begin_at_a_quarter_of_an_hour_grow_and_end_at_six() -> None:
    waits = [wait_after(tries, Send()) for tries in range(1, 12)]
    assert timedelta(minutes=13) < waits[0] < timedelta(minutes=17)
    assert waits[0] < waits[1] < waits[2] < waits[3]
    assert max(waits) <= LONGEST * 1.1
    assert wait_after(10_000, Send()) <= LONGEST * 1.1


@pytest.mark.parametrize(
    ("kind", "reply", "state"),
    [
        ("accepted", Reply(250, "ok"), "accepted"),
        ("gone", Reply(550, "5.1.1 no"), "refused"),
        ("size", Reply(552, "5.3.4 no"), "refused"),
        ("later", Reply(450, "busy"), "waiting"),
        ("policy", Reply(554, "spam"), "waiting"),
        ("authentication", Reply(535, "who?"), "waiting"),
        ("uncertain", Reply(0, "cut"), "uncertain"),
        ("unwritten", Reply(0, "", "none"), "queued"),
    ],
)
def test_each_verdict_has_its_state(kind, reply, state) -> None:
    done = conclude(trial(), kind, reply, Send(), NOW)
    assert (done.state, done.row_id, done.attempt) == (state, 1, 7)
    assert bool(done.why) == (kind not in ("accepted", "unwritten"))
    assert (done.next_at is not None) == (state in ("waiting", "uncertain"))


def test_a_temporary_refusal_is_final_only_after_the_deadline() -> None:
    late = conclude(trial(deadline=NOW - timedelta(seconds=1)), "later", Reply(450, "busy"), Send(), NOW)
    assert (late.state, late.next_at) == ("refused", None)
    assert "until the deadline" in late.why


def test_a_second_doubt_waits_for_a_person() -> None:
    assert conclude(trial(may_retry=False), "uncertain", Reply(0), Send(), NOW).next_at is None


@pytest.mark.parametrize(
    ("kind", "reply", "state", "is_tried_again"),
    [
        ("unwritten", Reply(0, "", "none"), "uncertain", True),
        ("later", Reply(450, "busy"), "uncertain", True),
        ("uncertain", Reply(0, "cut"), "uncertain", False),
        ("accepted", Reply(250, "ok"), "accepted", False),
        ("gone", Reply(550, "5.1.1 no"), "refused", False),
    ],
)
def test_who_possibly_has_it_is_uncertain_until_a_relay_says_yes_or_no(kind, reply, state, is_tried_again) -> None:
    done = conclude(trial(doubted=True, may_retry=False), kind, reply, Send(), NOW)
    assert (done.state, done.next_at is not None) == (state, is_tried_again)
    assert done.why or state == "accepted"


def test_who_possibly_has_it_is_not_called_refused_by_a_deadline() -> None:
    passed = trial(doubted=True, may_retry=False, deadline=NOW - timedelta(seconds=1))
    done = conclude(passed, "later", Reply(450, "busy"), Send(), NOW)
    assert (done.state, done.next_at) == ("uncertain", None)


def test_the_breaker_opens_at_ten_in_a_row() -> None:
    breaker = Breaker()
    assert [breaker.count("policy") for _ in range(10)] == [False] * 9 + [True]


def test_the_breaker_opens_at_five_per_cent_of_two_hundred() -> None:
    breaker = Breaker()
    opened = [breaker.count("policy" if number % 19 == 0 else "accepted") for number in range(200)]
    assert opened.index(True) == 9 * 19


def test_readers_refusals_never_open_it() -> None:
    breaker = Breaker()
    assert not any(breaker.count("gone") for _ in range(300))
