"""What an editor says about time."""

from datetime import UTC, datetime

import pytest

from mailer.errors import BadInput
from mailer.mailing import schedule


def test_a_local_time_with_its_zone_is_one_moment(moving_clock) -> None:
    when = schedule.parse("2027-03-01 09:00 Europe/Berlin", "UTC")
    assert when.moment == datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
    assert (when.local, when.zone) == ("2027-03-01 09:00", "Europe/Berlin")


def test_without_a_zone_it_is_the_sites(moving_clock) -> None:
    assert schedule.parse("2026-07-01 9:30", "America/New_York").moment == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_the_first(moving_clock) -> None:
    assert schedule.parse("2026-10-25 02:30 Europe/Berlin", "UTC").moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-29 02:30 Europe/Berlin", "clocks go forward"),
        ("2026-03-01 09:00 UTC", "in the past"),
        ("2026-03-02 09:00 UTC", "in the past"),
        ("2029-01-01 09:00 UTC", "two years away"),
        ("9999-12-31 23:59 Pacific/Pago_Pago", "two years away"),
        ("0001-01-01 00:00 Asia/Tokyo", "in the past"),
        ("2026-02-30 09:00 UTC", "not on the calendar"),
        ("2026-04-01 25:00 UTC", "not on the calendar"),
        ("2026-04-01 09:00 Mars/Olympus", "not a time zone"),
        ("2026-04-01 09:00 ../../etc/passwd", "not a time zone"),
        ("tomorrow", "not a time"),
        ("", "not a time"),
    ],
)
def test_what_is_no_time_is_refused_with_the_cure(moving_clock, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        schedule.parse(text, "UTC")
    assert refused.value.cure


def test_a_gap_is_answered_with_the_next_hour_there_is(moving_clock) -> None:
    with pytest.raises(BadInput, match="take 2026-03-29 03:30, "):
        schedule.parse("2026-03-29 02:30 Europe/Berlin", "UTC")


def test_of_an_hour_that_comes_twice_it_is_said_which_one_it_is(moving_clock) -> None:
    assert "this is the first of the two" in schedule.twice(schedule.parse("2026-10-25 02:30 Europe/Berlin", "UTC"))
    assert schedule.twice(schedule.parse("2026-10-25 03:00 Europe/Berlin", "UTC")) == ""


def test_a_zone_in_other_letters_is_named(moving_clock) -> None:
    with pytest.raises(BadInput, match="write Europe/Berlin"):
        schedule.parse("2026-04-01 09:00 europe/berlin", "UTC")


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berlin", "Mon 2 March 2026, 10:00 (Europe/Berlin, UTC+1)"),
        ("UTC", "Mon 2 March 2026, 09:00 (UTC)"),
        ("Asia/Kathmandu", "Mon 2 March 2026, 14:45 (Asia/Kathmandu, UTC+5:45)"),
    ],
)
def test_a_moment_is_said_with_zone_and_offset(zone: str, said: str) -> None:
    assert schedule.say(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), zone) == said
