"""Tests of dates as people write them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.sources import dates

FIFTH = datetime.date(2023, 10, 5)


@pytest.mark.parametrize(
    "line",
    [
        "5 October 2023", "October 5, 2023", "Oct. 5, 2023", "5 Oct 2023", "5th of October 2023",
        "October 5th, 2023",
        "Thursday, 5 October 2023", "Thursday 5 October 2023", "2023-10-05", "2023/10/05", "2023-10-05T08:30:00Z",
        "5.10.2023", "05.10.2023", "5.10.23", "5. 10. 2023", "05/10/2023", "10/15/2023", "Date: 5 October 2023",
        "Published on 5 October 2023", "5 October 2023, 10:30", "5 October 2023 at 10:30 am",
        "Northport, 5 October 2023",
        "Newcastle upon Tyne – 5 October 2023", "Rio de Janeiro, 5 October 2023", "5 October 2023, Northport",
        "5. Oktober 2023", "Berlin, 5. Oktober 2023", "Berlin, den 5. Oktober 2023", "Donnerstag, 5. Oktober 2023",
        "5 octobre 2023", "Paris, le 5 octobre 2023", "le jeudi 5 octobre 2023", "5 de octubre de 2023",
        "Madrid, a 5 de octubre de 2023", "jueves, 5 de octubre de 2023", "5 ottobre 2023", "Roma, 5 ottobre 2023",
        "5 de outubro de 2023", "Lisboa, 5 de outubro de 2023", "5 oktober 2023", "5 октября 2023 г.",
        "5 жовтня 2023 року",
        "5 października 2023 r.", "den 5 oktober 2023", "5. října 2023", "5. lokakuuta 2023", "5 Ekim 2023",
        "2023年10月5日", "٥ أكتوبر ٢٠٢٣", "5 October 2023, 7 pm", "2023-10-05 09:00:00 +0200",
        "5 Οκτωβρίου 2023", "[5 October 2023]",
    ],
)  # fmt: skip
def test_a_date_line_is_a_date(line: str) -> None:
    found = dates.of_line(line)
    assert found == (datetime.date(2023, 10, 15) if line == "10/15/2023" else FIFTH)


def test_the_first_of_a_month_in_french() -> None:
    assert dates.of_line("1er octobre 2023") == datetime.date(2023, 10, 1)


@pytest.mark.parametrize(
    "line",
    [
        "On 5 October 2023 the pumps stood still",
        "The pumps stood still on 5 October 2023.",
        "From 5 October 2023 to 7 October 2023",
        "31 February 2023",
        "2023-13-05",
        "October 2023",
        "5 Octember 2023",
        "5/10/23",
        "Call 05 10 2023",
        "1.2.3",
        "",
    ],
)
def test_a_sentence_with_a_date_or_no_day_is_no_date_line(line: str) -> None:
    assert dates.of_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "NORTHPORT, 5 October 2023 – The owner has to pay.",
        "(5 October 2023) The owner has to pay.",
        "(Northport, 5 October 2023) The owner has to pay.",
        "NORTHPORT (5 October 2023) — The owner has to pay.",
        "Berlin, 5. Oktober 2023. -- Das Wasserwerk hat",
        "Madrid, 5 de octubre de 2023: El museo abre",
    ],
)
def test_a_press_dateline_opens_a_paragraph(line: str) -> None:
    assert dates.of_dateline(line) == FIFTH


def test_a_sentence_that_begins_with_a_date_is_no_dateline() -> None:
    assert dates.of_dateline("5 October 2023 was a good day.") is None


def test_an_exact_date_may_have_a_weekday_but_no_place() -> None:
    assert dates.exact("Thursday, 5 October 2023") == FIFTH
    assert dates.exact("Berlin, 5 October 2023") is None
    assert dates.exact("next week") is None


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)))
def test_every_day_is_read_back(day: datetime.date) -> None:
    assert dates.exact(day.isoformat()) == day
    assert dates.exact(f"{day.day} {day:%B} {day.year}") == day
    assert dates.exact(f"{day.day}.{day.month}.{day.year}") == day


@given(st.text(max_size=120))
def test_no_line_makes_it_fail(line: str) -> None:
    for read in (dates.of_line, dates.exact, dates.of_dateline):
        found = read(line)
        assert found is None or found.year >= 1800
