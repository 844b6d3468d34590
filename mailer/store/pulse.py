"""Whether the store is well: it answers, it keeps what is written, its tables are of our version."""

from datetime import timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mailer import clock
from mailer.store import schema
from mailer.store.engine import Store
from mailer.store.tables import Fact

NAME = "pulse"
EVERY = timedelta(seconds=10)


def feel(store: Store) -> None:
    """Write the moment into the store, at most every 10 seconds, so that a full disk is seen too.

    Raises WrongSchema for tables of another version, and whatever keeps the store from writing.
    """
    schema.check(store)
    with store.write(quiet=True) as session:
        _note(session)


def _note(session: Session) -> None:
    now = clock.now()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Fact).values(name=NAME, value=now.isoformat())
    session.execute(
        row.on_conflict_do_update(
            index_elements=["name"],
            set_={"value": row.excluded.value},
            where=Fact.value < (now - EVERY).isoformat(),
        )
    )
