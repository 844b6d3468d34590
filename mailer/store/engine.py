"""One store, two kinds: SQLite by our recipe, PostgreSQL by psycopg; transactions for both."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session as Session

from mailer.errors import ConfigError, Refused
from mailer.store.turn import Turn

# What a process that must go on catches when the store cannot be read or written just now.
StoreTrouble = (SQLAlchemyError, ConfigError, Refused, OSError)
# What PostgreSQL answers where transactions met (40001) or waited for each other in a ring (40P01): try again.
MET = ("40001", "40P01")
# The PostgreSQL channel on which a commit tells senders to look.
CHANNEL = "mailer"
SQLITE = "sqlite:///"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON", "busy_timeout=5000")
# A connection that is cut must be noticed before a lease is over, and a process that is frozen in the middle of a
# transaction must not keep its rows locked for longer than that.
ALERT = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
IDLE_SECONDS = 20.0
# What SQLite says when no statement of ours is at fault → what to do about it.
AILMENTS = {
    "readonly database": "the account that runs the mailer must own the file, and may write into its folder",
    "unable to open": "name a file of our own, in a folder we may write",
    "file is not a database": "name another file, or restore a backup",
    "malformed": "the file is damaged: restore a backup",
    "is full": "make room on its disk",
    "disk I/O error": "is its disk full, or broken?",
}
# SQLite's own readers see one moment; PostgreSQL's see every commit between two statements unless told.
ONE_MOMENT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Store:
    """The engine and its transactions; verbs take the Session and never commit, whoever opens it does."""

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        # To the letter: a folder may be called "50%" or "what?".
        self.path = Path(url.removeprefix(SQLITE)).absolute() if self.is_sqlite else None
        if self.path:
            if not self.path.parent.is_dir():
                raise ConfigError(
                    f"there is no folder {self.path.parent}",
                    place="store.url",
                    cure="make it, or name another",
                )
            self._make_private(self.path)
            parsed = URL.create("sqlite", database=str(self.path))
        elif parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self._turn = Turn(self.path) if self.path else None
        self.engine: Engine = _sqlite(parsed) if self.path else _postgresql(parsed)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that sees one moment of the store and changes nothing."""
        options: dict[str, Any] = {} if self.is_sqlite else ONE_MOMENT
        with self.reachable(), Session(self.engine.execution_options(**options)) as session:
            yield session
            # What was read stays readable after the transaction, as it was.
            session.expunge_all()
            session.rollback()

    @contextmanager
    def write(self, *, quiet: bool = False, one_moment: bool = False) -> Iterator[Session]:
        """Open a transaction that may write; commits at the end, rolls back on any exception.

        Senders in other processes are woken by the commit; ``quiet`` is for their own frequent writes. With
        ``one_moment`` every statement sees the store as it was at the first, as SQLite does anyway.
        """
        engine = self.engine.execution_options(write=True)
        if one_moment and not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        turn = self._turn.taken() if self._turn else nullcontext()
        with self.reachable(), turn, Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
            if not quiet and not self.is_sqlite:
                session.execute(text(f"NOTIFY {CHANNEL}"))

    def wipe(self) -> bool:
        """Let nothing that was erased be read in the file any more; False if readers were in the way.

        SQLite overwrites what is deleted, but what was written before stands in the write-ahead log until
        that is emptied. PostgreSQL clears up by itself (autovacuum).
        """
        if not self._turn:
            return True
        with self.reachable(), self._turn.taken(), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def step_aside(self) -> None:
        """Let somebody else write first; for those who write again and again."""
        if self._turn:
            self._turn.step_aside()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Turn what keeps the whole store from working into a ConfigError; other errors go through."""
        try:
            yield
        except DatabaseError as error:
            cure = self._cure(error)
            if not cure:
                raise
            reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
            shown = self.url.render_as_string(hide_password=True)
            verb = "used" if self.is_sqlite else "reached"
            raise ConfigError(f"the store {shown} cannot be {verb} ({reason})", place="store.url", cure=cure) from error

    def _cure(self, error: DatabaseError) -> str:
        """Return what to do about a store that does not work; "" if it does, and refused a statement."""
        if self.is_sqlite:
            return next((cure for says, cure in AILMENTS.items() if says in str(error.orig)), "")
        answered = not isinstance(error, OperationalError) or error.statement
        return "" if answered and not error.connection_invalidated else "is it running?"

    @staticmethod
    def _make_private(path: Path) -> None:
        # Addresses of people: nobody else on this machine needs to read them.
        try:
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be made ({error.strerror})", place="store.url", cure="name a folder we may write"
            ) from None


def met_another(error: BaseException) -> bool:
    """Whether a transaction failed only because another changed the same rows meanwhile: it may be tried again."""
    return isinstance(error, DatabaseError) and getattr(error.orig, "sqlstate", "") in MET


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "this is not the address of a database",
            place="store.url",
            cure="write sqlite:///subscribers.db or postgresql+psycopg://user@host/name",
        ) from None


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 5})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # No implicit BEGIN by the driver: it begins too late and lets two processes claim the same rows.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    chosen = {name: value for name, value in ALERT.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, connect_args=chosen)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {int(IDLE_SECONDS * 1000)}")
        connection.commit()

    return engine
