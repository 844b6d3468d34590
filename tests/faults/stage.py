"""The stage of a fault: a store, a relay, a mailing, sending processes; at the end the checker's line."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mailer.app.opening import open_app
from mailer.config import load
from mailer.mailing import mailings
from mailer.outcomes import account
from mailer.store.turn import Turn
from tests.faults import checker, sender
from tests.faults.cable import Cable
from tests.make import make_draft, make_list, make_reader, start

SECONDS = 60
FIRST = "sink"
DOMAINS = 8
CONFIG = """\
[store]
url = "{url}"
[keys]
folder = "{folder}/keys"
[send]
tick_seconds = 0.05
lease_seconds = {lease}
first_retry_seconds = 0.05
retry_growth = 1
uncertain_seconds = 0.05
[log]
level = "warning"
"""
ROAD = """\
[relay.{name}]
host = "localhost"
port = {port}
connections = 4
ehlo_name = "us.test"
connect_seconds = {patience}
command_seconds = {patience}
data_seconds = {patience}
"""


def freeze(pid: int, store: Path | None) -> None:
    """Stop a process where it stands, but not while it writes.

    SQLite has one writer: frozen while it writes, it would keep everybody out until it is thawed.
    """
    with Turn(store).taken() if store else nullcontext():
        os.kill(pid, signal.SIGSTOP)
        # A signal takes its time, and one thread stops after the other.
        until(lambda: all("State:\tT" in file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/status")))


def until(true: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something outside of us is true."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.01)


class Relay:
    """A relay in a process of its own; its options are those of relay.py."""

    def __init__(self, truth: Path, *options: str) -> None:
        self.truth, self._options, self.port = truth, options, 0
        self.start()

    def start(self) -> None:
        """Start it; again in its old place."""
        program = str(Path(__file__).with_name("relay.py"))
        command = [sys.executable, program, str(self.truth), "--port", str(self.port), *self._options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        ports = json.loads(self._process.stdout.readline())
        self.port = ports["port"]
        self._control = socket.create_connection(("127.0.0.1", ports["control"]))

    def kill(self) -> None:
        """End it by force, in the middle of whatever it does."""
        self._process.kill()
        self.close()

    def order(self, **order: object) -> dict[str, tuple[str, int]]:
        """Tell it something; when this returns it holds. Return what it was told: step → act, times that are left."""
        self._control.sendall(f"{json.dumps(order)}\n".encode())
        told: dict[str, tuple[str, int]] = json.loads(self._control.recv(4096))
        return told

    def suffer(self, mode: str) -> None:
        """Let a fault happen to whoever comes next, and wait until it has happened as often as the mode says."""
        self.order(tell=mode)
        until(lambda: not any(left for _, left in self.order().values()))

    def taken(self) -> int:
        """Return how many messages it accepted."""
        return self.truth.read_bytes().count(b'"kind": "accepted"')

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._process.communicate()


@dataclass(frozen=True)
class Setting:
    """How an installation is set up: ``more`` lines for the first relay, ``far`` for how its senders reach the store.

    With a ``cable`` to the first relay the mail goes through it.
    """

    patience: float = 5
    lease: float = 1
    more: str = ""
    far: str = ""
    is_cabled: bool = False


class Stage:
    """An installation whose mail goes to relays of ours; to ``relay``, if it is about one only."""

    def __init__(self, folder: Path, url: str, relays: Mapping[str, Relay], setting: Setting) -> None:
        self.relays, self.relay = relays, relays[FIRST]
        self.cable = Cable(self.relay.port) if setting.is_cabled else None
        roads = [
            ROAD.format(
                name=name,
                port=self.cable.port if self.cable and name == FIRST else relay.port,
                patience=setting.patience,
            )
            + (setting.more if name == FIRST else "")
            for name, relay in relays.items()
        ]
        self.config_file, near = folder / "config.toml", folder / "near.toml"
        for file, store in ((self.config_file, setting.far or url), (near, url)):
            file.write_text("".join((CONFIG.format(url=store, folder=folder, lease=setting.lease), *roads)))
        self.app = open_app(load(near))
        self.senders: list[BaseProcess] = []
        self.left: dict[str, float] = {}
        self.mailing_id = 0

    def mail(self, readers: Iterable[str], *, is_due: bool = True) -> None:
        """Start a mailing to readers with these local parts; or leave the start to the clock of a process."""
        app = self.app
        with app.store.write() as session:
            mlist = make_list(session)
            for number, local in enumerate(readers):
                make_reader(session, app.keys, f"{local}@d{number % DOMAINS}.example", mlist)
            self.mailing_id = make_draft(session, app.config).id
        start(app.store, app.config, app.keys, self.mailing_id, is_due=is_due)

    def send(self, crash_at: str = "", prepare: Callable[[], object] = sender.NOTHING) -> BaseProcess:
        """Start a sending process."""
        self.senders.append(sender.start(self.config_file, crash_at, prepare))
        return self.senders[-1]

    def until_taken(self, more: int) -> None:
        """Wait until the relay accepted so many more messages, or the mailing is over."""
        wanted = self.relay.taken() + more
        until(lambda: self.relay.taken() >= wanted or self.state == "sent")

    def until_sent(self) -> None:
        """Wait until the mailing is called sent; a relay that fails again and again rests for longer each time."""
        until(lambda: self.state == "sent", 4 * SECONDS)

    def until_quiet(self) -> None:
        """Wait until nothing is queued or begun any more."""
        until(lambda: self.account.queued == self.account.begun == 0)

    @property
    def state(self) -> str:
        """Return the state of the mailing."""
        with self.app.store.read() as session:
            return mailings.need(session, self.mailing_id).state

    @property
    def account(self) -> account.Account:
        """Return the account of the mailing."""
        with self.app.store.read() as session:
            return account.account(session, self.mailing_id)

    def check(self) -> checker.Verdict:
        """Print the checker's line, and fail if a promise is broken."""
        for process in self.senders:
            end(process, signal.SIGTERM)
        truth = checker.read([relay.truth for relay in self.relays.values()])
        verdict = checker.check(self.app.store, self.mailing_id, truth, self.left)
        sys.stdout.write(f"{verdict.line()}\n")
        assert not verdict.broken, verdict.line()
        return verdict

    def said(self) -> str:
        """Return what the sending processes said."""
        file = self.config_file.with_name("sender.log")
        return file.read_text() if file.exists() else ""

    def close(self) -> None:
        """End everything by force."""
        for process in self.senders:
            process.kill()
            process.join()
        if self.cable:
            self.cable.close()
        self.app.close()


