"""Clocks that jump, and the two nights a year that are longer or shorter."""

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from mailer import duties
from mailer.config import Config
from mailer.errors import BadInput
from mailer.mailing import schedule, starting
from mailer.store.engine import Store
from mailer.store.tables import Mailing, Occurrence
from tests.faults.sender import stepped_clock
from tests.faults.stage import PIPELINING, staged
from tests.make import make_draft, make_list

STEP = timedelta(minutes=30)
# Zone → the days in whose night its clocks go forward, and back.
NIGHTS = {
    "Europe/Berlin": ("2027-03-27", "2027-10-30"),
    "America/New_York": ("2027-03-13", "2027-11-06"),
    "Australia/Lord_Howe": ("2027-10-02", "2027-04-03"),
    "America/Santiago": ("2027-09-04", "2027-04-03"),
}


def test_a_clock_that_jumps_costs_nobody_anything(tmp_path, store_url) -> None:
    file = tmp_path / "clock"
    file.write_text("0")
    with staged(tmp_path, store_url, *PIPELINING, "--slow", "0.01") as stage:
        stage.mail([f"end451.{number}" if number % 5 == 0 else f"reader{number}" for number in range(150)])
        for _ in range(2):
            stage.send(prepare=partial(stepped_clock, file))
        # What waits since the clock was ahead of a day does not wait for that day.
        for step in (3, -3, -7200, 0, 86400, 0):
            stage.until_taken(20)
            file.write_text(str(step))
        stage.until_sent()
        verdict = stage.check()
        assert (verdict.dup, verdict.begun, stage.account.accepted) == (0, 0, 150)


@pytest.mark.parametrize("zone", NIGHTS)
@pytest.mark.parametrize("night", [0, 1], ids=["forward", "back"])
def test_what_is_done_every_night_is_done_once(sqlite_url, keys, moving_clock, zone, night) -> None:
    store = Store(sqlite_url)
    config = Config.model_validate({"site": {"zone": zone}})
    noon = datetime.fromisoformat(f"{NIGHTS[zone][night]} 12:00").replace(tzinfo=ZoneInfo(zone))
    moving_clock.moment = noon.astimezone(UTC)
    clocks = [duties.Duties(store, config, keys) for _ in range(2)]
    while moving_clock.moment < noon.astimezone(UTC) + timedelta(hours=47):
        for one in clocks:
            one._nightly()
        moving_clock.moment += STEP
    with store.read() as session:
        days = session.scalars(select(Occurrence.local_time)).all()
    store.close()
    # The noon we begin at is after three, so that day counts too.
    assert sorted(days) == [f"{noon + timedelta(days=each):%Y-%m-%d} 03:00" for each in range(3)]


def test_a_mailing_at_an_hour_that_comes_twice_starts_once(store, config, keys, moving_clock) -> None:
    moving_clock.moment = datetime(2027, 10, 30, 12, tzinfo=UTC)
    when = schedule.parse("2027-10-31 02:30", "Europe/Berlin")
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        mailing.state, mailing.due_at, mailing.due_local, mailing.zone = "scheduled", when.moment, when.local, when.zone
    starts = []
    while moving_clock.moment < datetime(2027, 10, 31, 12, tzinfo=UTC):
        for _ in range(2):
            with store.write() as session:
                starts += [moving_clock.moment] * len(starting.start_due(session, config))
        moving_clock.moment += STEP
    # The first of the two: 02:30 by summer time.
    assert starts == [datetime(2027, 10, 31, 0, 30, tzinfo=UTC)]
    with store.read() as session:
        assert session.scalar(select(func.count()).where(Mailing.state == "sending")) == 1


def test_an_hour_that_does_not_come_is_refused_with_the_next_one(moving_clock) -> None:
    moving_clock.moment = datetime(2027, 3, 27, 12, tzinfo=UTC)
    with pytest.raises(BadInput, match="does not exist"):
        schedule.parse("2027-03-28 02:30", "Europe/Berlin")
    assert schedule.parse("2027-03-28 03:30", "Europe/Berlin").moment == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
