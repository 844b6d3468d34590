"""Messages a relay may be given now, drawn from its limits a second's worth at a time, for one lane."""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from mailer.send.hold import boottime
from mailer.send.limits import Grant, Limit, draw
from mailer.store.engine import Store, StoreTrouble

log = logging.getLogger("mailer.send")
# What is not used by then goes back to the store, where another process may draw it.
FRESH_SECONDS = 1.5
# How often limits that are used up are asked again: others may have given back.
DRY_SECONDS, LEAST_DRY_SECONDS = 5.0, 0.05
# Shorter waits are nothing to tell anybody.
WORTH_A_LINE = 60.0
STORE_PAUSE = 1.0
LOOK_SECONDS = 0.25


class Purse:
    """Drawn messages, each to be used once and soon; what is missing is asked for and comes a moment later."""

    def __init__(self, name: str, limits: Sequence[Limit], call: Callable[[], None]) -> None:
        self.name, self._limits, self._call = name, limits, call
        # One for each message, the oldest first.
        self._grants: deque[Grant] = deque()
        # Moment of the draw → messages that were not used.
        self._unused: dict[int, int] = {}
        self._asked = 0
        self._dry_until = 0.0
        self._is_dry = False
        # The event loop, the lanes' threads and the one that draws.
        self._lock = threading.Lock()

    @property
    def is_dry(self) -> bool:
        """Say whether the limits are used up for now."""
        return self._is_dry and not self._grants and boottime() < self._dry_until

    def room(self, wanted: int, ask: int) -> int:
        """Return how many of ``wanted`` may be taken now; if some are missing, ``ask`` are to be at hand soon."""
        with self._lock:
            self._put_aside_old()
            at_hand = len(self._grants)
            if at_hand < wanted and at_hand < ask:
                self._asked = ask - at_hand
                self._call()
        return min(wanted, at_hand)

    def take(self) -> Grant | None:
        """Take one message's worth; None if there is none."""
        # One step of the interpreter: no lock is needed, and give_back() holds it.
        try:
            return self._grants.popleft()
        except IndexError:
            return None

    def put_back(self, grant: Grant) -> None:
        """Take back one that was not used: it goes to whoever draws next."""
        with self._lock:
            if boottime() - grant.drawn_at < FRESH_SECONDS:
                self._grants.appendleft(grant)
            else:
                self._put_aside(grant.moment, 1)
        self._call()

    def waits(self, now: float) -> float | None:
        """Return in how many seconds it wants to be served; None if it wants nothing."""
        if self._unused:
            return 0.0
        waits = [max(self._dry_until - now, 0.0)] if self._asked > 0 else []
        waits += [LOOK_SECONDS] if self._grants else []
        return min(waits, default=None)

    def serve(self, store: Store) -> bool:
        """Give back what was not used and draw what was asked for; say whether something came."""
        with self._lock:
            self._put_aside_old()
            asked = self._asked if boottime() >= self._dry_until else 0
            unused, self._unused = self._unused, {}
        if not (asked or unused):
            return False
        try:
            store.step_aside()
            with store.write(quiet=True) as session:
                grant = draw(session, self.name, self._limits, asked, unused)
        except StoreTrouble:
            with self._lock:
                for moment, count in unused.items():
                    self._put_aside(moment, count)
            raise
        if asked:
            with self._lock:
                self._drawn(grant, asked)
        return grant.count > 0

    def give_back(self, store: Store) -> None:
        """Give back everything; call at the end."""
        with self._lock:
            self._asked = 0
            while grant := self.take():
                self._put_aside(grant.moment, 1)
        self.serve(store)

    def _drawn(self, grant: Grant, asked: int) -> None:
        self._grants.extend([grant] * grant.count)
        self._asked = 0
        is_short = grant.count < asked
        if is_short and not self._is_dry and grant.opens >= WORTH_A_LINE:
            log.info("the limits of %s are used up for now: %s", self.name, _wait(grant.opens))
        pause = min(max(grant.opens, LEAST_DRY_SECONDS), DRY_SECONDS)
        self._is_dry, self._dry_until = is_short, grant.drawn_at + pause if is_short else 0.0

    def _put_aside_old(self) -> None:
        old = boottime() - FRESH_SECONDS
        while (grant := self.take()) is not None:
            if grant.drawn_at >= old:
                self._grants.appendleft(grant)
                return
            self._put_aside(grant.moment, 1)

    def _put_aside(self, moment: int, count: int) -> None:
        self._unused[moment] = self._unused.get(moment, 0) + count


def _wait(seconds: float) -> str:
    return f"it goes on in {max(round(seconds), 1)} s" if seconds < 120 else f"it goes on in {round(seconds / 60)} min"


class Purses:
    """Serves all purses of a process from one task; without any it does nothing."""

    def __init__(self, store: Store, news: Callable[[], None]) -> None:
        self._store, self._tell = store, news
        self._purses: list[Purse] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._called = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def make(self, name: str, limits: Sequence[Limit]) -> Purse | None:
        """Return a purse for these limits; None without limits: then nothing is counted."""
        if not limits:
            return None
        purse = Purse(name, limits, self._call)
        self._purses.append(purse)
        return purse

    def start(self) -> None:
        """Begin to serve."""
        if self._purses:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Serve no more, and give back what was not used."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for purse in self._purses:
            # What cannot be given back counts as used: the limit holds all the same.
            with contextlib.suppress(*StoreTrouble):
                await asyncio.to_thread(purse.give_back, self._store)

    def _call(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._called.set)

    async def _run(self) -> None:
        while True:
            now = boottime()
            waits = [wait for purse in self._purses if (wait := purse.waits(now)) is not None]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(waits, default=None)):
                    await self._called.wait()
            self._called.clear()
            for purse in self._purses:
                try:
                    if await asyncio.to_thread(purse.serve, self._store):
                        self._tell()
                except StoreTrouble as error:
                    log.error("nothing can be drawn from the limits: %s", " ".join(str(error).split())[:300])
                    await asyncio.sleep(STORE_PAUSE)
