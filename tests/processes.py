"""A `mailer` that runs as a process of its own, and what one asks of it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 60


class Process:
    """A running `mailer`; it is killed after a minute whatever happens."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mailer", *words],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "MAILER_WEB__PORT": "0", **environment},
        )
        self.said: list[str] = []
        self._timer = threading.Timer(SECONDS, self._process.kill)
        self._timer.start()

    def read_until(self, pattern: re.Pattern[str]) -> str:
        """Read standard error until a line fits; return its first group."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if found := pattern.search(line):
                return found[1]
        raise AssertionError("".join(self.said))

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self._process.wait(SECONDS)

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def wait(self) -> int:
        """Return the exit code when it has ended by itself."""
        return self._process.wait(SECONDS)

    def close(self) -> None:
        """End it by force."""
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def children(self) -> list[int]:
        """Return the process ids of its children."""
        pid = self._process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(true: Callable[[], object]) -> None:
    """Wait until something outside of us is true."""
    end, pause = time.monotonic() + SECONDS, threading.Event()
    while not true():
        assert time.monotonic() < end
        pause.wait(0.05)


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False
