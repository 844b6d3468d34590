"""Stores that cannot be written, are gone for a while, or lose power."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text

from mailer.store.engine import StoreTrouble
from mailer.store.tables import Worker
from tests.faults import disk
from tests.faults.stage import PIPELINING, SECONDS, Stage, limit_files, staged, until

READERS = 200
SLOW = ("--slow", "0.01")
# What four connections, each with two messages on the way, have begun at most (I9).
BEGUN = 16
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: apt-get install strace")


def trouble(stage: Stage) -> bool:
    """Say whether the sending process said that the store cannot be written."""
    return "the store cannot be written" in stage.said()


def test_a_full_disk_stops_the_sending_and_loses_nobody(tmp_path, sqlite_url) -> None:
    with staged(tmp_path, sqlite_url, *PIPELINING, *SLOW) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        process = stage.send()
        stage.until_taken(20)
        # Room for what it says of that, and not for a transaction.
        limit_files(process, 6000)
        until(lambda: trouble(stage))
        taken = stage.relay.taken()
        limit_files(process)
        stage.until_sent()
        # The same process went on by itself.
        assert process.is_alive()
        verdict = stage.check()
        assert taken < READERS
        assert verdict.dup <= BEGUN


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk; the same is tried without, above")
def test_a_small_disk_that_is_full_is_the_same(tmp_path, sqlite_template) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"nothing can be mounted here: {mount.stderr.strip()}")
    try:
        shutil.copy(sqlite_template, place / "subscribers.db")
        with staged(tmp_path, f"sqlite:///{place / 'subscribers.db'}", *PIPELINING, *SLOW) as stage:
            stage.mail([f"reader{number}" for number in range(READERS)])
            process = stage.send()
            stage.until_taken(20)
            fill(place / "ballast")
            # What is written over in the write-ahead log needs no room; a smaller file does not help either.
            until(lambda: trouble(stage) or stage.state == "sent")
            (place / "ballast").unlink()
            stage.until_sent()
            assert process.is_alive()
            stage.check()
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(file: Path) -> None:
    """Use up the rest of a disk."""
    with file.open("wb", buffering=0) as ballast:
        try:
            while ballast.write(b"\0" * 4096):
                pass
        except OSError:
            return


@needs_strace
def test_a_disk_that_does_not_keep_what_it_is_given_stops_the_sending(tmp_path, sqlite_url) -> None:
    with staged(tmp_path, sqlite_url, *PIPELINING, *SLOW) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        process = stage.send()
        stage.until_taken(20)
        failing = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"]
        command = ["strace", "-f", "-qq", "-o", str(tmp_path / "strace"), *failing, "-p", str(process.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            until(lambda: trouble(stage) or strace.poll() is not None)
            if strace.poll() is not None:
                pytest.skip(f"a process cannot be traced here: {strace.communicate()[1].strip()}")
            strace.send_signal(signal.SIGINT)
        stage.until_sent()
        assert process.is_alive()
        verdict = stage.check()
        assert verdict.dup <= BEGUN


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_server_that_starts_again_costs_nobody_anything(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *PIPELINING, *SLOW) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        processes = [stage.send(), stage.send()]
        for _ in range(2):
            stage.until_taken(20)
            crash_server(stage)
        stage.until_sent()
        assert all(process.is_alive() for process in processes)
        stage.check()


def crash_server(stage: Stage) -> None:
    """End one server process by force: the server ends them all, recovers from its log, and is there again."""
    with suppress(*StoreTrouble), stage.app.store.read() as session:
        os.kill(session.scalar(text("SELECT pg_backend_pid()")), signal.SIGKILL)
    until(lambda: answers(stage))


def answers(stage: Stage) -> bool:
    with suppress(*StoreTrouble), stage.app.store.read() as session:
        return session.scalar(select(Worker.id).limit(1)) is not None
    return False


@needs_strace
@pytest.mark.parametrize(("level", "kept"), [("FULL", True), ("NORMAL", False)])
def test_a_power_cut_takes_back_no_commit_and_this_test_would_see_it(tmp_path, sqlite_url, level, kept) -> None:
    log = tmp_path / "calls"
    store = Path(sqlite_url.removeprefix("sqlite:///"))
    disk.settle(store)
    command = [*disk.strace(log), sys.executable, "-m", "tests.faults.disk", sqlite_url, level]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"a process cannot be traced here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    acknowledged = int(done.stdout)
    after = disk.after_power_cut(log, store, tmp_path / "after")
    assert acknowledged == disk.COMMITS
    assert (disk.count(after) == acknowledged) is kept
