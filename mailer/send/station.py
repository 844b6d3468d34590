"""All connections to one relay: as many as there is work for, notices first, and rest when it is not well."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer import crash
from mailer.config_sections import Relay
from mailer.errors import Broken
from mailer.outcomes.verdict import Reply
from mailer.send.connecting import RelayError, connect
from mailer.send.envelope import Parcel
from mailer.send.hold import Hold
from mailer.send.manners import Manners
from mailer.send.pipeline import Hands, Pipeline
from mailer.send.retry import Try

# A row that was begun and not written within this time goes back, so that leaving is never kept waiting.
STALE_SECONDS = 1.0
IDLE_SECONDS = 30.0
TICK_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE, LOGIN_PAUSE = 0.5, 60.0, 60.0
WINDOW_SECONDS, WIDEST = 0.2, 1024


@dataclass(slots=True, eq=False)
class Begun:
    """A row that may be written now: the attempt, its bytes, the batch it is of, and since when it waits."""

    trial: Try
    parcel: Parcel
    hold: Hold
    since: float = field(default_factory=time.monotonic)


Finished = Callable[[Begun, Reply | None], None]


class Station:
    """Carries what it is handed over one relay; ``finished`` is called for every row exactly once."""

    def __init__(self, name: str, relay: Relay, finished: Finished) -> None:
        self.name, self.relay = name, relay
        self._tell = finished
        self._manners = Manners()
        self._ready: dict[bool, deque[Begun]] = {True: deque(), False: deque()}
        self._lines: list[Pipeline[Begun]] = []
        self._hands = Hands(self._take, _may_write, self._finished, self._ended)
        self._opening: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._is_called = self._is_stopped = False
        self._pause, self._open_again = 0.0, 0.0
        self._unfinished = {True: 0, False: 0}
        self._rate, self._counted, self._counted_at = 0.0, 0, time.monotonic()
        # Why nothing can be carried, and until when we leave the relay alone.
        self.trouble, self.rest_until = "", 0.0

    def start(self) -> None:
        """Begin to look after connections."""
        self._ticking = asyncio.create_task(self._tick())

    def check(self) -> None:
        """Raise what ended our own task: a process that cannot send must not look alive."""
        if self._ticking is not None and self._ticking.done() and not self._ticking.cancelled():
            raise Broken(f"the connections are not looked after: {self._ticking.exception()!r}")

    def put(self, begun: Begun) -> None:
        """Take a row to be written."""
        is_urgent = begun.hold.is_urgent
        self._unfinished[is_urgent] += 1
        self._ready[is_urgent].append(begun)
        self._call()

    def unfinished(self, *, is_urgent: bool) -> int:
        """Return how many rows of a lane were taken and have not come back."""
        return self._unfinished[is_urgent]

    @property
    def in_flight(self) -> int:
        """Return how many messages are on the wire."""
        return sum(line.in_flight for line in self._lines)

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._lines)

    @property
    def rate(self) -> float:
        """Return how many messages a second it concluded lately."""
        return self._rate

    @property
    def is_resting(self) -> bool:
        """Say whether the relay is to be left alone now."""
        return time.monotonic() < self.rest_until

    @property
    def window(self) -> int:
        """Return how many rows may be begun at a time: what the relay took in the last 200 ms, within bounds."""
        least = 2 * sum(line.capacity for line in self._lines) or self.relay.connections
        return min(max(least, self.relay.connections, int(self._rate * WINDOW_SECONDS)), WIDEST)

    def room(self, *, is_urgent: bool) -> int:
        """Return how many more rows of a lane may be begun now."""
        return 0 if self.is_resting or self._is_stopped else max(self.window - self._unfinished[is_urgent], 0)

    def rest(self, why: str, *, is_login: bool = False) -> None:
        """Leave the relay alone for a while, longer each time, and hand back what was meant for it."""
        if not self.is_resting:
            longer = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._pause = LOGIN_PAUSE if is_login else longer
            spread = 1 + random.uniform(-0.1, 0.1)  # noqa: S311 - spreads load, guards nothing
            self.trouble, self.rest_until = why, time.monotonic() + self._pause * spread
        self.give_back()

    def give_back(self) -> None:
        """Hand back everything that was not begun to be written."""
        for ready in self._ready.values():
            while ready:
                self._finished(ready.popleft(), None)

    async def stop(self) -> None:
        """Close every connection; what is still on the wire becomes uncertain."""
        self._is_stopped = True
        self.give_back()
        tasks = [*self._opening, *([self._ticking] if self._ticking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(line.close() for line in self._lines))

    # What the connections ask and tell.

    def _take(self) -> Begun | None:
        ready = self._ready[True] or self._ready[False]
        return ready.popleft() if ready else None

    def _finished(self, begun: Begun, reply: Reply | None) -> None:
        self._unfinished[begun.hold.is_urgent] -= 1
        if reply is not None and reply.code:
            crash.at("after write")
            self._counted += 1
            self._pause, self.trouble = 0.0, ""
        self._tell(begun, reply)

    def _ended(self, why: str, was_useless: bool) -> None:
        if was_useless:
            self.rest(f"{self.relay.host}:{self.relay.port}: {why}")
        self._call()

    # Connections.

    def _call(self) -> None:
        """Look after the work soon, once for all that is put meanwhile."""
        if not self._is_called and not self._is_stopped:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        self._is_called = False
        self._lines = [line for line in self._lines if line.is_open or line.in_flight]
        for line in self._lines:
            if not (self._ready[True] or self._ready[False]):
                return
            line.more()
        waiting = len(self._ready[True]) + len(self._ready[False])
        if self._is_stopped or self.is_resting or time.monotonic() < self._open_again:
            return
        room = self.relay.connections - len(self._lines) - len(self._opening)
        for _ in range(min(waiting - len(self._opening), room)):
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            opened = await connect(self.relay)
        except RelayError as error:
            if self._lines:
                # The relay takes no more connections at a time: the others carry on.
                self._open_again = time.monotonic() + FIRST_PAUSE
            else:
                self.rest(str(error), is_login=error.is_login)
            return
        line = Pipeline(opened.transport, opened.offered, self.relay, self._manners, self._hands)
        self._lines.append(line)
        line.more()

    async def _tick(self) -> None:
        """Let time limits take effect, close what is idle, hand back what waited too long."""
        loop = asyncio.get_running_loop()
        shortest = min(self.relay.command_seconds, self.relay.data_seconds)
        idle_since = loop.time()
        while True:
            await asyncio.sleep(min(TICK_SECONDS, max(shortest / 4, 0.01)))
            for line in tuple(self._lines):
                line.tick(loop.time())
            self._measure()
            stale = time.monotonic() - STALE_SECONDS
            for ready in self._ready.values():
                while ready and ready[0].since < stale:
                    self._finished(ready.popleft(), None)
            if self.in_flight or self._ready[True] or self._ready[False]:
                idle_since = loop.time()
                self._call()
            elif loop.time() - idle_since > IDLE_SECONDS:
                await asyncio.gather(*(line.close() for line in self._lines))

    def _measure(self) -> None:
        now = time.monotonic()
        elapsed = max(now - self._counted_at, 0.001)
        self._rate = 0.5 * self._rate + 0.5 * self._counted / elapsed
        self._counted, self._counted_at = 0, now


def _may_write(begun: Begun) -> bool:
    crash.at("before write")
    return begun.hold.is_ours
