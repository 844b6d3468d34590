"""A process of ours that is started again whenever it ends, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

log = logging.getLogger("mailer.app")
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# After so long a life an end is an accident of its own, and the pauses begin anew.
SETTLED_SECONDS = 60.0


class Child:
    """Runs one command; the child reads the end of its standard input as the end of its parent."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name, self._command = name, command
        self._process: Process | None = None
        self._stop = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process id, None while none runs."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Keep the process running until stop(); then return when it has ended."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            code = await self._once()
            if self._stop.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > SETTLED_SECONDS else pause
            log.error("%s ended with %s and is started again in %g s", self._name, code, pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stop.wait()
            pause = min(pause * 2, LONGEST_PAUSE)

    def stop(self) -> None:
        """Ask the process to end in order (SIGTERM); it is not started again."""
        self._stop.set()
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """End the process at once (SIGKILL); what it has on the wire becomes uncertain."""
        self._stop.set()
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _once(self) -> int:
        # A session of its own: Ctrl-C in a terminal reaches us only, and we end the child in order.
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, start_new_session=True)
        self._process = process
        if self._stop.is_set():
            process.terminate()
        try:
            return await process.wait()
        finally:
            self._process = None


def crew(command: Sequence[str], processes: int) -> list[Child]:
    """Return so many children of one command, none of which is special."""
    if processes == 1:
        return [Child("the sending process", command)]
    return [Child(f"sending process {number}", command) for number in range(1, processes + 1)]


def stopper(children: Sequence[Child]) -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets; a second signal kills the children."""
    stop = asyncio.Event()

    def asked() -> None:
        for child in children if stop.is_set() else ():
            child.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stop
