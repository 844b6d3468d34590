"""Fixtures for the desk: an office on a store of each kind, or on SQLite only where the store does not matter."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.web.desk.office import Office, build


@pytest.fixture
def office(store: Store, keys: Keys) -> Office:
    """Open an office on a store of each kind."""
    return build(store, keys)


@pytest.fixture
def small_office(sqlite_template: Path, tmp_path: Path, keys: Keys) -> Iterator[Office]:
    """Open an office on SQLite only."""
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    yield build(store, keys)
    store.close()
