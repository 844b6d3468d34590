"""Tells other processes about once a second how this one sends: one quiet row, and only when there is news."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import update

from mailer import clock
from mailer.send.making import House
from mailer.send.report import Report
from mailer.store.engine import StoreTrouble
from mailer.store.tables import Worker

SECONDS = 1.0
# A rate is told over this time: long enough to stand still to the eye, short enough to be now.
RATE_SECONDS = 5.0


class Reporter:
    """A thread of its own, so that neither sending nor the leases ever wait for it."""

    def __init__(self, house: House, store_trouble: Callable[[], str], trouble: Callable[[], str]) -> None:
        self._house = house
        self._store_trouble, self._trouble = store_trouble, trouble
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mailer-reporter", daemon=True)
        self._carried: deque[tuple[float, dict[str, int]]] = deque()
        self._told: tuple[Report, str] = (Report(), "")
        self.latest = Report()

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the last time, and end."""
        self._over.set()
        self._thread.join()
        self._tell()

    def _run(self) -> None:
        while not self._over.wait(SECONDS):
            self._tell()

    def _tell(self) -> None:
        self.latest = self._look()
        news = (self.latest, self._trouble())
        if news == self._told:
            return
        try:
            self._house.store.step_aside()
            with self._house.store.write(quiet=True) as session:
                mine = update(Worker).where(Worker.name == self._house.name)
                session.execute(mine.values(seen_at=clock.now(), report=news[0].as_json(), trouble=news[1]))
        except StoreTrouble:
            # Whoever could not write it down says so; this is told again in a moment.
            return
        self._told = news

    def _look(self) -> Report:
        now, stations = time.monotonic(), self._house.relays.stations
        self._carried.append((now, {name: station.carried for name, station in stations.items()}))
        while len(self._carried) > 2 and self._carried[1][0] <= now - RATE_SECONDS:
            self._carried.popleft()
        then, before = self._carried[0]
        seconds = max(now - then, SECONDS / 2)
        relays = {
            name: replace(
                station.report(),
                rate=round((station.carried - before[name]) / seconds, 1),
                outcomes=dict(self._house.outcomes.get(name, {})),
            )
            for name, station in stations.items()
        }
        return Report(relays, self._store_trouble())
