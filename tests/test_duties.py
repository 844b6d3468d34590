"""The clock: it may tick anywhere and as often as it likes, and everything is done once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from mailer.duties import Duties
from mailer.mailing import mailings, schedule
from mailer.outcomes import account
from mailer.people import signups
from mailer.store import schema
from mailer.store.tables import Notice, Occurrence, Subscriber, Subscription
from tests.make import freeze_all, make_draft, make_list, make_reader, make_started


@pytest.fixture
def duties(store, config, keys) -> Duties:
    return Duties(store, config, keys)


def count(store, table) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_is_due_starts_once_however_many_tick(store, config, keys, moving_clock) -> None:
    with store.write() as session:
        make_reader(session, keys, "ann@example.org", make_list(session))
        mailing = make_draft(session, config)
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 09:00:05", "UTC"))
    ticking = [Duties(store, config, keys) for _ in range(4)]
    for one in ticking:
        one.tick()
    with store.read() as session:
        assert mailings.need(session, mailing.id).state == "scheduled"
    moving_clock.move(seconds=5)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.tick(), ticking))
    with store.read() as session:
        found = mailings.need(session, mailing.id)
        assert (found.state, found.started_at) == ("sending", moving_clock.now())


def test_a_mailing_to_nobody_left_is_finished(store, duties, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=0)
    freeze_all(store, mailing_id)
    duties.tick()
    with store.read() as session:
        assert mailings.need(session, mailing_id).state == "sent"


def test_a_stopped_mailing_is_swept(store, duties, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=5)
    freeze_all(store, mailing_id)
    with store.write() as session:
        mailings.stop(session, mailings.need(session, mailing_id), "a person")
    duties.tick()
    with store.read() as session:
        found = account.account(session, mailing_id)
    assert (found.left_out, found.queued, found.balanced) == (5, 0, True)


def test_the_night_comes_once_a_day_by_the_sites_clock(store, config, keys, moving_clock) -> None:
    berlin = config.model_copy(update={"site": config.site.model_copy(update={"zone": "Europe/Berlin"})})
    duties = Duties(store, berlin, keys)
    moving_clock.moment = datetime(2026, 10, 24, 23, 59, tzinfo=UTC)
    for _ in range(30):
        duties.tick()
        moving_clock.move(minutes=10)
    assert count(store, Occurrence) == 1
    with store.read() as session:
        night = session.scalars(select(Occurrence)).one()
    assert (night.duty, night.local_time) == ("night", "2026-10-25 03:00")
    assert night.done_at is not None


def test_who_never_confirms_is_forgotten_after_thirty_days(store, duties, config, moving_clock) -> None:
    with store.write() as session:
        make_list(session)
        signups.write(session, address_text="ann@example.org", lists=["press"])
    duties.tick()
    assert (count(store, Subscription), count(store, Notice)) == (1, 1)
    moving_clock.move(days=29)
    duties.tick()
    assert count(store, Subscription) == 1
    moving_clock.move(days=2)
    duties.tick()
    assert (count(store, Subscription), count(store, Subscriber)) == (0, 0)


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyError("a fault of ours")])
def test_a_duty_that_fails_does_not_keep_the_others_from_being_done(
    store, duties, config, keys, monkeypatch, fault
) -> None:
    def broken(*_: object) -> None:
        raise fault

    mailing_id = make_started(store, config, keys, readers=0)
    freeze_all(store, mailing_id)
    monkeypatch.setattr("mailer.mailing.starting.start_due", broken)
    duties.tick()
    with store.read() as session:
        assert mailings.need(session, mailing_id).state == "sent"


@pytest.mark.anyio
async def test_the_scheduler_ticks(store, config, keys, monkeypatch) -> None:
    quick = config.model_copy(update={"send": config.send.model_copy(update={"tick_seconds": 0.01})})
    ticked, loop = asyncio.Event(), asyncio.get_running_loop()
    duties = Duties(store, quick, keys)
    monkeypatch.setattr(duties, "tick", lambda: loop.call_soon_threadsafe(ticked.set))
    duties.start()
    async with asyncio.timeout(10):
        await ticked.wait()
    await duties.stop()


@pytest.mark.anyio
async def test_stopping_waits_for_the_tick_that_runs(store, config, keys, monkeypatch, caplog) -> None:
    quick = config.model_copy(update={"send": config.send.model_copy(update={"tick_seconds": 0.01})})
    inside, over, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()
    ended: list[bool] = []

    def tick() -> None:
        loop.call_soon_threadsafe(inside.set)
        ended.append(over.wait(10))

    duties = Duties(store, quick, keys)
    monkeypatch.setattr(duties, "tick", tick)
    duties.start()
    async with asyncio.timeout(10):
        await inside.wait()
        loop.call_soon(over.set)
        await duties.stop()
    assert ended == [True]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_nothing_is_done_in_a_store_of_another_version(store, duties, config, keys, moving_clock, caplog) -> None:
    with store.write() as session:
        make_reader(session, keys, "ann@example.org", make_list(session))
        mailing = make_draft(session, config)
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 09:00:01", "UTC"))
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    moving_clock.move(seconds=1)
    for _ in range(2):
        duties.tick()
    assert [record.message for record in caplog.records if "newer than this program" in record.message] == [
        f"nothing more is done: store.url: the store has version 9999, which is newer than this program "
        f"({schema.newest()}); install the newer mailer again"
    ]
    with store.write() as session:
        assert mailings.need(session, mailing.id).state == "scheduled"
        session.execute(text("UPDATE alembic_version SET version_num = :ours"), {"ours": schema.newest()})
    duties.tick()
    with store.read() as session:
        assert mailings.need(session, mailing.id).state == "sending"
