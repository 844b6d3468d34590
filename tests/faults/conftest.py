"""Fixtures of the fault tests."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Name an empty, migrated SQLite store: for faults that never come near the store."""
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"
