"""What is measured: parts of the bench, each a table of cells, each cell a number of pairs."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailer.cli.bench import ours, proof, smtpd, text, yardsticks
from mailer.cli.bench.distance import distance
from mailer.cli.bench.figures import middle, ratios, shown
from mailer.cli.bench.house import EVERYBODY, FEW, SAMPLE, House, Relay, SqliteStores, Stores
from mailer.cli.bench.machine import describe
from mailer.cli.bench.ours import Job, Run
from mailer.cli.bench.postgres import databases, is_brought
from mailer.cli.bench.sink import Sink, sink

OURS, SOURCE, STOCK = "mailer", "smtp-source", "aiosmtplib"
FAR_SECONDS = 0.02
# Far away, a message costs round trips and not work: fewer of them say the same.
FAR_READERS, FAR_YARDSTICK, SAMPLE_READERS = 4000, 1000, 500
FAR_CONNECTIONS = (16,)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One table: which store, which server, how far away."""

    name: str
    title: str
    store: str = SqliteStores.kind
    far: bool = False
    smtpd: bool = False
    pipelining: bool = True
    every_connection: bool = False


PARTS = (
    Part("near", "SQLite, on the same machine", every_connection=True),
    Part("plain", "SQLite, a server without PIPELINING", pipelining=False),
    Part("postgresql", "PostgreSQL, on the same machine", store="PostgreSQL"),
    Part("far", "SQLite, 20 ms round trip, PIPELINING", far=True),
    Part("chunking", "SQLite, 20 ms round trip, Postfix's smtpd with CHUNKING", far=True, smtpd=True),
)
NAMES = tuple(part.name for part in PARTS)


@dataclass(frozen=True)
class Wanted:
    """How much is measured."""

    parts: Sequence[str] = NAMES
    pairs: int = 5
    readers: int = 20_000
    sizes: Sequence[int] = (3, 10, 30)
    connections: Sequence[int] = (1, 4, 16, 64)
    processes: int = 1
    postgres: str | None = None
    folder: Path | None = None
    settings: str = ""


@dataclass
class Cell:
    """One line of a table: the runs of each contestant, pair by pair."""

    size: int
    bytes: int
    connections: int
    runs: dict[str, list[Run]] = field(default_factory=lambda: {OURS: [], SOURCE: [], STOCK: []})

    def middle_of(self, name: str, figure: str) -> float:
        """Return the median of one figure of one contestant."""
        return middle([getattr(run, figure) for run in self.runs[name]])

    def ratio_to(self, name: str) -> list[float]:
        """Return our rate by theirs, pair by pair."""
        return ratios([run.rate for run in self.runs[OURS]], [run.rate for run in self.runs[name]])

    def as_json(self) -> dict[str, Any]:
        """Return everything that was measured, medians and ratios first."""
        figures = ("rate", "whole", "start", "first", "cpu", "peak_mb")
        return {
            "kilobytes": self.size,
            "bytes": self.bytes,
            "connections": self.connections,
            "medians": {name: {key: round(self.middle_of(name, key), 4) for key in figures} for name in self.runs},
            "ratios": {name: round(middle(self.ratio_to(name)), 4) for name in (SOURCE, STOCK)},
            "pairs": {name: [run.as_json() for run in runs] for name, runs in self.runs.items()},
        }


@dataclass
class Table:
    """What one part came to; ``left_out`` says why it was not measured."""

    part: Part
    wanted: Wanted
    machine: dict[str, str | float | int] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    left_out: str = ""

    @property
    def count(self) -> int:
        """Return how many readers each of our runs wrote to."""
        return min(self.wanted.readers, FAR_READERS) if self.part.far else self.wanted.readers

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "part": self.part.name,
            "title": self.part.title,
            "machine": self.machine,
            "readers": self.count,
            "pairs": self.wanted.pairs,
            "processes": self.wanted.processes,
            "settings": self.wanted.settings,
            "left_out": self.left_out,
            "cells": [cell.as_json() for cell in self.cells],
        }


