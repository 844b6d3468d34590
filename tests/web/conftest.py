"""Fixtures for the pages: a whole site on a store of each kind, or on SQLite only where the store does not matter."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.web.browsing import CHROMIUM, serving
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


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path, keys: Keys) -> Iterator[Town]:
    """Serve the town as an operator does."""
    with serving(sqlite_template, tmp_path, keys) as town:
        yield town


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open one browser for the tests of a file."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
