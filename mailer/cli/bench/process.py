"""A process that is measured: its processor time and memory, and that it ends with us."""

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mailer.errors import Refused

TICKS = os.sysconf("SC_CLK_TCK")
LEASH_SECONDS = 5.0
PREFIX = "MAILER_"


@dataclass(frozen=True)
class Used:
    """Processor seconds (user and system, all threads) and the most memory ever held, in megabytes."""

    cpu: float
    peak_mb: float


def used(pid: int) -> Used:
    """Return what a running process has used so far, by the kernel's own count."""
    # The name in brackets may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return Used((int(fields[11]) + int(fields[12])) / TICKS, int(peak.split()[1]) / 1024)


def started(command: Sequence[str], said: IO[bytes], stdin: int) -> "subprocess.Popen[bytes]":
    """Start a command without what configures a real installation, in a session of its own.

    Ctrl-C in a terminal then reaches us only, and we end everything in order.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.Popen(  # noqa: S603 - commands of the bench itself
        command, stdin=stdin, stdout=said, stderr=said, env=ours, start_new_session=True
    )


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One running command; what it says on standard error is kept, to be told if it fails."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = started(command, self._said, subprocess.PIPE)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def must_live(self) -> None:
        """Raise Refused, with what it said last, if it has ended."""
        code = self._process.poll()
        if code is not None:
            raise Refused(f"{self.name} ended with {code}: {self.said()}", place="bench")

    def said(self) -> str:
        """Return the end of what it said."""
        self._said.seek(0)
        return " ".join(self._said.read().decode(errors="replace").split())[-600:] or "(nothing)"

    def end(self, seconds: float = LEASH_SECONDS) -> int:
        """Let it end by closing its standard input; it is killed if it is still there; return its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._process.wait()

    def close(self) -> None:
        """End it if it has not ended, and forget what it said."""
        self.end()
        self._said.close()


@contextmanager
def running(name: str, command: Sequence[str]) -> Iterator[Process]:
    """Run a command beside us that ends with its standard input; it is killed if it does not."""
    process = Process(name, command)
    try:
        yield process
    finally:
        process.close()


class Crew:
    """Several running commands that do one work."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    def must_live(self) -> None:
        """Raise Refused, with what it said last, if one has ended."""
        for process in self._processes:
            process.must_live()

    def said(self) -> str:
        """Return the end of what each said."""
        return "; ".join(process.said() for process in self._processes)

    def used(self) -> Used:
        """Return what all have used so far together."""
        each = [used(process.pid) for process in self._processes]
        return Used(sum(one.cpu for one in each), sum(one.peak_mb for one in each))

    def end(self, seconds: float) -> int:
        """Let all end by closing their standard input; return the worst exit code."""
        return max(process.end(seconds) for process in self._processes)


@contextmanager
def crew(name: str, command: Sequence[str], number: int) -> Iterator[Crew]:
    """Run a command so many times beside us."""
    with ExitStack() as stack:
        yield Crew([stack.enter_context(running(name, command)) for _ in range(number)])


class Measured:
    """A command that ends by itself and is not told anything; what it used is read when it has ended."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = started(command, self._said, subprocess.DEVNULL)

    def must_not_fail(self) -> None:
        """Raise Refused, with what it said, if it has ended badly; one that ended well is left for finish()."""
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None and ended.si_status:
            raise Refused(f"{self._name} failed ({ended.si_status}): {self._all_said()[-600:]}", place="bench")

    def finish(self, seconds: float) -> tuple[str, float]:
        """Wait for its end, then return what it printed and its processor seconds; Refused if it failed."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            # wait4 and not wait: it alone says what this one child has used.
            _, status, usage = os.wait4(self._process.pid, 0)
        finally:
            timer.cancel()
        code = self._process.returncode = os.waitstatus_to_exitcode(status)
        if code:
            raise Refused(f"{self._name} failed ({code}): {self._all_said()[-600:]}", place="bench")
        return self._all_said(), usage.ru_utime + usage.ru_stime

    def close(self) -> None:
        """End it now if it has not ended."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _all_said(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace")
