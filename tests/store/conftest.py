"""A store with some of everything in it, and empty places for what becomes of it."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailer.mailing import mailings
from mailer.mailing.schedule import When
from mailer.people import suppression
from mailer.store import seal
from mailer.store.engine import Store
from tests.make import make_draft, make_list, make_reader, make_started


@pytest.fixture
def full(store, config, tmp_path) -> Store:
    """Fill a store with some of everything, sealed with keys in ``tmp_path/keys``."""
    keys = seal.open_keys(store, tmp_path / "keys")
    make_started(store, config, keys, readers=5)
    with store.write() as session:
        mlist = make_list(session, "museum", description="Räume & Flüsse\n„zweite Zeile“")
        make_reader(session, keys, "zoë@example.org", mlist, name="Zoë", city="Århus")
        suppression.suppress(session, keys, "gone@example.org", scope="all", reason="asked by letter")
        scheduled = make_draft(session, config, ["museum"])
        mailings.schedule(session, scheduled, When(datetime(2027, 3, 1, tzinfo=UTC), "2027-03-01 00:00", "UTC"))
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a place with nothing in it, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restored.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Name an empty database of a server."""
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    name = f"restored{uuid.uuid4().hex[:12]}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield postgresql_server.replace("/postgres?", f"/{name}?")
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
