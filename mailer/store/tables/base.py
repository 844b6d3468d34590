"""What all tables share: names of constraints, the type of a moment, the database's own clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
Key = BigInteger().with_variant(Integer(), "sqlite")


class Table(DeclarativeBase):
    """Base of every table; constraint names are fixed so that migrations can drop them on SQLite too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970: the same order on both stores."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware datetime into microseconds."""
        del dialect
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into an aware datetime."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


class db_now(FunctionElement[datetime]):
    """The database's clock as an Instant; leases of all machines are measured by it."""

    type = Instant()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER) * 1000"


@compiles(db_now, "postgresql")
def _postgresql_now(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def one_of(column: str, values: Iterable[str], name: str = "") -> CheckConstraint:
    """Return a CHECK that ``column`` holds one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def when(column: str, values: Iterable[str], then: str, name: str) -> CheckConstraint:
    """Return a CHECK that ties a state to what must be known in it: in one of ``values``, ``then`` holds."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} NOT IN ({listed}) OR ({then})", name=name)
