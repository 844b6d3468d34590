"""A storm of one-click POSTs while a mailing goes out: how fast each is answered, and whether every one is kept.

``make storm``, or ``python -m bench.storm --readers 100000 --seconds 10`` for less of it. It starts a real
`mailer serve` with its sending process, fires at the rate that is asked for whatever the answers do, and ends by
killing the server: each leaving that was answered must be in the store, and nothing begun after its answer.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from mailer import clock
from mailer.app.loop import fast_loop
from mailer.app.opening import App
from mailer.cli.bench import ours, text
from mailer.cli.bench.command import stop_in_order
from mailer.cli.bench.figures import rate, shown
from mailer.cli.bench.house import BASE_URL, EVERYBODY, House, Relay, SqliteStores, Stores
from mailer.cli.bench.machine import describe, sentence
from mailer.cli.bench.postgres import databases
from mailer.cli.bench.process import Crew, Process, free_port, running, used
from mailer.cli.bench.sink import Sink, await_port, sink
from mailer.cli.door import table
from mailer.errors import MailerError, Refused
from mailer.mailing import press
from mailer.mailing.links import Links

# Providers come over many connections; with few, clicks would wait in the load itself where a commit is slow.
KILOBYTES, CONNECTIONS, HTTP_CONNECTIONS = 3, 16, 256
BEFORE_SECONDS, AFTER_SECONDS, ANSWER_SECONDS = 5.0, 2.0, 30.0
BODY = b"List-Unsubscribe=One-Click"
REQUEST = (
    "POST {path} HTTP/1.1\r\nHost: letters.bench.example\r\nUser-Agent: storm\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
)
# Every reader who leaves is drawn by a step that meets each of them once, in no order a store would like.
STEP = 7919
UNKEPT = "SELECT count(*) FROM subscriptions WHERE id IN ({}) AND state <> 'ended'"
LATE = (
    "SELECT s.id, d.begun_at FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id "
    "WHERE s.state = 'ended' AND d.mailing_id = {} AND d.begun_at > s.ended_at"
)
TOLD = "SELECT count(*) FROM outcomes WHERE mailing_id = {} AND kind = 'unsubscribed'"
HEAD = ("seconds", "asked /s", "answered /s", "p50 ms", "p99 ms", "longest ms", "not 200", "CPU ms each",
        "sending before /s", "sending meanwhile /s")  # fmt: skip


@dataclass
class Answers:
    """What came back: how long each took from the moment it was due, by which status, and for whom."""

    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    answered: dict[int, float] = field(default_factory=dict)
    broken: int = 0

    def at(self, share: float) -> float:
        """Return the time within which that share was answered, in milliseconds."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, free: "asyncio.Queue[Connection]", answers: Answers) -> None:
        self._free, self._answers = free, answers
        self._said = b""
        self._due, self._who = 0.0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for the first request."""
        self.transport = cast(asyncio.Transport, transport)
        self._free.put_nowait(self)

    def ask(self, who: int, request: bytes, due: float) -> None:
        """Send one request that was due at a moment of the loop's clock."""
        if self.transport.is_closing():
            raise ConnectionResetError("the server has gone")
        self._who, self._due, self._said = who, due, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take the answer when it is whole."""
        self._said += data
        head, found, rest = self._said.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        status = int(head[9:12])
        self._answers.waits.append(asyncio.get_running_loop().time() - self._due)
        self._answers.statuses[status] += 1
        if status == 200:
            self._answers.answered[self._who] = clock.now().timestamp()
        self._who = 0
        self._free.put_nowait(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Note a request that will never be answered."""
        self._answers.broken += bool(self._who)


@dataclass(frozen=True)
class Storm:
    """One storm: how long, how fast, what came back, what it cost, and how sending went before and meanwhile."""

    seconds: float
    wanted: int
    answers: Answers
    cpu: float
    before: float
    meanwhile: float

    def row(self) -> list[str]:
        """Return the line of the table."""
        count = len(self.answers.waits)
        figures = (self.seconds, self.wanted, rate(count, self.seconds), self.answers.at(0.5), self.answers.at(0.99),
                   self.answers.at(1.0), count - self.answers.statuses[200], 1000 * self.cpu / max(count, 1),
                   self.before, self.meanwhile)  # fmt: skip
        return [shown(figure) for figure in figures]


async def fire(port: int, requests: Sequence[tuple[int, bytes]], wanted: int, answers: Answers) -> float:
    """Send each request at its moment, late only if no connection is free; return how long it took."""
    loop, free = asyncio.get_running_loop(), asyncio.Queue[Connection]()
    made = [
        await loop.create_connection(lambda: Connection(free, answers), "127.0.0.1", port)
        for _ in range(HTTP_CONNECTIONS)
    ]
    began = loop.time()
    for number, (who, request) in enumerate(requests):
        due = began + number / wanted
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        (await free.get()).ask(who, request, due)
    async with asyncio.timeout(ANSWER_SECONDS):
        while free.qsize() < len(made):
            await asyncio.sleep(0.01)
    took = loop.time() - began
    for transport, _ in made:
        transport.close()
    return took


async def fire_until_killed(
    port: int, requests: Sequence[tuple[int, bytes]], wanted: int, pid: int, answers: Answers
) -> None:
    """Send requests and kill the server in the middle of them."""
    firing = asyncio.create_task(fire(port, requests, wanted, answers))
    await asyncio.sleep(len(requests) / wanted / 2)
    os.kill(pid, signal.SIGKILL)
    await asyncio.wait([firing], timeout=2)
    firing.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError):
        await firing


