"""The migrations make the tables, and other versions are refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from mailer.errors import WrongSchema
from mailer.store import schema
from mailer.store.engine import Store
from mailer.store.tables import Table


def test_migrations_from_nothing_equal_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_checks_of_the_tables_are_in_the_store(store: Store) -> None:
    tables = Table.metadata.tables.values()
    expected = {str(check.name) for table in tables for check in table.constraints if check.name}
    query = (
        "SELECT sql FROM sqlite_master WHERE type = 'table'" if store.is_sqlite else "SELECT conname FROM pg_constraint"
    )
    with store.engine.connect() as connection:
        found = " ".join(row[0] for row in connection.execute(text(query)))
    assert [name for name in expected if name not in found] == []


def test_a_store_of_the_newest_version_is_accepted(store: Store) -> None:
    schema.check(store)
    assert schema.migrate(store) == (schema.newest(), schema.newest())


def test_a_newer_store_is_refused_with_the_cure(store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSchema, match="newer than this program"):
        schema.check(store)
    with pytest.raises(WrongSchema, match="does not know"):
        schema.migrate(store)


def test_an_empty_store_is_refused_with_the_command(tmp_path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(WrongSchema, match="mailer migrate"):
        schema.check(store)
    store.close()


def test_a_database_of_something_else_is_refused(tmp_path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'other.db'}")
    with store.write() as session:
        session.execute(text("CREATE TABLE wordpress (id INTEGER)"))
    with pytest.raises(WrongSchema, match="something else"):
        schema.migrate(store)
    store.close()
