"""The version of the tables: make, move forward, and refuse to work on another one."""

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from mailer.errors import WrongSchema
from mailer.store.engine import Store


def newest() -> str:
    """Return the version this program works with."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    return head or ""


def version(store: Store) -> str:
    """Return the version of the store's tables; "" for a store that has none yet."""
    with store.reachable(), store.engine.connect() as connection:
        return _version(connection)


def check(store: Store) -> None:
    """Raise WrongSchema unless the store has the version this program works with."""
    found = version(store)
    if found == newest():
        return
    if not found:
        with store.reachable(), store.engine.connect() as connection:
            _must_be_empty(connection)
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


def migrate(store: Store) -> tuple[str, str]:
    """Bring the tables to the newest version; return (version before, version after).

    One transaction: a migration that fails leaves the store as it was. A store made by something else
    (tables, but no version) is refused.
    """
    with store.write() as session:
        connection = session.connection()
        before = _version(connection)
        if before and before not in known():
            raise WrongSchema(
                f"the store has version {before}, which this program does not know",
                place="store.url",
                cure="install the newer mailer again",
            )
        if not before:
            _must_be_empty(connection)
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, newest()


def known() -> set[str]:
    """Return every version this program can bring forward."""
    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _must_be_empty(connection: Connection) -> None:
    if set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise WrongSchema("this database holds tables of something else", place="store.url", cure="name an empty one")


def _version(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", "mailer.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
