"""What is in a store, to be compared with another one."""

from mailer.store import rows
from mailer.store.engine import Store


def everything(store: Store) -> dict[str, list[str]]:
    """Return every row of every table."""
    with store.read() as session:
        return {table.name: list(rows.dump(session, table)) for table in rows.tables()}
