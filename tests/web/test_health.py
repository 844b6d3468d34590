"""/health tells a watcher the truth: the store, its version, and whether anybody sends."""

from datetime import timedelta

import pytest

from mailer import clock
from mailer.send.report import RelayReport, Report
from mailer.store import pulse, schema
from mailer.store.tables import Fact, Mailing, Worker
from mailer.web import health
from tests.web.town import Town


@pytest.fixture(autouse=True)
def _look_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)


NOTHING = Report()


def ask(town: Town) -> tuple[int, dict[str, str]]:
    answer = town.client.get("/health")
    return answer.status_code, answer.json()


def worker(town: Town, ago: float, ended: bool = False, report: Report = NOTHING) -> None:
    at = clock.now() - timedelta(seconds=ago)
    with town.store.write() as session:
        row = Worker(name=f"w{ago}{ended}", started_at=at, seen_at=at, ended_at=at if ended else None)
        row.report = report.as_json()
        session.add(row)


def test_nobody_sends_and_nothing_is_to_send(town: Town) -> None:
    assert ask(town) == (200, {"status": "ok", "store": "ok", "sending": "nobody"})


def test_a_worker_that_was_heard_of_is_alive(town: Town) -> None:
    town.publish()
    assert ask(town) == (503, {"status": "red", "store": "ok", "sending": "stuck"})
    worker(town, ago=town.config.send.lease_seconds * 3 + 60)
    worker(town, ago=5, ended=True)
    assert ask(town)[1]["sending"] == "stuck"
    worker(town, ago=town.config.send.lease_seconds * 3 - 60)
    assert ask(town) == (200, {"status": "ok", "store": "ok", "sending": "alive"})


@pytest.mark.parametrize(
    ("state", "hours", "status"),
    [("scheduled", -1, 503), ("scheduled", 1, 200), ("sending", -1, 503), ("sent", -1, 200), ("paused", -1, 200)],
)
def test_a_mailing_that_waits_for_nobody_is_red(small_town: Town, state: str, hours: float, status: int) -> None:
    small_town.publish()
    now = clock.now()
    with small_town.store.write() as session:
        mailing = session.get_one(Mailing, small_town.mailing_id)
        mailing.state, mailing.why, mailing.due_at = state, "because", now + timedelta(hours=hours)
        mailing.frozen_at = mailing.finished_at = mailing.paused_at = now
    assert ask(small_town)[0] == status


def test_a_notice_that_nobody_carries_is_red(small_town: Town) -> None:
    small_town.asked()
    assert ask(small_town)[0] == 503


def test_a_worker_that_could_not_write_is_red(town: Town) -> None:
    worker(town, ago=1, report=Report(store="disk I/O error at 10.0.0.2"))
    assert ask(town) == (503, {"status": "red", "store": "a sending process cannot write", "sending": "alive"})


def test_a_relay_that_rests_for_long_with_work_waiting_is_named(town: Town, moving_clock) -> None:
    since = moving_clock.now().timestamp()
    ill, well = RelayReport(unwell_since=since, why="no answer"), RelayReport()
    town.publish()
    moving_clock.move(minutes=town.config.watch.resting_minutes - 1)
    worker(town, ago=1, report=Report({"main": ill, "spare": well}))
    assert ask(town)[0] == 200
    moving_clock.move(minutes=2)
    assert ask(town) == (503, {"status": "degraded", "store": "ok", "sending": "alive", "resting": ["main"]})
    worker(town, ago=2, report=Report({"main": well}))
    assert ask(town)[0] == 200, "it carries mail for another process"


def test_a_relay_that_rests_while_nothing_waits_is_no_matter(small_town: Town, moving_clock) -> None:
    since = moving_clock.now().timestamp()
    moving_clock.move(hours=1)
    worker(small_town, ago=1, report=Report({"main": RelayReport(unwell_since=since)}))
    assert ask(small_town)[0] == 200


def test_tables_of_another_version_are_red(small_town: Town, monkeypatch) -> None:
    monkeypatch.setattr(schema, "newest", lambda: "9999")
    assert ask(small_town) == (503, {"status": "red", "store": "wrong version", "sending": "unknown"})


def test_a_store_that_cannot_be_written_is_red(small_town: Town) -> None:
    assert small_town.store.path is not None
    with small_town.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
        connection.detach()
    small_town.store.engine.dispose()
    small_town.store.path.rename(small_town.store.path.with_name("away"))
    small_town.store.path.mkdir()
    assert ask(small_town) == (503, {"status": "red", "store": "unreachable", "sending": "unknown"})


def test_asking_often_writes_seldom(town: Town, moving_clock) -> None:
    def pulse_of() -> str:
        with town.store.read() as session:
            return session.get_one(Fact, pulse.NAME).value

    ask(town)
    first = pulse_of()
    moving_clock.move(seconds=5)
    ask(town)
    assert pulse_of() == first
    moving_clock.move(seconds=6)
    ask(town)
    assert pulse_of() > first


def test_the_answer_is_kept_for_a_moment(small_town: Town, monkeypatch) -> None:
    monkeypatch.setattr(health, "KEPT_SECONDS", 60.0)
    asked = []
    monkeypatch.setattr(health.pulse, "feel", asked.append)
    for _ in range(5):
        assert ask(small_town)[0] == 200
    assert len(asked) == 1
