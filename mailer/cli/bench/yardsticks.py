"""What we are measured beside: Postfix's smtp-source, in C and without a ledger, and stock aiosmtplib."""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing

from mailer import clock
from mailer.cli.bench.figures import per_thousand
from mailer.cli.bench.ours import Run
from mailer.cli.bench.process import Measured
from mailer.cli.bench.programs import find
from mailer.cli.bench.sink import Sink

# All its messages have come: what is left is to say goodbye.
END_SECONDS = 60.0
# Sender, recipients and greeting are given, so that nothing of this machine changes their length.
SOURCE_NAMES = ("-f", "bench@sender.example", "-t", "reader@receiver.example", "-M", "bench.example", "-N")


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
    sink.begin()
    began, due = time.monotonic(), clock.now().timestamp()
    with closing(Measured(name, command)) as program:
        seen = sink.watch(count, program.must_not_fail)
        said, cpu = program.finish(END_SECONDS)
        whole = time.monotonic() - began
    sink.must_be(count)
    return Run(
        count=count,
        rate=seen.rate,
        whole=whole,
        start=0.0,
        first=seen.first - due,
        cpu=per_thousand(cpu, count),
        peak_mb=_peak(said),
    )


def _peak(said: str) -> float:
    """Return the memory a program tells of itself; smtp-source does not."""
    try:
        return float(json.loads(said)["peak_mb"])
    except (ValueError, KeyError, TypeError):
        return 0.0
