"""Fixtures for the pages: a whole site on a store of each kind, or on SQLite only where the store does not matter."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.web.town import Town, build


@pytest.fixture
def town(store: Store, keys: Keys) -> Iterator[Town]:
    """Build the town on a store of each kind."""
    made = build(store, keys)
    # Entered, so that all requests of a test share one event loop: each new one costs more than a page.
    with made.client:
        yield made


@pytest.fixture
def small_town(sqlite_template: Path, tmp_path: Path, keys: Keys) -> Iterator[Town]:
    """Build the town on SQLite only."""
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    made = build(store, keys)
    with made.client:
        yield made
    store.close()
