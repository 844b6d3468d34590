"""Rows of the store as plain values, which pages may read after the transaction has ended."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from mailer.store.tables import Table


def plain(row: Table) -> Any:
    """Return the columns of a row under their names."""
    return SimpleNamespace(**{column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs})


def every(rows: Iterable[Table]) -> list[Any]:
    """Return the columns of each row."""
    return [plain(row) for row in rows]
