"""Whether the store is well."""

import pytest

from mailer.errors import WrongSchema
from mailer.store import pulse, schema
from mailer.store.engine import Store
from mailer.store.tables import Fact


def test_it_is_written_at_most_every_ten_seconds(store, moving_clock) -> None:
    values = []
    for seconds in (0, 9, 2, 1):
        moving_clock.move(seconds=seconds)
        pulse.feel(store)
        with store.read() as session:
            values.append(session.get_one(Fact, pulse.NAME).value)
    assert values[0] == values[1] < values[2] == values[3]


def test_tables_of_another_version_are_named(store, monkeypatch) -> None:
    monkeypatch.setattr(schema, "newest", lambda: "9999")
    with pytest.raises(WrongSchema, match="mailer migrate"):
        pulse.feel(store)


def test_an_empty_store_is_not_well(tmp_path) -> None:
    empty = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(WrongSchema, match="the store is empty"):
        pulse.feel(empty)
    empty.close()
