"""The version of the tables: make, move forward, and refuse to work on another one."""

from functools import cache

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, Connection, column, exists, inspect, literal, select, table, text, update
from sqlalchemy.orm import Session

from mailer.errors import WrongSchema
from mailer.store import rows
from mailer.store.engine import Store
from mailer.store.tables import Batch, db_now

VERSION = table("alembic_version", column("version_num"))
# In the place of the version while a copy fills the store: nothing else works on it then.
COPYING = "copying "


@cache
def newest() -> str:
    """Return the version this program works with.

    Read once: a newer program that is installed while this one runs brings files this one is not made of.
    """
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    return head or ""


def version(store: Store) -> str:
    """Return the version of the store's tables; "" for a store that has none yet."""
    with store.reachable(), store.engine.connect() as connection:
        return _version(connection)


def check(store: Store) -> None:
    """Raise WrongSchema unless the store has the version this program works with."""
    found = version(store)
    if not found:
        with store.reachable(), store.engine.connect() as connection:
            _must_be_empty(connection)
    _must_fit(found)


def recheck(session: Session) -> None:
    """Raise WrongSchema if the store was moved to another version while we work on it."""
    _must_fit(_version(session.connection()))


def fits() -> ColumnElement[bool]:
    """Say in SQL whether the store has the version of this program: part of every question whose answer is work."""
    return exists(select(VERSION.c.version_num).where(VERSION.c.version_num == newest()))


def migrate(store: Store) -> tuple[str, str]:
    """Bring the tables to the newest version; return (version before, version after).

    One transaction: a migration that fails leaves the store as it was. It ends every lease, so that an older
    program which still runs begins nothing more. A store made by something else (tables, but no version) is
    refused.
    """
    with store.write() as session:
        connection = session.connection()
        before = _version(connection)
        _must_be_whole(before)
        if before and before not in known():
            raise WrongSchema(
                f"the store has version {before}, which this program does not know",
                place="store.url",
                cure="install the newer mailer again",
            )
        if not before:
            _must_be_empty(connection)
        _upgrade(connection)
        if before != newest():
            _end_leases(session)
    return before, newest()


def begin_copy(store: Store) -> bool:
    """Make the tables of a store that a copy fills and let nobody else work on it; False if others have been here.

    True too for a copy that was begun by this version of the program and has not ended.
    """
    with store.write(quiet=True) as session:
        connection = session.connection()
        found = _version(connection)
        if found == COPYING + newest():
            return True
        if not found and not set(inspect(connection).get_table_names()) - {"alembic_version"}:
            _upgrade(connection)
        elif found != newest() or any(rows.count(session, table) for table in rows.tables()):
            return False
        _set_version(session, COPYING + newest())
    return True


def end_copy(store: Store) -> None:
    """Open a store that was filled by a copy."""
    with store.write() as session:
        _set_version(session, newest())


def known() -> set[str]:
    """Return every version this program can bring forward."""
    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _must_fit(found: str) -> None:
    if found == newest():
        return
    _must_be_whole(found)
    if not found:
        raise WrongSchema("the store is empty", place="store.url", cure="run `mailer migrate`")
    if found in known():
        raise WrongSchema(
            f"the store has version {found}, this program needs {newest()}",
            place="store.url",
            cure="stop every mailer process, make a backup, then run `mailer migrate`",
        )
    raise WrongSchema(
        f"the store has version {found}, which is newer than this program ({newest()})",
        place="store.url",
        cure="install the newer mailer again",
    )


def _must_be_whole(found: str) -> None:
    if found.startswith(COPYING):
        raise WrongSchema(
            "the copy into this store has not ended",
            place="store.url",
            cure="with the configuration of the other store, give `mailer store copy` again",
        )


def _must_be_empty(connection: Connection) -> None:
    if set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise WrongSchema("this database holds tables of something else", place="store.url", cure="name an empty one")


def _upgrade(connection: Connection) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _end_leases(session: Session) -> None:
    """Let every lease run out now; whoever comes next judges the rows that were begun under it."""
    held = update(Batch).where(Batch.owner != "", Batch.done_at.is_(None))
    session.execute(held.values(lease_until=db_now() - literal(1)).execution_options(synchronize_session=False))


def _set_version(session: Session, version: str) -> None:
    session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def _version(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", "mailer.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
