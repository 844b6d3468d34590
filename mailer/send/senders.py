"""The connections of one lane, each a task that takes what was begun and hands back what came of it."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer.config_sections import Relay
from mailer.errors import Broken
from mailer.outcomes.verdict import Reply
from mailer.send.relays import Connection, Parcel, RelayError
from mailer.send.retry import Try

# A row that was begun and not written within this time goes back, so that leaving is never kept waiting.
STALE_SECONDS = 1.0
IDLE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE, LOGIN_PAUSE = 0.5, 60.0, 60.0


@dataclass
class Begun:
    """A row that may be written now: the attempt, its bytes, and since when it waits."""

    trial: Try
    parcel: Parcel
    since: float = field(default_factory=time.monotonic)


class Senders:
    """As many connections as the lane may hold; ``finished`` is called for every row exactly once."""

    def __init__(
        self,
        name: str,
        relay: Relay,
        number: int,
        safe: Callable[[], bool],
        finished: Callable[[Begun, Reply | None], None],
    ) -> None:
        self.name, self.number = name, number
        self._relay, self._safe, self._finished = relay, safe, finished
        self._ready: deque[Begun] = deque()
        self._work = asyncio.Event()
        self._connections = [Connection(name, relay) for _ in range(number)]
        self._pause = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._fault: BaseException | None = None
        self.in_flight = 0
        # Why no connection can be had, and until when we leave the relay alone.
        self.trouble = ""
        self.rest_until = 0.0

    def start(self) -> None:
        """Begin to take rows."""
        self._tasks = [asyncio.create_task(self._run(index)) for index in range(self.number)]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def check(self) -> None:
        """Raise what ended one of the connections' tasks: a process that cannot send must not look alive."""
        if self._fault is not None:
            raise Broken(f"a connection's task ended: {self._fault!r}") from self._fault

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()

    def put(self, begun: Begun) -> None:
        """Hand over a row to be written."""
        self._ready.append(begun)
        self._work.set()

    @property
    def unfinished(self) -> int:
        """Return how many rows were handed over and have not come back."""
        return len(self._ready) + self.in_flight

    def give_back(self) -> None:
        """Hand back everything that was not begun to be written."""
        while self._ready:
            self._finished(self._ready.popleft(), None)

    async def stop(self) -> None:
        """Close every connection; call when nothing is in flight, what still is becomes uncertain."""
        self.give_back()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in self._connections))

    async def _run(self, index: int) -> None:
        connection = self._connections[index]
        while True:
            if not self._ready:
                await self._idle(connection)
                continue
            if not connection.is_open and not await self._open(index):
                continue
            if self._ready:
                await self._carry(connection, self._ready.popleft())

    async def _idle(self, connection: Connection) -> None:
        self._work.clear()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._work.wait()
        except TimeoutError:
            await connection.close()
            await self._work.wait()

    async def _open(self, index: int) -> bool:
        try:
            await self._connections[index].open()
        except RelayError as error:
            if any(connection.is_open for connection in self._connections):
                # The relay takes no more connections at a time: the others carry on.
                await asyncio.sleep(FIRST_PAUSE)
            else:
                self._rest(error)
            return False
        self._pause, self.trouble, self.rest_until = 0.0, "", 0.0
        return True

    def _rest(self, error: RelayError) -> None:
        """Leave the relay alone for a while, longer each time, and hand back what was meant for it."""
        if time.monotonic() >= self.rest_until:
            longer = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._pause = LOGIN_PAUSE if error.login else longer
            spread = 1 + random.uniform(-0.1, 0.1)  # noqa: S311 - spreads load, guards nothing
            self.trouble, self.rest_until = str(error), time.monotonic() + self._pause * spread
        self.give_back()

    @property
    def is_resting(self) -> bool:
        """Say whether the relay is to be left alone now."""
        return time.monotonic() < self.rest_until

    async def _carry(self, connection: Connection, begun: Begun) -> None:
        stale = time.monotonic() - begun.since > STALE_SECONDS
        if stale or not self._safe():
            self._finished(begun, None)
            return
        self.in_flight += 1
        try:
            reply = await connection.send(begun.parcel)
        except asyncio.CancelledError:
            connection.abort()
            self.in_flight -= 1
            self._finished(begun, Reply(0, "we stopped before the answer came", "end"))
            raise
        self.in_flight -= 1
        self._finished(begun, reply)
