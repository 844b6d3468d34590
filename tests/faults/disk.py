"""A power cut: what a traced process wrote, less what it never asked the disk to keep.

``python -m tests.faults.disk STORE_URL LEVEL`` commits one row after the other and prints how many were acknowledged,
then ends by force, so that nothing is tidied up.
"""

import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

from mailer.store import engine
from mailer.store.engine import Store
from mailer.store.tables import Fact

COMMITS = 40
BEFORE = "before.db"
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
PATH = re.compile(r'^\d+<([^>]+)>|"([^"]+)"')


def strace(log: Path) -> list[str]:
    """Return the command that runs another and writes down, with all bytes, what it does to files."""
    calls = "pwrite64,write,ftruncate,fsync,fdatasync,unlink"
    return ["strace", "-f", "-qq", "-y", "-xx", "-s", "100000", "-e", f"trace={calls}", "-o", str(log)]


def settle(store: Path) -> None:
    """Bring everything that is in the store into one file, and keep a copy of it: that is on the disk."""
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy(store, store.with_name(BEFORE))


def after_power_cut(log: Path, store: Path, folder: Path) -> Path:
    """Return a copy of the store as it was, with only those writes done that a later sync of the file made last.

    What is not synced may be on the disk or not; here none of it is. The index of the log (-shm) is made anew.
    """
    folder.mkdir()
    after = folder / store.name
    shutil.copy(store.with_name(BEFORE), after)
    waiting: dict[str, list[tuple[bytes, int]]] = {}
    for line in log.read_text().splitlines():
        if not (call := CALL.match(line)) or int(call[3]) < 0:
            continue
        name, rest = call[1], call[2]
        file = _decoded(next(filter(None, PATH.match(rest).groups()))) if PATH.match(rest) else b""
        suffix = file.decode().removeprefix(str(store))
        if suffix not in ("", "-wal") or suffix == file.decode():
            continue
        writes = waiting.setdefault(suffix, [])
        if name == "pwrite64":
            writes.append((_decoded(rest.split('"')[1]), int(rest.rsplit(", ", 1)[1])))
        elif name in ("fsync", "fdatasync"):
            _write(Path(f"{after}{suffix}"), writes)
            writes.clear()
    return after


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


def _write(file: Path, writes: list[tuple[bytes, int]]) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    for data, offset in writes:
        os.pwrite(descriptor, data, offset)
    os.close(descriptor)


def count(store: Path) -> int:
    """Return how many of our rows are in it."""
    connection = sqlite3.connect(store)
    try:
        return int(connection.execute("SELECT count(*) FROM facts WHERE name LIKE 'commit %'").fetchone()[0])
    finally:
        connection.close()


def main() -> None:
    """Commit, count, and end as in a power cut."""
    url, level = sys.argv[1:]
    engine.PRAGMAS = tuple(each.replace("=FULL", f"={level}") for each in engine.PRAGMAS)
    store = Store(url)
    for number in range(COMMITS):
        with store.write() as session:
            session.add(Fact(name=f"commit {number}", value=level))
    sys.stdout.write(f"{COMMITS}\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
