"""One lane: lease a batch, begin its rows as fast as the relay takes them, settle what came of them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Row
from sqlalchemy.orm import Session

from mailer import clock, maillog
from mailer.outcomes.verdict import Kind, Reply, judge
from mailer.send import leases, ledger
from mailer.send.exchange import Exchange, House, Result, Turn
from mailer.send.leases import Lease
from mailer.send.retry import conclude
from mailer.send.senders import Begun, Senders
from mailer.store.engine import StoreTrouble

T = TypeVar("T")
log = logging.getLogger("mailer.send")
WINDOW_SECONDS, WIDEST = 0.2, 1024
GATHER_SECONDS = 0.01
LOOK_SECONDS = 1.0
STORE_PAUSE = 1.0
# How long stopping waits for answers that are due; whoever stops us waits longer, but not for ever.
STOP_SECONDS = 30.0


class Lane:
    """Carries the batches of one lane over its own connections, one batch after the other."""

    def __init__(self, lane: str, house: House, connections: int) -> None:
        self.lane, self._house = lane, house
        name, relay = house.config.sending_relay()
        self.senders = Senders(name, relay, connections, self._is_safe, self._finished)
        self._exchange = Exchange(house, name)
        # One thread: what is written for this lane is written in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"mailer-{lane}")
        self.woken = asyncio.Event()
        self._news = asyncio.Event()
        self._results: list[Result] = []
        self._held: dict[int, float] = {}
        self._mine: Lease | None = None
        self._last_mailing = 0
        self._rate, self._measured_at = 0.0, time.monotonic()
        self._stopping, self._patience_ends = False, 0.0
        # Why the store cannot be written; nothing new is begun meanwhile.
        self.store_trouble = ""

    async def run(self) -> None:
        """Carry batches until stop() is called; then finish what is on the wire and give the rest back."""
        self.senders.start()
        while not self._stopping:
            rest = self.senders.rest_until - time.monotonic()
            mine = await self._lease() if rest <= 0 else None
            if mine is None:
                await self.wait(self.woken, min(max(rest, 0.05), LOOK_SECONDS) if rest > 0 else LOOK_SECONDS)
            else:
                await self._carry(mine)
        await self.senders.stop()
        await self._settle_all()
        self._thread.shutdown()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping, self._patience_ends = True, time.monotonic() + STOP_SECONDS
        self.woken.set()
        self._news.set()

    def renewed(self, batch_ids: Sequence[int], until: float) -> None:
        """Learn which batches are still ours, and until when by the boot-time clock."""
        for batch_id in batch_ids:
            if batch_id in self._held:
                self._held[batch_id] = until

    async def _lease(self) -> Lease | None:
        seconds = self._house.config.send.lease_seconds

        def take(session: Session) -> Lease | None:
            if self.lane == "notice":
                leases.gather_notices(session)
            return leases.lease(session, self.lane, self._house.name, seconds, self._last_mailing)

        before = boottime()
        mine = await self._try_write(take, None)
        if mine is not None:
            self._held[mine.batch_id] = before + seconds
            self._last_mailing = mine.mailing_id
        return mine

    async def _carry(self, mine: Lease) -> None:
        """Carry one batch: begin, write, settle, in windows that follow the relay's speed."""
        self._mine = mine
        waiting: deque[Row[Any]] = deque()
        last_id, drained = 0, False
        while True:
            room = self._window() - self.senders.unfinished
            wanted = 0 if drained or self._stopping or self.senders.is_resting else max(room, 0)
            turn = await self._turn(mine, waiting, last_id, wanted)
            if turn is None:
                if self._stopping and not self.senders.in_flight:
                    # What could not be written down is found begun by whoever comes next, and called uncertain.
                    break
                await asyncio.sleep(STORE_PAUSE)
                continue
            last_id, drained = turn.last_id, drained or turn.drained
            if not self.senders.unfinished and not self._results and (drained or not wanted):
                break
            if self._stopping and time.monotonic() > self._patience_ends:
                break
            if wanted and not turn.begun and not turn.drained:
                # Nothing of these could be begun, so nothing will come back that is worth waiting for.
                continue
            await self._gather()
        await self._try_write(lambda session: leases.close_batch(session, mine), False)
        self._held.pop(mine.batch_id, None)
        self._mine = None

    async def _gather(self) -> None:
        """Wait for results, and a moment longer for more of them: one commit then serves many."""
        self.senders.check()
        await self.wait(self._news, LOOK_SECONDS)
        if self.senders.unfinished > self._window() // 2 and not self._stopping:
            await asyncio.sleep(GATHER_SECONDS)
        self._news.clear()

    async def _turn(self, mine: Lease, waiting: deque[Row[Any]], last_id: int, wanted: int) -> Turn | None:
        """Do one short transaction: settle what came back, begin what may go; None if the store failed."""
        results, self._results = self._results, []
        turn = await self._try_write(
            lambda session: self._exchange.turn(session, mine, results, waiting, last_id, wanted), None
        )
        if turn is None:
            self._results = results + self._results
            return None
        self._measure(len(results))
        self._exchange.keep(mine, turn)
        for begun in turn.begun:
            self.senders.put(begun)
        for trial, kind, settled in results:
            if kind != "unwritten":
                maillog.note(settled.state, row=trial.row_id, lane=mine.lane, relay=trial.relay, reply=settled.text)
        return turn

    def _finished(self, begun: Begun, reply: Reply | None) -> None:
        kind: Kind = judge(reply) if reply else "unwritten"
        said = reply or Reply(0, "", "none")
        settled = conclude(begun.trial, kind, said, self._house.config.send, clock.now())
        self._results.append((begun.trial, kind, settled))
        self._news.set()

    def _is_safe(self) -> bool:
        """Say whether the lease still has time for a write, by a clock that counts sleep of the machine too."""
        seconds = self._house.config.send.lease_seconds
        until = self._held.get(self._mine.batch_id, 0.0) if self._mine else 0.0
        return boottime() < until - min(2.0, seconds / 4)

    def _window(self) -> int:
        return min(self.senders.number + int(self._rate * WINDOW_SECONDS), WIDEST)

    def _measure(self, finished: int) -> None:
        now = time.monotonic()
        elapsed = max(now - self._measured_at, 0.001)
        self._measured_at = now
        self._rate = 0.7 * self._rate + 0.3 * finished / elapsed

    async def _settle_all(self) -> None:
        results, self._results = self._results, []
        if results:
            await self._try_write(
                lambda session: ledger.settle(session, self.lane, [settled for _, _, settled in results]),
                None,
            )

    async def _try_write(self, verb: Callable[[Session], T], otherwise: T) -> T:
        """Run a verb in a transaction in the lane's thread; on a failing store say so and return ``otherwise``."""

        def work() -> T:
            self._house.store.step_aside()
            with self._house.store.write(quiet=True) as session:
                return verb(session)

        try:
            done = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except StoreTrouble as error:
            trouble = " ".join(str(error).split())[:300]
            if trouble != self.store_trouble:
                log.error("the store cannot be written, nothing more is begun: %s", trouble)
            self.store_trouble = trouble
            return otherwise
        self.store_trouble = ""
        return done

    @staticmethod
    async def wait(event: asyncio.Event, seconds: float) -> None:
        """Wait until the event is set, at most so many seconds, and clear it."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        event.clear()


def boottime() -> float:
    """Return seconds by a clock nobody sets and that runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
