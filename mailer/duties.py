"""What is done every so often: APScheduler wakes us, what is due is always a row of ours."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from mailer import clock, crash
from mailer.config import Config
from mailer.errors import WrongSchema
from mailer.mailing import alarms, deliveries, notices, starting
from mailer.people import consent, limits, proofs, purge, subscriptions
from mailer.send import leases, retry
from mailer.store import occurrences, schema
from mailer.store.engine import Session, Store, StoreTrouble
from mailer.tokens import Keys

log = logging.getLogger("mailer.duties")
NIGHT, NIGHT_HOUR = "night", 3
HITS_KEPT = timedelta(days=8)
NETWORKS_KEPT = timedelta(days=30)
# A sign-up costs some milliseconds; a tick answers at most so many times so many, and goes on with the next one.
SIGNUPS_AT_A_TIME, SIGNUP_TURNS = 5, 40
# An attack is looked for this often: far less than the five minutes in which staff are to know of it.
FORMS_LOOK = timedelta(seconds=15)
Verb = Callable[[Session], object]


class Duties:
    """The clock of one process; any number of processes may tick, nothing is started or answered twice."""

    def __init__(self, store: Store, config: Config, keys: Keys) -> None:
        self._store, self._config, self._keys = store, config, keys
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._turn = asyncio.Lock()
        self._is_outdated = False
        self._forms_seen: datetime | None = None

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.add_job(self._tick_once, "interval", seconds=self._config.send.tick_seconds)
        self._scheduler.start()

    async def stop(self) -> None:
        """Tick no more; a tick that runs now is over when this returns, so the store may be closed."""
        self._scheduler.pause()
        # Let a tick that is due this moment take its turn: to cancel it would be told as an error.
        await asyncio.sleep(0)
        async with self._turn:
            self._scheduler.shutdown(wait=False)

    async def _tick_once(self) -> None:
        async with self._turn:
            await asyncio.to_thread(self.tick)

    def tick(self) -> None:
        """Do everything that is due now, each in a transaction of its own; one that fails is logged and met again.

        Nothing is done in a store that a newer program has moved to its own version.
        """
        if not self._may_tick():
            return
        doubt = clock.now() + timedelta(seconds=self._config.send.uncertain_seconds)
        started = self._do("start", self._start)
        crash.at("after schedule commit", started)
        if started:
            # Senders on PostgreSQL sleep until they are told.
            self._do("wake", lambda _session: None, quiet=False)
        self._answer()
        self._watch_forms()
        self._do("rescue", lambda session: crash.at("before rescue commit", leases.rescue(session, doubt)))
        self._do("pull in", partial(leases.pull_in, lane="notice", furthest=self._furthest))
        for mailing_id, state in self._unfinished():
            if state == "sending":
                self._do("regroup", partial(self._regroup, mailing_id=mailing_id))
                self._do("finish", partial(starting.finish, mailing_id=mailing_id))
            elif state == "stopped":
                self._sweep(mailing_id)
        self._do("close", leases.close_stopped)
        self._nightly()

    @property
    def _furthest(self) -> datetime:
        return clock.now() + retry.longest(self._config.send)

    def _regroup(self, session: Session, mailing_id: int) -> int:
        leases.pull_in(session, "mailing", self._furthest, mailing_id)
        return deliveries.regroup_due(session, mailing_id)

    def _answer(self) -> None:
        """Answer sign-ups, few in each transaction: a flood of them must not keep others from writing."""
        few = partial(notices.answer_signups, config=self._config, keys=self._keys, limit=SIGNUPS_AT_A_TIME)
        for _ in range(SIGNUP_TURNS):
            if not self._do("signups", few):
                return
            self._store.step_aside()

    def _watch_forms(self) -> None:
        now = clock.now()
        if self._forms_seen is None or not now - FORMS_LOOK < self._forms_seen <= now:
            self._forms_seen = now
            self._do("watch forms", lambda session: alarms.watch_forms(session, self._config, self._keys))

    def _may_tick(self) -> bool:
        try:
            with self._store.read() as session:
                schema.recheck(session)
        except WrongSchema as error:
            if not self._is_outdated:
                log.error("nothing more is done: %s", error)
            self._is_outdated = True
            return False
        except StoreTrouble as error:
            log.error("the store cannot be read: %s", " ".join(str(error).split()))
            return False
        self._is_outdated = False
        return True

    def _start(self, session: Session) -> list[int]:
        started = starting.start_due(session, self._config)
        crash.at("before schedule commit", started)
        return started

    def _unfinished(self) -> list[tuple[int, str]]:
        try:
            with self._store.read() as session:
                return starting.unfinished(session)
        except StoreTrouble as error:
            log.error("the store cannot be read: %s", " ".join(str(error).split()))
            return []

    def _sweep(self, mailing_id: int) -> None:
        while self._do("sweep", partial(deliveries.sweep_stopped, mailing_id=mailing_id)):
            self._store.step_aside()

    def _do(self, duty: str, verb: Verb, *, quiet: bool = True) -> object:
        try:
            with self._store.write(quiet=quiet) as session:
                return verb(session)
        except StoreTrouble as error:
            log.error("the duty %s failed and is tried again: %s", duty, " ".join(str(error).split()))
            return None
        except Exception:
            # A fault in one duty must not keep mailings from starting and sign-ups from being answered.
            log.exception("the duty %s met a fault of the program and is tried again", duty)
            return None

    def _nightly(self) -> None:
        """Once a day after three at night by the site's zone, whoever comes first."""
        local = clock.now().astimezone(ZoneInfo(self._config.site.zone))
        if local.hour < NIGHT_HOUR:
            return
        day = f"{local:%Y-%m-%d} {NIGHT_HOUR:02}:00"
        if self._do("night", lambda session: occurrences.claim(session, NIGHT, day)):
            unconfirmed = clock.now() - timedelta(days=self._config.signup.pending_days)
            gone = self._in_pieces("purge", partial(purge.forget_pending, before=unconfirmed))
            self._in_pieces("shorten", partial(consent.shorten_networks, before=clock.now() - NETWORKS_KEPT))
            self._do("purge", lambda session: self._purge(session, day, gone))
            self._wipe()

    def _wipe(self) -> None:
        try:
            self._store.wipe()
        except StoreTrouble as error:
            log.error("what was erased may still be read in the store's file: %s", " ".join(str(error).split()))

    def _in_pieces(self, duty: str, verb: Callable[[Session], int]) -> int:
        """Do a part at a time, in short transactions, until nothing is left; return how much it was."""
        total = 0
        while done := self._do(duty, verb):
            total += cast(int, done)
            self._store.step_aside()
        return total

    def _purge(self, session: Session, day: str, gone: int) -> None:
        """Forget what we need not know any longer."""
        subscriptions.resume_due(session)
        limits.forget(session, clock.now() - HITS_KEPT)
        proofs.forget(session, clock.now() - HITS_KEPT)
        limits.forget_confirms(session, clock.now() - timedelta(days=self._config.signup.pending_days))
        occurrences.done(session, NIGHT, day, f"{gone} unconfirmed sign-ups forgotten")
