"""Rows of every table as lines of JSON, the same from either kind of store, and back."""

import base64
import json
from collections.abc import Generator, Iterable
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Date, LargeBinary, String, collate, func, insert, select
from sqlalchemy import Table as CoreTable
from sqlalchemy.orm import Session

from mailer.errors import BadInput
from mailer.store.tables import EPOCH, MICROSECOND, Instant, Table

CHUNK = 500


def tables() -> list[CoreTable]:
    """Return every table, each after those it refers to."""
    return list(Table.metadata.sorted_tables)


def count(session: Session, table: CoreTable) -> int:
    """Return how many rows a table has."""
    return session.scalar(select(func.count()).select_from(table)) or 0


def dump(session: Session, table: CoreTable) -> Generator[str]:
    """Yield the names of the columns as one line of JSON, then one line a row, in the order of the key.

    Equal rows give equal lines in an equal order, whatever the kind of store.
    """
    yield json.dumps([column.name for column in table.columns])
    wanted = select(table).order_by(*_order(session, table))
    with session.execute(wanted, execution_options={"yield_per": CHUNK}) as found:
        for row in found:
            # Sorted, because PostgreSQL does not keep the order of the keys inside a value.
            yield json.dumps([_written(value) for value in row], ensure_ascii=False, sort_keys=True)


def load(session: Session, table: CoreTable, lines: Iterable[str]) -> int:
    """Insert what ``dump`` wrote into an empty table and return how many rows; BadInput if it does not fit."""
    source = iter(lines)
    names = json.loads(next(source, "[]"))
    if set(names) != {column.name for column in table.columns}:
        raise BadInput(f"has other columns than the table {table.name}", place=f"rows of {table.name}")
    columns = [table.columns[name] for name in names]
    done = 0
    while piece := list(islice(source, CHUNK)):
        session.execute(
            insert(table),
            [
                {
                    column.name: _read(column.type, value)
                    for column, value in zip(columns, json.loads(line), strict=True)
                }
                for line in piece
            ],
        )
        done += len(piece)
    if done:
        _renumber(session, table)
    return done


def _order(session: Session, table: CoreTable) -> list[ColumnElement[Any]]:
    """Return the key, with texts by their bytes: PostgreSQL would sort them by the rules of a language."""
    if session.get_bind().dialect.name != "postgresql":
        return list(table.primary_key)
    return [collate(key, "C") if isinstance(key.type, String) else key for key in table.primary_key]


def _renumber(session: Session, table: CoreTable) -> None:
    """Let the next row get a number of its own: PostgreSQL counts apart from the rows."""
    key = next(iter(table.primary_key))
    if session.get_bind().dialect.name != "postgresql" or key.name != "id":
        return
    counter = func.pg_get_serial_sequence(table.name, "id")
    session.execute(select(func.setval(counter, select(func.max(key)).scalar_subquery())))


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Instant):
        return EPOCH + value * MICROSECOND
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value
