"""A person's copy holds every row and column the store has of them, and nothing of others."""

import io
import json
import zipfile

import pytest
from sqlalchemy import inspect, select

from mailer.errors import NotFound
from mailer.outcomes import dossier, events
from mailer.people import lists, signups, subscribers, suppression
from mailer.store.tables import Attempt, Deed, Delivery, Hit, Notice, Outcome, Reason, Table
from tests.make import freeze_all, make_started

# Tables with nothing about a reader: staff, statements, mailings, and how they are sent.
OF_OTHERS = frozenset(
    (
        "approvals", "batches", "corrections", "draft_versions", "editions", "facts", "followups", "former_names", "imports", "lists",
        "mailing_aims", "mailing_statements", "mailing_targets", "mailings", "occurrences", "proofs",
        "segments", "sessions", "spendings", "staff", "staff_links", "statements", "workers",
    )
)  # fmt: skip
# How a column says whose the row is.
PERSONAL = ("subscriber_id", "address_hash", "address_key", "subscription_id")


@pytest.fixture
def person(store, config, keys, moving_clock) -> int:
    """Let one of two readers leave a trace in every table that could hold one; return their id."""
    mailing_id = make_started(store, config, keys, readers=2)
    freeze_all(store, mailing_id)
    with store.write() as session:
        for number in (1, 0):
            spelled = f"reader{number}@example.org"
            found = subscribers.need(session, spelled)
            subscribers.change(session, found, attributes={"city": "Hidden Town"})
            signups.write(
                session, address_text=spelled, lists=["press"], name="=1+1", network="192.0.2.77", wish="link"
            )
            signups.take(session, keys, config)
            signups.write(session, address_text=spelled.upper(), lists=["press"], page="https://water.example/")
            row = session.scalars(select(Delivery).where(Delivery.subscriber_id == found.id)).one()
            now = moving_clock.now()
            session.add(Attempt(lane="mailing", row_id=row.id, at=now, worker="w", relay="r", verdict="waiting",
                                text=f"450 {spelled}"))  # fmt: skip
            session.add(Notice(kind="link", subscriber_id=found.id, address=spelled, address_hash=found.address_hash,
                               language="en", made_at=now, facts={}, links={"manage": "secret"}))  # fmt: skip
            bounced = Outcome(kind="bounced", at=now, subscriber_id=found.id, origin="inbox", origin_id=spelled)
            session.add(bounced)
            session.flush()
            session.add(Reason(outcome_id=bounced.id, list_id=row.list_id, at=now, reason="other", words="Hidden"))
            session.add(Deed(at=now, actor="desk:Berta", action="reader added", subject=f"reader {found.id}"))
            suppression.suppress(session, keys, found.address_key, scope="mailings", reason="left everything")
    return found.id


def collect(store, config, keys, person: int) -> dict:
    with store.read() as session:
        return dossier.collect(session, config, keys, person)


def test_every_table_is_thought_of() -> None:
    """A new table is either handed out or named as one that says nothing about readers."""
    tables = {mapper.local_table.name: mapper.local_table for mapper in Table.registry.mappers}
    handed_out = {table.__tablename__ for table in dossier.TABLES}
    assert handed_out | OF_OTHERS == set(tables)
    assert handed_out & OF_OTHERS == set()
    for name in OF_OTHERS:
        columns = tables[name].columns
        assert [column.name for column in columns if column.name in PERSONAL and name != "staff"] == []
        points = {key.column.table.name for column in columns for key in column.foreign_keys}
        assert points & {"subscribers", "subscriptions"} == set()


def test_every_row_and_every_column_of_the_person_is_there(store, config, keys, person) -> None:
    found = collect(store, config, keys, person)
    found = {**found, "subscribers": [found["person"]]}
    for table in dossier.TABLES:
        rows = found[table.__tablename__]
        assert rows, f"nothing of {table.__tablename__}"
        for column in inspect(table).columns:
            withheld = (table.__tablename__, column.name) in dossier.WITHHELD
            assert all((column.name in row) != withheld for row in rows), f"{table.__tablename__}.{column.name}"
    assert len(found["signups"]) == 2, "the one that was handled, and the one that waits"
    assert found["deliveries"][0]["mailing"] == "Water will be off on Monday"
    assert found["consents"][0]["words"] == "asked at the counter"
    assert found["person"]["attributes"] == {"city": "Hidden Town"}


def test_nothing_of_others_is_there(store, config, keys, person) -> None:
    text = dossier.as_json(collect(store, config, keys, person)).decode()
    assert "reader0@example.org" in text
    assert [word for word in ("reader1", "Berta", "secret") if word in text] == []


def test_what_the_person_left_behind_is_counted_once(store, config, keys, person) -> None:
    with store.write() as session:
        events.leave_all(session, person, actor="test")
        session.add(Hit(kind="sign-up from a network", subject="192.0.2.77", at=lists.every(session)[0].created_at))
    found = collect(store, config, keys, person)
    assert [row["kind"] for row in found["consents"]] == ["added", "withdrawn"]
    assert all(row["subject"] != "192.0.2.77" for row in found["hits"]), "a network is of many"


def test_as_tables_it_says_the_same_and_no_cell_is_a_formula(store, config, keys, person) -> None:
    with store.write() as session:
        subscribers.change(session, subscribers.need(session, "reader0@example.org"), name="=cmd|' /C calc'!A0")
    found = collect(store, config, keys, person)
    assert json.loads(dossier.as_json(found)) == found
    with zipfile.ZipFile(io.BytesIO(dossier.as_zip(found))) as made:
        names = set(made.namelist())
        assert names == {f"{name}.csv" for name in found if isinstance(found[name], list | dict)}
        profile = made.read("person.csv").decode("utf-8-sig")
    assert "'=cmd|" in profile
    assert "reader0@example.org" in profile


def test_nobody_has_nothing(store, config, keys, person) -> None:
    with store.read() as session, pytest.raises(NotFound):
        dossier.collect(session, config, keys, 404)