def end(process: BaseProcess, number: signal.Signals = signal.SIGKILL) -> int | None:
    """Send a signal to a process that may have ended by itself; return its exit code."""
    if process.is_alive() and process.pid:
        os.kill(process.pid, number)
    process.join(SECONDS)
    return process.exitcode


def limit_files(process: BaseProcess, size: int = resource.RLIM_INFINITY) -> None:
    """Let every write of a process beyond ``size`` of a file fail, as on a full disk."""
    assert process.pid is not None
    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def staged(
    folder: Path, url: str, *options: str, others: Mapping[str, Sequence[str]] = MappingProxyType({}), **setting: Any
) -> Iterator[Stage]:
    """Open a stage whose relay has these options, ``others`` theirs; everything on it ends with it."""
    with ExitStack() as stack:
        relays = {FIRST: Relay(folder / "truth.jsonl", *options)}
        relays |= {name: Relay(folder / f"{name}.jsonl", *theirs) for name, theirs in others.items()}
        for relay in relays.values():
            stack.callback(relay.close)
        stage = Stage(folder, url, relays, Setting(**setting))
        stack.callback(stage.close)
        try:
            yield stage
        except AssertionError:
            sys.stdout.write(stage.said()[-3000:])
            raise


PLAIN: tuple[str, ...] = ()
PIPELINING = ("--offer", "PIPELINING")
CHUNKING = (*PIPELINING, "--offer", "CHUNKING")
