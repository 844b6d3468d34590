"""A reader's own page: pausing a list or everything, and the quiet return."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer import clock
from mailer.duties import Duties
from mailer.store.tables import Notice
from tests.web.test_choices import MINE, post, state, subscription
from tests.web.town import Town


def test_one_list_pauses_for_as_long_as_was_chosen_and_goes_on(town: Town) -> None:
    reader = town.reader("press", "works")
    for days in (30, 90):
        said = post(town, reader, "pause", list="press", days=str(days)).text
        assert "A pause from Press statements until" in said
        assert "gets Planned works." in said
        until = subscription(town, reader).paused_until
        assert until is not None
        assert timedelta(days=days - 1) <= until - clock.now() <= timedelta(days=days)
    assert (state(town, reader), state(town, reader, "works")) == ("paused", "active")
    for _ in range(2):
        said = post(town, reader, "resume", list="press").text
        assert "The pause is over: you get Press statements again." in said
    assert state(town, reader) == "active"


def test_everything_pauses_until_a_day_and_returns_quietly_that_day(small_town: Town, moving_clock) -> None:
    reader = small_town.reader("press", "works")
    said = post(small_town, reader, "pause", list="", days="day", until="2026-05-04").text
    assert "A pause from Planned works and Press statements until 4 May 2026." in said
    assert {state(small_town, reader, name) for name in ("press", "works")} == {"paused"}
    duties = Duties(small_town.store, small_town.config, small_town.keys)
    for day, expected in ((3, "paused"), (4, "active")):
        moving_clock.moment = datetime(2026, 5, day, 3, 30, tzinfo=ZoneInfo(small_town.config.site.zone))
        duties.tick()
        assert {state(small_town, reader, name) for name in ("press", "works")} == {expected}
    with small_town.store.read() as session:
        assert session.query(Notice).count() == 0


@pytest.mark.parametrize("day", ["", "soon", "2026-13-01", "2020-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_marked(small_town: Town, day: str) -> None:
    reader = small_town.reader()
    before = small_town.dump()
    answer = post(small_town, reader, "pause", list="press", days="day", until=day)
    assert (answer.status_code, "<title>Error: " in answer.text) == (422, True)
    assert '<a href="#until">' in answer.text
    assert f'value="{day}"' in answer.text
    assert small_town.dump() == before


def test_a_pause_comes_back_with_the_leaving_undone(small_town: Town) -> None:
    reader = small_town.reader()
    post(small_town, reader, "pause", list="press", days="30")
    until = subscription(small_town, reader).paused_until
    post(small_town, reader, "lists", shown="press")
    assert state(small_town, reader) == "ended"
    post(small_town, reader, "undo", list="press")
    assert (state(small_town, reader), subscription(small_town, reader).paused_until) == ("paused", until)


def test_what_one_does_not_get_cannot_pause(small_town: Town) -> None:
    reader = small_town.reader()
    post(small_town, reader, "stop", list="press")
    before = small_town.dump()
    for action in ("pause", "resume"):
        answer = post(small_town, reader, action, list="press", days="30")
        assert answer.status_code == 409
        assert "Nothing was changed" in answer.text
    assert "nothing to do with this list" in post(small_town, reader, "resume", list="x").text
    assert small_town.dump() == before


@pytest.mark.parametrize("days", ["", "0", "-30", "31", "3000", "30.0", "³0", "x" * 999])
def test_a_pause_is_as_long_as_a_page_offers(small_town: Town, days: str) -> None:
    reader = small_town.reader()
    before = small_town.dump()
    for link in (small_town.links.choices(reader.id), small_town.leave(reader)):
        data = {**MINE, "action": "pause", "list": "press", "days": days}
        assert small_town.client.post(link, data=data).status_code == 400
    assert small_town.dump() == before
