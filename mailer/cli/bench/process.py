"""A process that is measured: its processor time and memory, and that it ends with us."""

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


def plain_environment(**more: str) -> Mapping[str, str]:
    """Return our environment without what configures a real installation."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}, **more}


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
        self._process = subprocess.Popen(  # noqa: S603 - commands of the bench itself
            command, stdin=subprocess.PIPE, stdout=self._said, stderr=self._said, env=plain_environment()
        )

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


def run_measured(name: str, command: Sequence[str], seconds: float) -> tuple[str, float]:
    """Run a command to its end; return what it printed and its processor seconds. Refused if it fails."""
    process = subprocess.Popen(  # noqa: S603 - commands of the bench itself
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=plain_environment(), stdin=subprocess.DEVNULL
    )
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        said = process.stdout.read().decode(errors="replace")
        # wait4 and not wait: it alone says what this one child has used.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        timer.cancel()
        if process.returncode is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        raise Refused(f"{name} ended with {process.returncode}: {' '.join(said.split())[-600:]}", place="bench")
    return said, usage.ru_utime + usage.ru_stime