def measure(wanted: Wanted, tell: Tell) -> Iterator[Table]:
    """Measure part by part; what cannot be had here is left out, with the reason."""
    for part in PARTS:
        if part.name not in wanted.parts:
            continue
        table = Table(part, wanted, left_out=_lacking(part, wanted))
        if table.left_out:
            tell(f"{part.title}: left out, {table.left_out}")
        else:
            tell(part.title)
            _measure(table, tell)
        yield table


def _lacking(part: Part, wanted: Wanted) -> str:
    if part.smtpd:
        return smtpd.lacking()
    if part.store == "PostgreSQL" and not wanted.postgres and not is_brought():
        return "there is no PostgreSQL server; name one with --postgres"
    return ""


def _measure(table: Table, tell: Tell) -> None:
    part, wanted = table.part, table.wanted
    folder = Path(tempfile.mkdtemp(prefix="mailer-bench-", dir=wanted.folder))
    try:
        table.machine = describe(folder)
        with ExitStack() as stack:
            stores: Stores = SqliteStores(folder)
            if part.store == "PostgreSQL":
                stores = stack.enter_context(databases(wanted.postgres))
            lists = {SAMPLE: min(wanted.readers, SAMPLE_READERS)}
            lists |= {FEW: min(wanted.readers, FAR_READERS)} if part.far else {EVERYBODY: wanted.readers}
            house = House(folder, stores, lists, wanted.settings)
            for size in wanted.sizes:
                _measure_size(table, house, size, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure_size(table: Table, house: House, size: int, tell: Tell) -> None:
    part, wanted = table.part, table.wanted
    with house.fresh(Relay(25, 1)) as app:
        sentences = text.fit(app, SAMPLE, size * 1000)
    weight = proof.prove(house, Job(SAMPLE, sentences))
    if part.smtpd:
        # Postfix adds a line of its own, so the size is told by the sink alone.
        proof.prove(house, Job(SAMPLE, sentences), lambda: _server(replace(part, far=False), dumping=True))
    payload = proof.payload_for(weight)
    job = Job(FEW if part.far else EVERYBODY, sentences)
    count = house.sizes[job.mlist]
    theirs = min(count, FAR_YARDSTICK) if part.far else count
    for connections in _connections(part, wanted):
        cell = Cell(size, weight, connections)
        with _server(part) as (taking, port):
            turns: Mapping[str, Callable[[], Run]] = {
                SOURCE: lambda: yardsticks.smtp_source(taking, port, connections, theirs, payload),  # noqa: B023
                OURS: lambda: ours.send(house, job, taking, Relay(port, connections, wanted.processes)),  # noqa: B023
                STOCK: lambda: yardsticks.aiosmtplib(taking, port, connections, theirs, weight),  # noqa: B023
            }
            for pair in range(wanted.pairs):
                # Who goes first changes, so that a machine that slows down favours nobody.
                for name in list(turns)[:: 1 if pair % 2 == 0 else -1]:
                    cell.runs[name].append(turns[name]())
                rates = ", ".join(f"{name} {shown(runs[-1].rate)}/s" for name, runs in cell.runs.items())
                tell(f"  {size} KB, {connections} connections, pair {pair + 1}: {rates}")
        table.cells.append(cell)


def _connections(part: Part, wanted: Wanted) -> Sequence[int]:
    if part.every_connection:
        return wanted.connections
    return [number for number in wanted.connections if number in FAR_CONNECTIONS] or wanted.connections[-1:]


@contextmanager
def _server(part: Part, *, dumping: bool = False) -> Iterator[tuple[Sink, int]]:
    """Run what a part sends to; give the sink that counts and the port to send to."""
    with ExitStack() as stack:
        taking = stack.enter_context(sink(dumping=dumping, pipelining=part.pipelining))
        port = stack.enter_context(smtpd.smtpd(taking)) if part.smtpd else taking.port
        if part.far:
            port = stack.enter_context(distance(port, FAR_SECONDS))
        yield taking, port
