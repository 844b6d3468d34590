"""Moves on rows that must be right when several processes make them at once, on both stores."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mailer.store.tables import Table

_INSERTS: dict[str, Callable[[Any], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_new(session: Session, table: type[Table], row: dict[str, Any]) -> bool:
    """Insert ``row`` unless a unique key says it is there already; True if it was inserted."""
    into = _INSERTS[session.get_bind().dialect.name](table).on_conflict_do_nothing()
    key = cast(Any, table).id
    return session.execute(into.values(**row).returning(key)).first() is not None


def insert_new_many(session: Session, table: type[Table], rows: Sequence[dict[str, Any]], *columns: str) -> list[Any]:
    """Insert the rows that are not there already; return ``columns`` of those that were inserted.

    All rows name the same columns.
    """
    if not rows:
        return []
    # The table, not the class: half the time for thousands of rows.
    plain = table.__table__
    returned = [plain.c[column] for column in columns]
    if session.get_bind().dialect.name == "sqlite":
        into = sqlite.insert(cast(Any, plain)).on_conflict_do_nothing().returning(*returned)
        return list(session.execute(into, rows))
    return list(session.execute(_from_arrays(plain, rows).returning(*returned)))


def is_alone(session: Session, number: int) -> bool:
    """Say whether no other transaction does the work of this number now, and keep others out of it until this one ends.

    On SQLite whoever writes is alone anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(number))))


def plan_afresh(session: Session) -> None:
    """Let PostgreSQL plan every statement of this transaction for the tables as they are now.

    It keeps the plan it made when the tables were small, and then reads all of a grown table for every
    chunk of a bulk insert.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def by_index_only(session: Session) -> None:
    """Let PostgreSQL find the rows of this transaction by their indexes, even in a table it has not counted yet.

    A ledger that is just being written looks to it as if a few people had all the rows; to find those of fifty
    it would then read all of it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))


def changed(session: Session, statement: Update | Delete) -> int:
    """Execute ``statement`` and return how many rows it changed."""
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount


def _from_arrays(plain: Any, rows: Sequence[dict[str, Any]]) -> postgresql.Insert:
    """Return an INSERT with one array for each column.

    A parameter for each cell would be thousands for the driver to find in the text: three times slower.
    """
    names = list(rows[0])
    arrays = [
        bindparam(None, [row[name] for row in rows], type_=postgresql.ARRAY(plain.c[name].type)) for name in names
    ]
    cells = func.unnest(*arrays).table_valued(*names).render_derived()
    source = select(*(cells.c[name] for name in names))
    return postgresql.insert(plain).from_select(names, source).on_conflict_do_nothing()
