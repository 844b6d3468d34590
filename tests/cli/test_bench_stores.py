"""What is measured is a copy of a store filled once; nothing is left of it, and an unsafe server is refused."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailer.cli.bench.house import SAMPLE, House, Relay, SqliteStores, address_of
from mailer.cli.bench.postgres import databases
from mailer.errors import Refused
from mailer.people import lists, subscribers


def test_databases_are_copied_and_dropped(tmp_path: Path, postgresql_server: str) -> None:
    with databases(postgresql_server) as stores:
        house = House(tmp_path, stores, {SAMPLE: 20})
        look_into(house)
        look_into(house)
        assert len(ours(postgresql_server)) == 2
    assert ours(postgresql_server) == []


def test_files_are_copied_and_removed(tmp_path: Path) -> None:
    house = House(tmp_path, SqliteStores(tmp_path), {SAMPLE: 20})
    look_into(house)
    look_into(house)
    assert not (tmp_path / "copy").exists()


def look_into(house: House) -> None:
    """See that a copy has everybody, and nothing of the copy before it."""
    with house.fresh(Relay(25, 3)) as app:
        assert app.config.relay["bench"].connections == 3
        with app.store.write() as session:
            assert lists.counts(session, lists.named(session, SAMPLE).id)["active"] == 20
            assert subscribers.need(session, address_of(19)).attributes["city"]
            lists.add(session, name="later", title="Later", from_address="a@b.example", postal_address="1 Road")


def test_a_server_that_does_not_write_through_is_refused(postgresql_server: str) -> None:
    unsafe = f"{postgresql_server}&options=-c%20synchronous_commit%3Doff"
    with pytest.raises(Refused, match="synchronous_commit off"), databases(unsafe):
        pass


def ours(url: str) -> list[str]:
    """Return the databases of the bench on a server."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'mailer_bench%'"))
        found = list(names.scalars())
    engine.dispose()
    return found
