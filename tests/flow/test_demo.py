"""The demonstration does what it says, says when it does not, and leaves nothing behind."""

import json
import logging
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.cli.demo import command, story
from mailer.cli.demo.post_office import Unmet

COMMAND = (sys.executable, "-m", "mailer", "demo")
SECONDS = 60


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Take back what the demonstration sets up for its own log."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let everything temporary of the demonstration be made below ``tmp_path``."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_once_it_prints_one_object_and_everything_held(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What belongs to a real installation must never be touched, not even read.
    monkeypatch.setenv("MAILER_STORE__URL", "postgresql://nobody@127.0.0.1:1/real")
    done = subprocess.run([*COMMAND, "--once", "--json"], capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said.pop("seconds") < SECONDS
    assert said == {"balanced": True, "delivered": {"1": 3, "2": 2}, "left_out": {"1": 0, "2": 0}}
    assert list(place.iterdir()) == []


def test_it_stays_to_be_looked_at_until_ctrl_c(place: Path) -> None:
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        told = ""
        while "Ctrl-C" not in told:
            line = process.stdout.readline()
            assert line, told + (process.stderr.read() if process.stderr else "")
            told += line
        addresses = dict(re.findall(r"^  (pages|inbox|desk) +(\S+)$", told, re.M))
        assert "goes to 3 readers of Statements of the town" in told
        assert "Statements of the town" in fetch(addresses["pages"])
        assert "<form" in fetch(addresses["desk"])
        look_into(addresses["inbox"])
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    finally:
        process.kill()
        timer.cancel()
        process.communicate()
    assert list(place.iterdir()) == []


def look_into(inbox: str) -> None:
    letters = re.findall(r'href="(/letters/\d+)"', fetch(inbox))
    assert len(letters) == 3 + 3 + 3 + 2
    newest = fetch(inbox + letters[0])
    assert "The river room opens again" in newest
    assert "my grandfather" in newest.lower()
    assert "<h1" in fetch(f"{inbox}{letters[0]}/html")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in fetch(f"{inbox}{letters[0]}/source")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{inbox}/letters/99")


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.read().decode()


def test_what_does_not_hold_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "READERS", {"nobody": "Nobody"})
    with pytest.raises(Unmet, match="expected, and not so: nobody is told to look into the mailbox"):
        command.show(0, once=True, tell=command.quiet)
    assert list(place.iterdir()) == []


def test_ctrl_c_in_the_middle_ends_everything(place: Path) -> None:
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        assert "asked for" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (130, "")
    finally:
        process.kill()
        timer.cancel()
    assert list(place.iterdir()) == []
