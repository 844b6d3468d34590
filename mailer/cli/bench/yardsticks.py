"""What we are measured beside: Postfix's smtp-source, in C and without a ledger, and stock aiosmtplib."""

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence

from mailer import clock
from mailer.cli.bench.figures import per_thousand
from mailer.cli.bench.ours import Run
from mailer.cli.bench.process import run_measured
from mailer.cli.bench.programs import find
from mailer.cli.bench.sink import Seen, Sink

SECONDS = 1800.0
# Sender, recipients and greeting are given, so that nothing of this machine changes their length.
SOURCE_NAMES = ("-f", "bench@sender.example", "-t", "reader@receiver.example", "-M", "bench.example", "-N")

Yardstick = Callable[[Sink, int, int, int, int], Run]


def source_command(port: int, connections: int, count: int, payload: int) -> list[str]:
    """Return the call of smtp-source: ``-d`` keeps its connections open, ``-N`` makes recipients differ.

    That is its fastest mode; without ``-d`` it connects anew for every message. It speaks no PIPELINING.
    """
    amount = ["-d", "-s", str(min(connections, count)), "-m", str(count), "-l", str(payload)]
    return [find("smtp-source"), *amount, *SOURCE_NAMES, f"127.0.0.1:{port}"]


def smtp_source(sink: Sink, port: int, connections: int, count: int, payload: int) -> Run:
    """Let smtp-source send ``count`` messages with a payload of so many bytes."""
    return _watched("smtp-source", source_command(port, connections, count, payload), sink, count)


def aiosmtplib(sink: Sink, port: int, connections: int, count: int, size: int) -> Run:
    """Let stock aiosmtplib send the same message of ``size`` bytes ``count`` times."""
    words = [sys.executable, "-m", "mailer.cli.bench.stock", *map(str, (port, connections, count, size))]
    return _watched("aiosmtplib", words, sink, count)


def _watched(name: str, command: Sequence[str], sink: Sink, count: int) -> Run:
    """Run a program and watch the sink meanwhile, as with ours."""
    ended: list[tuple[str, float, float]] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            said, cpu = run_measured(name, command, SECONDS)
            ended.append((said, cpu, time.monotonic()))
        except BaseException as error:
            wrong.append(error)

    def meanwhile() -> None:
        if wrong:
            raise wrong[0]

    sink.begin()
    began, due = time.monotonic(), clock.now().timestamp()
    running = threading.Thread(target=run, name=f"bench-{name}")
    running.start()
    try:
        seen = sink.watch(count, meanwhile)
    finally:
        running.join()
    meanwhile()
    sink.must_be(count)
    said, cpu, end = ended[0]
    return _run(seen, end - began, seen.first - due, cpu, _peak(said))


def _run(seen: Seen, whole: float, first: float, cpu: float, peak_mb: float) -> Run:
    return Run(
        count=seen.count,
        rate=seen.rate,
        whole=whole,
        start=0.0,
        first=first,
        cpu=per_thousand(cpu, seen.count),
        peak_mb=peak_mb,
    )


def _peak(said: str) -> float:
    try:
        return float(json.loads(said)["peak_mb"])
    except (ValueError, KeyError, TypeError):
        return 0.0
