"""What it was measured on: figures mean nothing without it."""

import os
import platform
import sqlite3
import tempfile
import time
from pathlib import Path

from mailer import __version__, clock
from mailer.cli.bench.figures import middle
from mailer.cli.bench.smtpd import version

PROBES = 30
IN_MEMORY = ("tmpfs", "ramfs")


def describe(folder: Path) -> dict[str, str | float | int]:
    """Return the machine, the versions, the disk below ``folder`` and how busy all of it is now."""
    return {
        "date": f"{clock.now():%Y-%m-%d %H:%M} UTC",
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "mailer": __version__,
        "sqlite": sqlite3.sqlite_version,
        "postfix": version(),
        "disk": filesystem(folder),
        "fsync_ms": round(fsync_seconds(folder) * 1000, 3),
    }


def sentence(machine: dict[str, str | float | int]) -> str:
    """Return it as one sentence."""
    return (
        "Measured {date} on {processor}, {cores} cores (load before: {load}), {system}, Python {python}, "
        "mailer {mailer}, SQLite {sqlite}, Postfix {postfix}; disk {disk}, an fsync takes {fsync_ms} ms."
    ).format(**machine)


def processor() -> str:
    """Return the name the processor gives itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def filesystem(folder: Path) -> str:
    """Return the kind of file system a folder is on."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    place = folder.resolve()
    above = [mount for mount in mounts if place.is_relative_to(mount[1].replace("\\040", " "))]
    return max(above, key=lambda mount: len(mount[1]))[2] if above else "unknown"


def fsync_seconds(folder: Path) -> float:
    """Return how long it takes here to write a page and to know that it is on the disk."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(PROBES):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return middle(taken)
