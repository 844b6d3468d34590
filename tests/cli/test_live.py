"""`mailer work` in a terminal draws how sending goes; anywhere else it only logs."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from mailer import clock
from mailer.cli import live
from mailer.mailing import mailings
from mailer.send.report import RelayReport, Report
from mailer.store.tables import Delivery, Worker
from tests.make import freeze_all, make_started

SECONDS = 60
DEBUG = {**os.environ, "MAILER_LOG__LEVEL": "debug"}


def drawn(store, config) -> str:
    console = Console(file=StringIO(), width=200)
    with store.read() as session:
        console.print(live.look(session, config))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_relays_and_mailings_are_shown_with_what_keeps_them(store, config, keys) -> None:
    assert drawn(store, config).split("\n")[1].strip() == "nothing is being sent"
    mailing_id = make_started(store, config, keys, readers=40)
    freeze_all(store, mailing_id, 50)
    now = clock.now()
    ill = RelayReport(unwell_since=now.timestamp() - 300, rests_until=now.timestamp() + 40.5, why="no [bold]answer[/]")
    well = RelayReport(rate=25.0, connections=8, in_flight=12)
    with store.write() as session:
        mailings.need(session, mailing_id).started_at = now - timedelta(minutes=1)
        report = Report({"backup": ill, "main": well}).as_json()
        session.add(Worker(name="w", started_at=now, seen_at=now, report=report))
        rows = session.query(Delivery).order_by(Delivery.id).all()
        for row in rows[:30]:
            row.state, row.first_begun_at, row.final_at = "accepted", now, now
        for row in rows[30:33]:
            row.state, row.why, row.next_at = "waiting", "the mailbox is full: 452 4.2.2", now
    lines = {line.split()[0]: " ".join(line.split()) for line in drawn(store, config).splitlines()}
    assert lines["main"] == "main 1,500 well 8 connections, 12 on the wire"
    assert lines["backup"].startswith(
        "backup 0 rests has taken nothing for 5 minutes; it is tried again in 40 seconds: no [b"
    )
    assert lines[str(mailing_id)].endswith("30 40 3 3 the mailbox is full 1,500 a minute, about 0 seconds left")


@contextlib.contextmanager
def working(house, stderr: int) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mailer", "work"], cwd=house.folder, stderr=stderr, env=DEBUG | {"TERM": "xterm"}
    )
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def test_a_terminal_shows_the_table_and_ctrl_c_ends_in_order(house) -> None:
    ours, theirs = pty.openpty()
    try:
        with working(house, theirs) as process:
            os.close(theirs)
            seen = b""
            # It listens to signals when the clock has begun to tick.
            while not (b"nothing is being sent" in seen and b"apscheduler" in seen):
                seen += os.read(ours, 4096)
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):  # how the end of a terminal reads
                while more := os.read(ours, 4096):
                    seen += more
            assert process.wait(SECONDS) == 0
    finally:
        os.close(ours)
    assert b"Traceback" not in seen


@pytest.mark.parametrize("words", [("work",), ("work", "--json")])
def test_anywhere_else_nothing_is_drawn(house, words: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mailer", *words], cwd=house.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env=DEBUG,
    )  # fmt: skip
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        assert process.stderr is not None
        first = ""
        while "apscheduler" not in first:
            first += process.stderr.readline()
        process.terminate()
        _, said = process.communicate(timeout=SECONDS)
    finally:
        timer.cancel()
        process.kill()
    assert process.returncode == 0
    assert "being sent" not in first + said
    assert "\x1b" not in first + said
