"""Postfix's smtp-sink: takes everything, throws it away, and counts."""

import contextlib
import os
import pwd
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer import clock
from mailer.cli.bench.figures import rate
from mailer.cli.bench.process import Process, free_port, running
from mailer.cli.bench.programs import find
from mailer.errors import Refused

COUNTED = re.compile(rb"mesg=(\d+)\r")
# Between two dumped messages; no message of ours can hold it: it is not quoted-printable.
BORDER = "=-=-= next =-=-="
LOOK_SECONDS = 0.002
LOOKS = 50
STALL_SECONDS = 60.0
# It ends with us, however we end: then standard input does. It appends, for we shorten its file between runs.
LEASH = '"$@" >>"$0" & child=$!; read -r line; kill $child; wait $child'
START_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """What the sink saw of one run: messages, and the moments of the first and of the last.

    ``rate`` counts what came after the first look that saw any, so the steps of looking do not change it.
    """

    count: int
    first: float
    last: float
    rate: float

    @property
    def seconds(self) -> float:
        """Return the time between the first message and the last."""
        return self.last - self.first


class Sink:
    """A running smtp-sink; ``dump`` is the file it writes messages into, if they are wanted."""

    def __init__(self, process: Process, port: int, counter: int, dump: Path) -> None:
        self._process, self._counter = process, counter
        self.port, self.dump = port, dump
        self._base = 0

    def count(self) -> int:
        """Return how many messages it took since begin()."""
        return self._read() - self._base

    def begin(self) -> None:
        """Count from here."""
        self._base = self._read()
        os.ftruncate(self._counter, 0)

    def watch(self, wanted: int, meanwhile: Callable[[], None]) -> Seen:
        """Wait until so many messages came; Refused if for a minute none does, or more come than wanted.

        ``meanwhile`` is called with every look, to raise when waiting makes no sense any more.
        """
        first, before, seen, looks = 0.0, 0, 0, 0
        moved = now = clock.now().timestamp()
        while seen < wanted:
            found, now = self.count(), clock.now().timestamp()
            if found > seen:
                first, before = (first, before) if seen else (now, found)
                seen, moved = found, now
            elif now - moved > STALL_SECONDS:
                raise Refused(f"{found:,} of {wanted:,} messages came, then none for a minute", place="bench")
            looks += 1
            if looks % LOOKS == 0:
                meanwhile()
                self._process.must_live()
            time.sleep(LOOK_SECONDS)
        self.must_be(wanted)
        return Seen(seen, first, moved, rate(seen - before, moved - first))

    def must_be(self, wanted: int) -> None:
        """Raise Refused unless exactly so many messages came."""
        found = self.count()
        if found != wanted:
            raise Refused(f"{found:,} messages came, {wanted:,} were due", place="bench")

    def _read(self) -> int:
        end = os.fstat(self._counter).st_size
        found = COUNTED.findall(os.pread(self._counter, 200, max(end - 200, 0)))
        return int(found[-1]) if found else self._base


@contextmanager
def sink(*, dumping: bool = False, pipelining: bool = True) -> Iterator[Sink]:
    """Run a sink on a free port of loopback, without PIPELINING if so wanted; it keeps messages if ``dumping``."""
    with tempfile.TemporaryDirectory(prefix="mailer-sink-") as name:
        folder = Path(name)
        # As root it gives up its rights, and has to write here without them.
        folder.chmod(0o777)
        counter, dump, port = folder / "count", folder / "dump", free_port()
        counter.touch()
        options = ["-c", *_rights(), *([] if pipelining else ["-p"])]
        if dumping:
            options += ["-D", str(dump), "-S", f"{BORDER}\\n"]
        command = [find("smtp-sink"), *options, f"127.0.0.1:{port}", "1024"]
        with running("smtp-sink", ["/bin/sh", "-c", LEASH, str(counter), *command]) as process:
            await_port(process, port)
            descriptor = os.open(counter, os.O_RDWR)
            try:
                yield Sink(process, port, descriptor, dump)
            finally:
                os.close(descriptor)


def _rights() -> list[str]:
    """Return the user smtp-sink changes to, which it asks for when root runs it."""
    if os.geteuid():
        return []
    with contextlib.suppress(KeyError):
        return ["-u", pwd.getpwnam("nobody").pw_name]
    raise Refused("there is no user nobody that smtp-sink could run as", place="bench", cure="do not run it as root")


def await_port(process: Process, port: int) -> None:
    """Wait until a process takes connections; Refused, with what it said, if it does not."""
    end = clock.now().timestamp() + START_SECONDS
    while True:
        process.must_live()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if clock.now().timestamp() > end:
            raise Refused(f"{process.name} does not listen on port {port}: {process.said()}", place="bench")
        time.sleep(0.02)
