"""`mailer serve` and `work`, as processes: they start, they are supervised, they end in order."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import SECONDS, Process, is_running, until

READY = re.compile(r"listening on (http://\S+);")


def sending(base: str) -> str:
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{base}/health", timeout=10) as answer:
        return str(json.load(answer)["sending"])
    return "not well"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Process]:
    """Start `mailer serve` in an empty folder, with no configuration at all."""
    process = Process(tmp_path, "serve")
    yield process
    process.close()


def test_with_nothing_configured_it_serves_sends_and_ends_in_order(serving, tmp_path) -> None:
    base = serving.read_until(READY)
    assert "/desk/setup/" in serving.read_until(re.compile(r"become the first operator, once: (\S+)"))
    until(lambda: sending(base) == "alive")
    (child,) = serving.children()
    assert serving.end(signal.SIGTERM) == 0
    assert not is_running(child)
    assert (tmp_path / "subscribers.db").exists()


def test_a_sending_process_that_dies_is_started_again(serving) -> None:
    base = serving.read_until(READY)
    until(lambda: sending(base) == "alive")
    (first,) = serving.children()
    os.kill(first, signal.SIGKILL)
    assert serving.read_until(re.compile(r"the sending process ended with (\S+) and is started again")) == "-9"
    until(lambda: serving.children() not in ([], [first]))
    assert serving.end(signal.SIGINT) == 0


def test_when_the_parent_is_killed_the_child_ends_too(serving) -> None:
    base = serving.read_until(READY)
    until(lambda: sending(base) == "alive")
    (child,) = serving.children()
    serving.end(signal.SIGKILL)
    until(lambda: not is_running(child))


def test_pages_only_starts_no_child(tmp_path) -> None:
    process = Process(tmp_path, "serve", "--pages-only")
    try:
        base = process.read_until(READY)
        assert sending(base) == "nobody"
        assert process.children() == []
        assert process.end(signal.SIGTERM) == 0
    finally:
        process.close()


def test_a_port_that_is_taken_is_named(serving, tmp_path) -> None:
    port = serving.read_until(READY).rsplit(":", 1)[1]
    other = tmp_path / "other"
    other.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "mailer", "serve"], cwd=other, capture_output=True, text=True, timeout=SECONDS,
        env={**os.environ, "MAILER_WEB__PORT": port},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"mailer: web.port: cannot listen on 127.0.0.1 port {port}")


def test_work_ends_in_order(house) -> None:
    log = house.folder / "mail.log"
    process = Process(house.folder, "work", MAILER_LOG__MAIL_LOG=str(log), MAILER_LOG__LEVEL="debug")
    try:
        process.read_until(re.compile("(apscheduler)"))
        assert process.end(signal.SIGTERM) == 0
        assert log.exists()
    finally:
        process.close()


def test_a_mail_log_that_cannot_be_written_is_named(house) -> None:
    (house.folder / "config.toml").write_text('[log]\nmail_log = "nowhere/mail.log"\n')
    assert house.refused("work").startswith("log.mail_log: ")


def test_several_sending_processes_are_supervised_and_end_in_order(house) -> None:
    process = Process(house.folder, "work", "--processes", "3")
    try:
        until(lambda: len(process.children()) == 3)
        first, *others = process.children()
        os.kill(first, signal.SIGKILL)
        ended = process.read_until(re.compile(r"sending process ([123]) ended with -9 and is started again"))
        assert ended in "123"
        until(lambda: len(process.children()) == 3)
        assert first not in process.children()
        assert set(others) <= set(process.children())
        children = process.children()
        assert process.end(signal.SIGTERM) == 0
        assert not any(is_running(child) for child in children)
    finally:
        process.close()


def test_serve_has_as_many_sending_processes_as_it_is_told(tmp_path) -> None:
    process = Process(tmp_path, "serve", "--processes", "2")
    try:
        process.read_until(READY)
        until(lambda: len(process.children()) == 2)
        assert process.end(signal.SIGTERM) == 0
    finally:
        process.close()


def test_pages_only_and_sending_processes_are_a_contradiction(house) -> None:
    assert "--pages-only" in house.refused("serve", "--pages-only", "--processes", "2")
    assert house.refused("work", "--processes", "0", code=2).startswith("work: ")
