"""Processes that die, stop, freeze: nobody is lost, and whoever possibly got it twice is named."""

import os
import random
import signal

import pytest
from sqlalchemy import func, select

from mailer import crash
from mailer.store import engine
from mailer.store.tables import Delivery
from tests.faults.stage import CHUNKING, PIPELINING, Stage, end, freeze, staged, until

READERS = 200
# Each answer takes a moment, so that a run lasts long enough to be hit.
SLOW = ("--slow", "0.01")


def readers(count: int = READERS) -> list[str]:
    return [f"reader{number}" for number in range(count)]


@pytest.mark.parametrize("offer", [CHUNKING, PIPELINING], ids=["chunking", "pipelining"])
def test_kill_9_at_random_loses_nobody(tmp_path, store_url, offer) -> None:
    with staged(tmp_path, store_url, *offer, *SLOW) as stage:
        stage.mail(readers())
        for _ in range(5):
            process = stage.send()
            stage.until_taken(random.randint(1, READERS // 8))
            end(process, signal.SIGKILL)
        stage.send()
        stage.until_sent()
        stage.check()


def test_a_crash_at_every_named_point_loses_nobody(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *CHUNKING) as stage:
        stage.mail(readers(), is_due=False)
        for point in crash.POINTS:
            process = stage.send(crash_at=f"{point}:1")
            until(lambda process=process: not process.is_alive() or stage.state == "sent")
            assert end(process) == crash.KILLED, f"it never came to {point!r}"
        stage.send()
        stage.until_sent()
        stage.check()


def test_sigterm_costs_nobody_a_copy(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *CHUNKING, *SLOW) as stage:
        stage.mail(readers())
        for _ in range(3):
            process = stage.send()
            stage.until_taken(READERS // 6)
            assert end(process, signal.SIGTERM) == 0
        stage.send()
        stage.until_sent()
        verdict = stage.check()
        assert (verdict.dup, verdict.begun) == (0, 0)


def test_a_frozen_process_writes_nothing_after_its_lease(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *PIPELINING, *SLOW) as stage:
        stage.mail(readers())
        frozen = stage.send(prepare=little_patience)
        for _ in range(2):
            stage.until_taken(READERS // 8)
            freeze(frozen.pid, stage.app.store.path)
            other = stage.send(prepare=little_patience)
            # Taken over: what the frozen one had begun is called uncertain.
            until(lambda pid=frozen.pid: not begun_by(stage, pid))
            stage.until_taken(1)
            os.kill(frozen.pid, signal.SIGCONT)
            frozen = other
        stage.until_sent()
        stage.check()


def little_patience() -> None:
    engine.IDLE_SECONDS = 1.0


def begun_by(stage: Stage, pid: int) -> int:
    mine = select(func.count()).where(Delivery.state == "begun", Delivery.worker.contains(f"-{pid}-"))
    with stage.app.store.read() as session:
        return session.scalar(mine) or 0
