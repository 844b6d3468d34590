"""One lane, mailings or notices: turn after turn, as fast as the relays take what was begun."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mailer import clock, maillog
from mailer.outcomes.verdict import Kind, Reply, judge
from mailer.send.begun import Begun
from mailer.send.exchange import Exchange
from mailer.send.hold import Hold
from mailer.send.making import House, Result, Turn
from mailer.send.retry import WORDS, Try, conclude
from mailer.store.engine import StoreTrouble

T = TypeVar("T")
log = logging.getLogger("mailer.send")
# One commit serves many results: as long as enough stands behind the wire, they are gathered for some such moments.
GATHER_SECONDS, GATHERINGS = 0.01, 5
LOOK_SECONDS = 1.0
STORE_PAUSE = 1.0
# Rows read ahead, in windows: a window is what the relays take in a fifth of a second.
AHEAD = 5
# How long stopping waits for answers that are due; whoever stops us waits longer, but not for ever.
STOP_SECONDS = 30.0


class Lane:
    """Leases batches, begins their rows, and settles what came of them, until it is stopped."""

    def __init__(self, lane: str, house: House) -> None:
        self.lane, self._house = lane, house
        self._is_urgent = lane == "notice"
        self._exchange = Exchange(lane, house)
        # One thread: what is written for this lane is written in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"mailer-{lane}")
        self._news = asyncio.Event()
        self._results: list[Result] = []
        self._is_stopping, self._patience_ends = False, 0.0
        # Why the store cannot be written; nothing new is begun meanwhile.
        self.store_trouble = ""

    async def run(self) -> None:
        """Carry batches until stop() is called; then finish what is on the wire and give the rest back."""
        while not self._is_done:
            self._house.relays.check()
            if await self._turn():
                await self._gather()

    async def finish(self) -> None:
        """Write down what came last and give everything back; call when no relay carries anything any more."""
        results, self._results = self._results, []
        await self._try(lambda: self._exchange.finish(results), None)
        self._thread.shutdown()

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopping, self._patience_ends = True, time.monotonic() + STOP_SECONDS
        self._news.set()

    def wake(self) -> None:
        """Look for work now."""
        self._news.set()

    def renewed(self, held: Set[tuple[int, int]], until: float) -> None:
        """Learn which leases (batch, epoch) are still ours, and until when by the boot-time clock."""
        for hold in self._exchange.holds:
            if (hold.lease.batch_id, hold.lease.epoch) in held:
                hold.until = until

    def finished(self, begun: Begun, reply: Reply | None) -> None:
        """Take back a row: with the reply that decided, or None if nothing of it can have arrived."""
        kind: Kind = judge(reply) if reply else "unwritten"
        settled = conclude(begun.trial, kind, reply or Reply(0, "", "none"), self._house.config.send, clock.now())
        self._results.append(Result(begun.trial, begun.hold, kind, settled))
        self._news.set()

    @property
    def _is_done(self) -> bool:
        if not self._is_stopping:
            return False
        is_empty = not self._results and not self._unfinished
        # What cannot be written down is found begun by whoever comes next, and called uncertain.
        return is_empty or bool(self.store_trouble) or time.monotonic() > self._patience_ends

    @property
    def _unfinished(self) -> int:
        return self._house.relays.unfinished(is_urgent=self._is_urgent)

    async def _turn(self) -> bool:
        """Do one turn; say whether to wait for news before the next."""
        relays = self._house.relays
        results, self._results = self._results, []
        room = {} if self._is_stopping else self._room()
        ahead = AHEAD * relays.window if room else 0
        turn = await self._try(lambda: self._exchange.turn(results, room, ahead), None)
        if turn is None:
            self._results = results + self._results
            if not self._is_stopping:
                await asyncio.sleep(STORE_PAUSE)
            return False
        for name, begun in turn.begun:
            relays.stations[name].put(begun)
        self._results += turn.spoilt
        for result in results:
            self._house.count(result.trial.relay, result.settled.state)
        if maillog.is_kept():
            self._tell(results, turn)
        return not turn.is_busy

    def _tell(self, results: Sequence[Result], turn: Turn) -> None:
        """Say outside the store what became of tries and which begin, now that it is written down."""
        for result in results:
            done = result.settled
            reply = f"{done.code} {done.text}" if done.code else None
            why = WORDS["unwritten"] if result.kind == "unwritten" else done.why
            self._note(done.state, result.hold, result.trial, reply=reply, why=None if reply else why or None)
        for _, begun in turn.begun:
            self._note("begun", begun.hold, begun.trial)

    def _note(self, event: str, hold: Hold, trial: Try, **more: object) -> None:
        told = {"mailing": hold.lease.mailing_id, "row": trial.row_id, "lane": self.lane, "relay": trial.relay}
        maillog.note(event, trial.address, **told, **more)

    def _room(self) -> dict[str, int]:
        return self._house.relays.room(is_urgent=self._is_urgent, wanted=self._exchange.wanted)

    async def _gather(self) -> None:
        """Wait for results, and a moment longer for more of them: one commit then serves many."""
        rest = self._house.relays.rests_until - time.monotonic()
        try:
            async with asyncio.timeout(min(rest, LOOK_SECONDS) if rest > 0 else LOOK_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return
        relays = self._house.relays
        for _ in range(GATHERINGS):
            if self._is_stopping or self._unfinished - relays.in_flight < relays.window // 3:
                break
            await asyncio.sleep(GATHER_SECONDS)
        self._news.clear()

    async def _try(self, verb: Callable[[], T], otherwise: T | None) -> T | None:
        """Do something to the store in the lane's thread; if it fails say so and return ``otherwise``."""
        try:
            done = await asyncio.get_running_loop().run_in_executor(self._thread, verb)
        except StoreTrouble as error:
            trouble = " ".join(str(error).split())[:300]
            if trouble != self.store_trouble:
                log.error("the store cannot be written, nothing more is begun: %s", trouble)
            self.store_trouble = trouble
            return otherwise
        self.store_trouble = ""
        return done