def storm(house: House, port: int, seconds: float, wanted: int) -> Storm:
    """Send to everybody, let a storm come over it, kill the server, and look at what is left."""
    with sink() as taking, house.fresh(Relay(taking.port, CONNECTIONS)) as app:
        mailing_id = text.draft(app, EVERYBODY, text.fit(app, EVERYBODY, KILOBYTES * 1000))
        requests = _requests(app, mailing_id, int((seconds + AFTER_SECONDS) * wanted))
        last = requests[int(seconds * wanted) :]
        with running("mailer serve", serve_command(house)) as process:
            await_port(process, port)
            ours.await_ready(app, Crew([process]), 1)
            with app.store.read() as session:
                proof = press.proofread(session, app.config, app.keys, mailing_id)
            taking.begin()
            with app.store.write() as session:
                press.schedule(session, proof, None, timedelta())
            _await_first(taking, process)
            before = _rate_over(taking, BEFORE_SECONDS)
            answers, cpu, count = Answers(), used(process.pid).cpu, taking.count()
            took = _run(fire(port, requests[: int(seconds * wanted)], wanted, answers))
            meanwhile, cpu = rate(taking.count() - count, took), used(process.pid).cpu - cpu
            done = Storm(took, wanted, answers, cpu, before, meanwhile)
            killed = Answers()
            _run(fire_until_killed(port, last, wanted, process.pid, killed))
        _must_be_kept(app, mailing_id, answers.answered | killed.answered)
        sys.stdout.write(f"killed with {killed.broken} unanswered; {len(killed.answered)} answered before\n")
    return done


def serve_command(house: House) -> list[str]:
    """Return the command of the server, with a sending process beside it."""
    return [sys.executable, "-m", "mailer", "--config", str(house.config_file), "serve"]


def _requests(app: App, mailing_id: int, count: int) -> list[tuple[int, bytes]]:
    """Return so many readers' subscriptions, each with their one click."""
    with app.store.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT id FROM subscriptions WHERE state = 'active' ORDER BY id")
        ids = [int(row[0]) for row in found]
    if count > len(ids):
        raise Refused(f"{count:,} leavings need as many readers", place="bench", cure="raise --readers")
    links = Links(BASE_URL, app.keys)
    chosen = [ids[number * STEP % len(ids)] for number in range(count)]
    heads = (REQUEST.format(path=urlsplit(links.leave(one, mailing_id)).path, length=len(BODY)) for one in chosen)
    return [(one, head.encode() + BODY) for one, head in zip(chosen, heads, strict=True)]


def _must_be_kept(app: App, mailing_id: int, answered: Mapping[int, float]) -> None:
    """Raise Refused unless everybody who was answered has left, the mailing knows, and nothing was begun after it."""
    who = list(answered)
    with app.store.engine.connect() as connection:
        # A store that never had a quiet minute does not know how large it has become.
        connection.exec_driver_sql("ANALYZE")
        unkept = sum(
            connection.exec_driver_sql(UNKEPT.format(",".join(map(str, who[at : at + 1000])))).scalar() or 0
            for at in range(0, len(who), 1000)
        )
        told = connection.exec_driver_sql(TOLD.format(mailing_id)).scalar() or 0
        begun = connection.exec_driver_sql(LATE.format(mailing_id)).all()
    late = sum(at / 1_000_000 > answered[one] for one, at in begun if one in answered)
    if unkept or late or told < len(who):
        figures = f"{unkept} lost, {len(who) - told} not told of the mailing, {late} mails begun after"
        raise Refused(f"of {len(who):,} answered leavings {figures}", place="bench")


def _await_first(taking: Sink, process: Process) -> None:
    end = time.monotonic() + ours.START_SECONDS
    while not taking.count():
        process.must_live()
        if time.monotonic() > end:
            raise Refused(f"nothing is sent after {ours.START_SECONDS:g} s: {process.said()}", place="bench")
        time.sleep(0.02)


def _rate_over(taking: Sink, seconds: float) -> float:
    first, began = taking.count(), time.monotonic()
    time.sleep(seconds)
    return rate(taking.count() - first, time.monotonic() - began)


def _run(work: "asyncio.Future[float] | object") -> float:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(work)  # type: ignore[arg-type]


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


@contextmanager
def stores_of(url: str | None, kind: str, folder: Path) -> Iterator[Stores]:
    """Give the kind of store that was asked for."""
    if kind == "sqlite":
        yield SqliteStores(folder)
        return
    with databases(url) as stores:
        yield stores


def main() -> int:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--readers", type=int, default=600_000, help="the audience of the mailing (600000)")
    asked.add_argument("--rate", type=int, default=1000, help="clicks a second (1000)")
    asked.add_argument("--seconds", type=float, default=60, help="how long (60)")
    asked.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    asked.add_argument("--postgres", metavar="URL", help="a server to use; else one from a wheel is started")
    asked.add_argument("--folder", type=Path, help="where the store is put: on the disk that counts")
    asked.add_argument("--settings", default="", help="more tables of config.toml")
    options = asked.parse_args()
    stop_in_order()
    folder = Path(tempfile.mkdtemp(prefix="mailer-storm-", dir=options.folder))
    try:
        with stores_of(options.postgres, options.store, folder) as stores:
            port = free_port()
            settings = f"{options.settings}\n[web]\nport = {port}\n"
            house = House(folder, stores, {EVERYBODY: options.readers}, settings)
            done = storm(house, port, options.seconds, options.rate)
        sys.stdout.write(f"{sentence(describe(folder))} {stores.kind}.\n{table(HEAD, [done.row()])}\n")
    except KeyboardInterrupt:
        return 130
    except MailerError as error:
        sys.stderr.write(f"bench.storm: {error}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
