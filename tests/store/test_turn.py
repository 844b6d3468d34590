"""Writers queue at a lock file: nobody is kept out for long, and a dead process keeps nobody out."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailer.errors import ConfigError, Refused
from mailer.store import turn
from mailer.store.engine import Store
from mailer.store.tables import Fact
from mailer.store.turn import Turn
from tests.house.floorplan import ROOT

HOLDER = """
import sys
from pathlib import Path
from mailer.store.turn import Turn
with Turn(Path(sys.argv[1])).taken():
    print("taken", flush=True)
    sys.stdin.read()
"""
# Writes back to back until told to stop, counting its own turns in the store.
BUSY = """
import sys, threading
from mailer.store.engine import Store
from mailer.store.tables import Fact
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
store, count = Store(sys.argv[1]), 0
while not stop.is_set():
    with store.write() as session:
        count += 1
        session.get(Fact, "turns").value = str(count)
    if count == 1:
        print("begun", flush=True)
    store.step_aside()
"""


def run(code: str, argument: str) -> subprocess.Popen[str]:
    """Start another Python process of ours that talks over its pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, argument],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def lock(tmp_path: Path) -> Turn:
    """Return the turn of a store."""
    return Turn(tmp_path / "subscribers.db")


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record every pause instead of making it."""
    made: list[float] = []
    monkeypatch.setattr("mailer.store.turn.time.sleep", made.append)
    return made


def test_nobody_waiting_means_no_pause(lock: Turn, naps: list[float]) -> None:
    lock.step_aside()
    with lock.taken():
        lock.step_aside()
    assert naps == []


def test_somebody_waiting_means_a_pause_and_then_their_turn(lock: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, order = threading.Event(), []
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        if threading.current_thread() is other:
            waiting.set()
        else:
            pauses.append(seconds)
        threading.Event().wait(0.0005)

    def second() -> None:
        with Turn(lock._writer.with_name("subscribers.db")).taken():
            order.append("second")

    other = threading.Thread(target=second)
    monkeypatch.setattr("mailer.store.turn.time.sleep", sleep)
    with lock.taken():
        other.start()
        assert waiting.wait(10)
        order.append("first")
        lock.step_aside()
    other.join(10)
    assert order == ["first", "second"]
    assert pauses == [turn.YIELD_SECONDS]
    lock.step_aside()
    assert pauses == [turn.YIELD_SECONDS], "nobody waits any more"


def test_who_waits_too_long_is_told_so(lock: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", -1.0)
    with lock.taken():
        with pytest.raises(Refused, match="the store is busy; try again in a moment"), lock.taken():
            pytest.fail("two have the turn")
        lock.step_aside()
    with lock.taken():
        pass


def test_the_turn_is_given_back_after_an_error(lock: Turn) -> None:
    with pytest.raises(KeyError), lock.taken():
        raise KeyError
    with lock.taken():
        pass


def test_a_dead_process_keeps_nobody_out(tmp_path: Path, lock: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    with run(HOLDER, str(tmp_path / "subscribers.db")) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with monkeypatch.context() as hurry:
            hurry.setattr(turn, "PATIENCE_SECONDS", -1.0)
            with pytest.raises(Refused), lock.taken():
                pytest.fail("two have the turn")
        holder.kill()
        holder.wait()
    with lock.taken():
        pass


def test_the_lock_files_are_ours_alone(tmp_path: Path, lock: Turn) -> None:
    with lock.taken():
        lock.step_aside()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"subscribers.db.writer": 0o600, "subscribers.db.queue": 0o600}


def test_a_folder_we_cannot_write_in_is_named(tmp_path: Path) -> None:
    place = Turn(tmp_path / "missing" / "subscribers.db")
    with pytest.raises(ConfigError, match="must be ours to write in"), place.taken():
        pytest.fail("no lock was taken")


def test_a_busy_process_lets_another_write_within_a_few_turns(tmp_path: Path, sqlite_template: Path) -> None:
    url = f"sqlite:///{tmp_path / 'subscribers.db'}"
    (tmp_path / "subscribers.db").write_bytes(sqlite_template.read_bytes())
    store = Store(url)
    with store.write() as session:
        session.add(Fact(name="turns", value="0"))
    waited = []
    with run(BUSY, url) as busy:
        assert busy.stdout is not None
        assert busy.stdin is not None
        assert busy.stdout.readline() == "begun\n"
        for number in range(30):
            with store.read() as session:
                before = int(session.get_one(Fact, "turns").value)
            with store.write() as session:
                waited.append(int(session.get_one(Fact, "turns").value) - before)
                session.add(Fact(name=f"ours {number}", value=""))
        busy.stdin.close()
        assert busy.wait(20) == 0
    store.close()
    # Without stepping aside it is seven turns on average. The three worst may be slow moments of this machine.
    assert sum(sorted(waited)[:-3]) <= 60, waited
