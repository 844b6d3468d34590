"""All connections to one relay: as many as there is work for, notices first, and rest when it is not well."""

import asyncio
import logging
import time
from collections import deque

from mailer import clock, crash
from mailer.config_sections import Relay
from mailer.errors import Broken
from mailer.outcomes.verdict import Reply, judge
from mailer.send.begun import Begun, Finished
from mailer.send.connecting import RelayError, connect
from mailer.send.envelope import is_wide
from mailer.send.hands import Hands
from mailer.send.health import DROPPED_PAUSE, LONGEST_PAUSE, Health
from mailer.send.hold import boottime
from mailer.send.limits import cap_of, limits_of
from mailer.send.manners import Manners
from mailer.send.pace import Pace
from mailer.send.pipeline import Pipeline
from mailer.send.purse import Purses
from mailer.send.report import RelayReport

log = logging.getLogger("mailer.send")

# A row that was begun and not written within this time goes back, so that leaving is never kept waiting.
STALE_SECONDS = 1.0
IDLE_SECONDS = 30.0
TICK_SECONDS = 0.2
# Before another connection is tried where the relay takes no more at a time.
FULL_PAUSE = 0.5
WINDOW_SECONDS, WIDEST = 0.2, 1024


class Station:
    """Carries what it is handed over one relay; ``finished`` is called for every row exactly once."""

    def __init__(self, name: str, relay: Relay, finished: Finished, purses: Purses) -> None:
        self.name, self.relay = name, relay
        lanes = (True, False)
        self._purses = {urgent: purses.make(name, limits_of(relay, is_urgent=urgent)) for urgent in lanes}
        caps = {route: purses.make(f"{name} {route}", (cap_of(rate),)) for route, rate in relay.pace.items()}
        self.pace = Pace(caps)
        self._tell = finished
        self._manners = Manners()
        self._ready: dict[bool, deque[Begun]] = {True: deque(), False: deque()}
        self._lines: list[Pipeline[Begun]] = []
        self._hands = Hands(self._take, _may_write, self._is_bane, self._finished, self._ended)
        self._opening: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._is_called = self._is_stopped = self._is_narrow = False
        self._open_again, self._opening_since = 0.0, 0.0
        self._unfinished = {True: 0, False: 0}
        self._rate, self._counted, self._counted_at = 0.0, 0, time.monotonic()
        self.health = Health(name)
        self.carried = 0  # messages it concluded in all

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
        if purse := self._purses[is_urgent]:
            begun.grant = purse.take()
            if begun.grant is None:
                # Those drawn grew old while the row was begun.
                self._finished(begun, None)
                return
        if self.is_resting:
            self._untouched(begun)
            return
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
        return self.health.is_resting

    @property
    def window(self) -> int:
        """Return how many rows may be begun at a time: what the relay took in the last 200 ms, within bounds."""
        # Twice what can be on the wire, and as much to go on with while the next are begun.
        least = 4 * sum(line.capacity for line in self._lines) or self.relay.connections
        return min(max(least, self.relay.connections, int(self._rate * WINDOW_SECONDS)), WIDEST)

    @property
    def is_silent(self) -> bool:
        """Say whether no connection is open and the one being opened takes long: a relay that may be a trap."""
        return not self._lines and bool(self._opening) and time.monotonic() - self._opening_since > STALE_SECONDS

    def is_dry(self, *, is_urgent: bool) -> bool:
        """Say whether the limits for a lane are used up for now."""
        purse = self._purses[is_urgent]
        return purse is not None and purse.is_dry

    def room(self, *, is_urgent: bool, wanted: int) -> int:
        """Return how many more rows of a lane, of ``wanted`` that there are, may be begun now."""
        if self.is_resting or self._is_stopped or self.is_silent:
            return 0
        room = min(max(self.window - self._unfinished[is_urgent], 0), wanted)
        purse = self._purses[is_urgent]
        if purse is None:
            return room
        # What is drawn and not used in time is lost: no more of it than the connections are sure to take.
        sure = max(2 * sum(line.capacity for line in self._lines), self.relay.connections)
        return purse.room(min(room, max(sure, int(self._rate))), min(max(sure, int(self._rate)), wanted))

    def rest(self, why: str, longest: float = LONGEST_PAUSE, *, is_login: bool = False) -> None:
        """Leave the relay alone for a while, longer each time, and hand back what was meant for it."""
        self.health.rest(why, longest, is_login=is_login)
        self.give_back()

    def report(self) -> RelayReport:
        """Return what others may know of it; any thread may ask."""
        since = self.health.unwell_since(is_busy=any(self._unfinished.values()))
        rests = self.health.rests_for
        return RelayReport(
            connections=self.connections,
            in_flight=self.in_flight,
            unwell_since=since,
            rests_until=round(clock.now().timestamp() + rests) if rests else 0.0,
            why=self.health.trouble if since else "",
            is_narrow=self._is_narrow,
            slowed=tuple(sorted(route for route in self.pace.limited() if self.pace.allowed(route) is not None)),
        )

    def give_back(self) -> None:
        """Hand back everything that was not begun to be written."""
        for ready in self._ready.values():
            while ready:
                self._untouched(ready.popleft())

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
        while ready := self._ready[True] or self._ready[False]:
            begun = ready.popleft()
            if begun.grant is None or boottime() < begun.grant.go_until:
                return begun
            self._untouched(begun)
        return None

    def _untouched(self, begun: Begun) -> None:
        """Hand back a row no connection took, and what it has drawn."""
        purse, grant = self._purses[begun.hold.is_urgent], begun.grant
        if purse and grant:
            purse.put_back(grant)
        self._finished(begun, None)

    def _finished(self, begun: Begun, reply: Reply | None) -> None:
        self._unfinished[begun.hold.is_urgent] -= 1
        if reply is not None and reply.code:
            crash.at("after write")
            self._counted += 1
            self.health.answered((begun.hold.is_urgent, begun.trial.row_id))
            reply = self._learn(begun, reply)
        self._tell(begun, reply)

    def _learn(self, begun: Begun, reply: Reply) -> Reply | None:
        """Slow down or rest if the answer asks for it; None if the row is to go again as if nothing had been said."""
        self.pace.concluded(begun.hold.lease.route, begun.parcel.rcpt_to.rpartition("@")[2], reply)
        if reply.code // 100 == 2 or judge(reply) != "authentication":
            return reply
        self.rest(f"{self.relay.host}:{self.relay.port} said {reply.shown}", is_login=True)
        # Before a reader was named it is about our login alone: the row goes by another relay, or waits for this one.
        return None if reply.stage in ("connect", "mail") else reply

    def _ended(self, why: str, was_useless: bool) -> None:
        if was_useless:
            self.rest(f"{self.relay.host}:{self.relay.port}: {why}", DROPPED_PAUSE)
        self._call()

    def _is_bane(self, begun: Begun) -> bool:
        return self.health.is_bane((begun.hold.is_urgent, begun.trial.row_id))

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
        if not self._opening:
            self._opening_since = time.monotonic()
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
                self._open_again = time.monotonic() + FULL_PAUSE
            else:
                self.rest(str(error), is_login=error.is_login)
            return
        self._is_narrow = not is_wide(opened.offered)
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
                    self._untouched(ready.popleft())
            if self.in_flight or self._ready[True] or self._ready[False]:
                idle_since = loop.time()
                self._call()
            elif loop.time() - idle_since > IDLE_SECONDS:
                await asyncio.gather(*(line.close() for line in self._lines))

    def _measure(self) -> None:
        now = time.monotonic()
        elapsed = max(now - self._counted_at, 0.001)
        self._rate = 0.5 * self._rate + 0.5 * self._counted / elapsed
        self.carried += self._counted
        self._counted, self._counted_at = 0, now


def _may_write(begun: Begun) -> bool:
    crash.at("before write")
    return begun.hold.is_ours
