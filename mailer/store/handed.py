"""Many rows handed to a statement, or taken from one, as a single JSON value."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import make_dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Select,
    Subquery,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine


def packed(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as the one value a table made by handed() is given; what JSON knows: text, whole numbers, None."""
    return json.dumps(list(rows), separators=(",", ":"))


def handed(dialect: str, name: str, **columns: TypeEngine[Any]) -> Subquery:
    """Return a table with the named columns of the rows that will be given, packed(), as the parameter ``name``.

    Both stores read JSON in compiled code, so a thousand rows cost what a few executions would.
    """
    text = bindparam(name, type_=Text)
    picked: list[ColumnElement[Any]]
    if dialect == "sqlite":
        each = func.json_each(text).table_valued("value", name="each")
        picked = [func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns))]
    else:
        each = func.jsonb_array_elements(cast(text, JSONB)).table_valued(column("value", JSONB), name="each")
        picked = [cast(each.c.value.op("->>")(place), kind) for place, kind in enumerate(columns.values())]
    return select(*(value.label(name) for name, value in zip(columns, picked, strict=True))).subquery("handed")


def taken(session: Session, statement: Select[Any], **parameters: Any) -> list[Any]:
    """Return the rows a SELECT finds with these parameters, as plain objects with its columns as attributes, in order.

    SQLite hands over each row by itself and lets other threads come between each time; as one value a
    thousand rows come at once.
    """
    if session.get_bind().dialect.name != "sqlite":
        return list(session.execute(statement, parameters))
    inner = statement.subquery("inner")
    # What is JSON already stays it.
    cells = [func.json(cell) if isinstance(cell.type, JSON) else type_coerce(cell, Text) for cell in inner.c]
    rows = json.loads(session.scalar(select(func.json_group_array(func.json_array(*cells))), parameters) or "[]")
    for place, cell in enumerate(inner.c):
        if read := _reader(cell.type, session):
            for row in rows:
                row[place] = read(row[place])
    make = _maker(tuple(inner.c.keys()))
    return [make(*row) for row in rows]


def _reader(kind: TypeEngine[Any], session: Session) -> Callable[[Any], Any] | None:
    """Return what makes a value of ours of what stands in the file; None if that is the same."""
    if isinstance(kind, Boolean):
        return bool
    if isinstance(kind, TypeDecorator):
        return partial(kind.process_result_value, dialect=session.get_bind().dialect)
    return None


@lru_cache(maxsize=16)
def _maker(names: tuple[str, ...]) -> Callable[..., Any]:
    return make_dataclass("Taken", names, slots=True, eq=False)
