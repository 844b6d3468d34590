"""A sending process: freezes audiences, carries mailings and notices, keeps its leases, stops in order."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import __version__, clock, crash
from mailer.config import Config
from mailer.errors import WrongSchema
from mailer.mailing import freeze
from mailer.outcomes.verdict import Reply
from mailer.send import leases
from mailer.send.begun import Begun
from mailer.send.hold import boottime
from mailer.send.lane import Lane
from mailer.send.making import House
from mailer.send.purse import Purses
from mailer.send.relays import Relays
from mailer.send.report import Report
from mailer.send.reporter import Reporter
from mailer.store import schema
from mailer.store.engine import Store, StoreTrouble, met_another
from mailer.store.tables import Mailing
from mailer.store.tables import Worker as WorkerRow
from mailer.store.wake import Wake
from mailer.tokens import Keys

T = TypeVar("T")
log = logging.getLogger("mailer.send")
FREEZE_LOOK_SECONDS = 1.0
# Among so many people the routes of the first chunk are found.
FEW = 10_000


class Worker:
    """Runs until stop(); any number of them may work on one store, none is special."""

    def __init__(self, store: Store, config: Config, keys: Keys) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._relays = Relays(config, self._finished, Purses(store, self._wake_lanes))
        self._house = House(store, config, keys, self.name, self._relays)
        # By whether it is urgent: notices go first.
        self._lanes = {True: Lane("notice", self._house), False: Lane("mailing", self._house)}
        self._reporter = Reporter(self._house, self._store_trouble, self._trouble)
        self._started = asyncio.Event()
        self._stop = asyncio.Event()
        self._ended = threading.Event()
        self._outdated: WrongSchema | None = None

    async def run(self) -> None:
        """Work until stop() is called; then finish what is on the wire and give back the rest.

        WrongSchema, after that, if a newer program moved the store to its own version meanwhile.
        """
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._say_hello)
        wake = Wake(self._house.store, lambda: _call(loop, self.wake))
        keeper = threading.Thread(target=self._keep_leases, args=(loop,), name="mailer-leases", daemon=True)
        wake.start()
        keeper.start()
        self._reporter.start()
        self._relays.start()
        freezing = asyncio.create_task(self._freeze())
        try:
            # Freezing among them: if it ends by a fault, so does this process, and is started anew.
            await asyncio.gather(freezing, *(lane.run() for lane in self._lanes.values()))
        finally:
            self._stop.set()
            await freezing
            await self._relays.stop()
            for lane in self._lanes.values():
                await lane.finish()
            self._ended.set()
            await asyncio.to_thread(wake.stop)
            await asyncio.to_thread(keeper.join)
            await asyncio.to_thread(self._reporter.stop)
            with contextlib.suppress(*StoreTrouble):
                await asyncio.to_thread(self._say, ended_at=clock.now(), trouble="")
        if self._outdated:
            raise self._outdated

    def stop(self) -> None:
        """Begin nothing more, from now on."""
        self._stop.set()
        self._started.set()
        for lane in self._lanes.values():
            lane.stop()
        self._relays.give_back()

    def wake(self) -> None:
        """Look for work now."""
        self._started.set()
        self._wake_lanes()

    def _wake_lanes(self) -> None:
        for lane in self._lanes.values():
            lane.wake()

    @property
    def report(self) -> Report:
        """Return what was told last of how it sends."""
        return self._reporter.latest

    async def _freeze(self) -> None:
        """Turn the audiences of started mailings into rows, chunk by chunk; sending begins with the first."""
        while not self._stop.is_set():
            try:
                mailing_id = await asyncio.to_thread(self._write, self._unfrozen)
                if mailing_id is not None:
                    await self._freeze_one(mailing_id)
                    continue
            except StoreTrouble as error:
                log.error("an audience cannot be frozen: %s", " ".join(str(error).split()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FREEZE_LOOK_SECONDS):
                    await self._started.wait()
            self._started.clear()
        with contextlib.suppress(*StoreTrouble):
            await asyncio.to_thread(self._write, lambda session: freeze.give_back(session, self.name))

    async def _freeze_one(self, mailing_id: int) -> None:
        store = self._house.store

        def look(size: int) -> tuple[list[str], int | None]:
            with store.read() as session:
                mailing = session.get_one(Mailing, mailing_id)
                few = 0 if mailing.freeze_cursor else FEW
                routes = mailing.routes or freeze.choose_routes(session, mailing_id, few)
                # A domain with a pace of its own is never among the small ones.
                return sorted({*routes, *self._relays.capped}), freeze.next_bound(session, mailing_id, size)

        size = freeze.CHUNK
        while not self._stop.is_set():
            routes, bound = await asyncio.to_thread(look, size)
            try:
                written = await asyncio.to_thread(self._freeze_chunk, mailing_id, bound, routes)
            except StoreTrouble as error:
                # Somebody who was to be chosen left meanwhile: fewer people at a time are done before the next leaves.
                if not met_another(error) or size == 1:
                    raise
                size = max(size // 4, 1)
                continue
            size = min(size * 2, freeze.CHUNK)
            self.wake()
            if bound is None or not written:
                # Done, or another worker took it over.
                return

    def _freeze_chunk(self, mailing_id: int, bound: int | None, routes: list[str]) -> int:
        self._house.store.step_aside()
        with self._house.store.write(quiet=True, one_moment=True) as session:
            if not session.scalar(select(schema.fits())):
                return 0
            seconds = self._house.config.send.lease_seconds
            written = freeze.freeze(session, mailing_id, self.name, bound, routes, seconds)
            crash.at("in freeze chunk", written)
        crash.at("after freeze chunk", written)
        return written

    def _unfrozen(self, session: Session) -> int | None:
        if not session.scalar(select(schema.fits())):
            return None
        return freeze.unfrozen(session, self.name, self._house.config.send.lease_seconds)

    def _write(self, verb: Callable[[Session], T]) -> T:
        self._house.store.step_aside()
        with self._house.store.write(quiet=True) as session:
            return verb(session)

    def _keep_leases(self, loop: asyncio.AbstractEventLoop) -> None:
        """Renew leases and say that we live, from a thread of its own: a busy event loop must not cost them."""
        seconds = self._house.config.send.lease_seconds
        while not self._ended.wait(seconds / 3):
            before = boottime()
            try:
                held = self._write(self._renew)
                self._say(trouble=self._trouble())
            except WrongSchema as error:
                log.error("nothing more is begun: %s", error)
                _call(loop, partial(self._refuse, error))
                return
            except Exception as error:
                # Whatever it was: without this thread every lease of ours runs out.
                log.error("leases cannot be renewed: %s", " ".join(str(error).split()))
                continue
            _call(loop, partial(self._renewed, held, before + seconds))

    def _renew(self, session: Session) -> set[tuple[int, int]]:
        schema.recheck(session)
        return leases.renew(session, self.name, self._house.config.send.lease_seconds)

    def _refuse(self, error: WrongSchema) -> None:
        self._outdated = error
        self.stop()

    def _renewed(self, held: set[tuple[int, int]], until: float) -> None:
        for lane in self._lanes.values():
            lane.renewed(held, until)

    def _trouble(self) -> str:
        return (self._store_trouble() or self._relays.trouble)[:300]

    def _store_trouble(self) -> str:
        return next((lane.store_trouble for lane in self._lanes.values() if lane.store_trouble), "")

    def _finished(self, begun: Begun, reply: Reply | None) -> None:
        self._lanes[begun.hold.is_urgent].finished(begun, reply)

    def _say_hello(self) -> None:
        now = clock.now()
        with self._house.store.write(quiet=True) as session:
            session.add(WorkerRow(name=self.name, version=__version__, started_at=now, seen_at=now))

    def _say(self, **values: object) -> None:
        with self._house.store.write(quiet=True) as session:
            mine = update(WorkerRow).where(WorkerRow.name == self.name)
            session.execute(mine.values(seen_at=clock.now(), **values))


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)
