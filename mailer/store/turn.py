"""Whose turn it is to write into the SQLite file: a fair queue between processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailer.errors import ConfigError, Refused

PATIENCE_SECONDS = 20.0
STEP_SECONDS = 0.0005
YIELD_SECONDS = 0.003


class Turn:
    """A lock file every writer takes before BEGIN IMMEDIATE, because SQLite's own waiting is not fair.

    Who has to wait holds a shared lock on a second file meanwhile, so that a process that writes back to
    back can see that somebody waits and step aside.
    """

    def __init__(self, store: Path) -> None:
        self._writer = store.with_name(store.name + ".writer")
        self._queue = store.with_name(store.name + ".queue")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the right to write; Refused after 20 seconds, when another process is stuck with it."""
        with _open(self._writer) as writer:
            if not _try(writer, fcntl.LOCK_EX):
                self._wait(writer)
            yield

    def step_aside(self) -> None:
        """Pause for 3 ms if somebody waits to write; called by whoever writes again and again."""
        with _open(self._queue) as queue:
            wanted = not _try(queue, fcntl.LOCK_EX)
        if wanted:
            time.sleep(YIELD_SECONDS)

    def _wait(self, writer: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        with _open(self._queue) as queue:
            # Never blocks for long: step_aside() holds its exclusive lock for microseconds.
            fcntl.flock(queue, fcntl.LOCK_SH)
            while not _try(writer, fcntl.LOCK_EX):
                if time.monotonic() > end:
                    raise Refused("the store is busy", place=str(self._writer), cure="try again in a moment")
                time.sleep(STEP_SECONDS)


@contextmanager
def _open(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be opened ({error.strerror})",
            place="store.url",
            cure="the folder of the store must be ours to write in",
        ) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False
