"""Learn that another process has written, without asking for rows all the time."""

import threading
from collections.abc import Callable
from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from mailer.store.engine import CHANNEL, Store

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 2.0


class Wake:
    """A thread that calls ``changed`` soon after any commit that was not quiet: at most 100 ms on SQLite.

    SQLite counts commits of other connections in ``data_version``; PostgreSQL has LISTEN. When the store
    cannot be reached it calls too, every 2 seconds: whoever is woken then finds out by itself.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mailer-wake", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        listen = self._listen_sqlite if self._store.is_sqlite else self._listen_postgresql
        while not self._stop.is_set():
            try:
                listen()
            except (SQLAlchemyError, OSError):
                self._changed()
                self._stop.wait(AGAIN_SECONDS)

    def _listen_sqlite(self) -> None:
        with closing(self._store.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            seen = None
            while not self._stop.wait(LOOK_SECONDS):
                found = cursor.execute("PRAGMA data_version").fetchone()
                if found != seen:
                    seen = found
                    self._changed()

    def _listen_postgresql(self) -> None:
        with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            driver = connection.connection.driver_connection
            assert driver is not None
            self._changed()
            while not self._stop.is_set():
                for _ in driver.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    self._changed()
