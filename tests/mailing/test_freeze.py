"""The audience: counted as it would be frozen, frozen once, every chosen person with a row."""

from datetime import timedelta

import pytest
from sqlalchemy import func, literal, select, update

from mailer.mailing import audience, freeze, mailings
from mailer.outcomes import account
from mailer.people import subscriptions, suppression
from mailer.store.tables import Batch, Delivery, Mailing
from tests.make import freeze_all, make_draft, make_list, make_reader, start, subscription_of


def rows(store, mailing_id: int) -> dict[str, tuple[str, str]]:
    with store.read() as session:
        found = session.scalars(select(Delivery).where(Delivery.mailing_id == mailing_id))
        return {row.address: (row.state, row.why) for row in found}


@pytest.fixture
def mixed(store, config, keys, moving_clock) -> int:
    """A draft to two lists, without a third, with one reader of every kind."""
    with store.write() as session:
        press, local, staff = (make_list(session, name) for name in ("press", "local", "staff"))
        make_reader(session, keys, "both@a.example", press, local)
        make_reader(session, keys, "local@a.example", local)
        make_reader(session, keys, "colleague@a.example", press, staff)
        gone = make_reader(session, keys, "gone@b.example", press)
        suppression.suppress_hash(session, gone.address_hash, scope="all", reason="mailbox gone")
        away = make_reader(session, keys, "away@b.example", press)
        subscriptions.pause(session, subscription_of(session, away, press), moving_clock.now() + timedelta(days=9))
        left = make_reader(session, keys, "left@b.example", press)
        subscriptions.end(session, subscription_of(session, left, press), "left by the link")
        half = make_reader(session, keys, "half@b.example", press, local)
        subscriptions.pause(session, subscription_of(session, half, press), moving_clock.now() + timedelta(days=9))
        asked = make_reader(session, keys, "asked@c.example")
        subscriptions.ask(session, asked, press, words="yes", page="", network="", actor="form")
        return make_draft(session, config, ("press", "local"), exclude=("staff",)).id


EXPECTED = {
    "both@a.example": ("queued", ""),
    "local@a.example": ("queued", ""),
    "colleague@a.example": ("left_out", "excluded"),
    "gone@b.example": ("left_out", "suppressed"),
    "away@b.example": ("left_out", "paused"),
    "half@b.example": ("queued", ""),
}


def test_the_count_says_who_would_be_left_out_and_why(store, mixed) -> None:
    with store.read() as session:
        found = audience.count(session, mixed)
    assert found == audience.Count(6, 3, {"excluded": 1, "suppressed": 1, "paused": 1})


@pytest.mark.parametrize("size", [1, 2, 100])
def test_everybody_chosen_has_a_row_whatever_the_chunk(store, config, keys, mixed, size) -> None:
    start(store, config, keys, mixed)
    freeze_all(store, mixed, size)
    assert rows(store, mixed) == EXPECTED
    with store.read() as session:
        found = account.account(session, mixed)
    assert (found.chosen, found.queued, found.left_out, found.balanced) == (6, 3, 3, True)


def test_the_letter_belongs_to_the_first_list_where_the_person_is_active(store, config, keys, mixed) -> None:
    start(store, config, keys, mixed)
    freeze_all(store, mixed)
    with store.read() as session:
        names = {mlist.id: mlist.name for mlist in mailings.lists_of(session, mixed)}
        found = session.scalars(select(Delivery).where(Delivery.state == "queued")).all()
    assert {row.address.split("@")[0]: names[row.list_id] for row in found} == {
        "both": "press",
        "local": "local",
        "half": "local",
    }


def test_the_same_chunk_frozen_twice_writes_nobody_twice(store, config, keys, mixed) -> None:
    start(store, config, keys, mixed)
    with store.write() as session:
        freeze.unfrozen(session, "test")
    with store.read() as session:
        bound = freeze.next_bound(session, mixed, 3)
    for _ in range(2):
        with store.write() as session:
            freeze.freeze(session, mixed, "test", bound, [])
    with store.read() as session:
        number = session.scalar(select(func.count()).select_from(Delivery))
        assert number == session.get_one(Mailing, mixed).chosen == 3


def test_only_one_process_freezes(store, config, keys, mixed) -> None:
    start(store, config, keys, mixed)
    with store.write() as session:
        assert freeze.unfrozen(session, "one") == mixed
        assert freeze.unfrozen(session, "two") is None
        assert freeze.freeze(session, mixed, "two", 1000, []) == 0


@pytest.mark.parametrize("end", ["stops in order", "goes silent"])
def test_another_goes_on_where_one_ended_in_the_middle(store, config, keys, mixed, end) -> None:
    start(store, config, keys, mixed)
    with store.write() as session:
        freeze.unfrozen(session, "one", 1)
        bound = freeze.next_bound(session, mixed, 2)
        seconds = 0 if end == "goes silent" else 3600
        assert freeze.freeze(session, mixed, "one", bound, [], seconds) == 2
        if end == "stops in order":
            freeze.give_back(session, "one")
    with store.write() as session:
        # The clock of SQLite counts milliseconds: a lease of nothing ends in this one or the next.
        session.execute(update(Mailing).values(freeze_until=Mailing.freeze_until - literal(1000)))
        assert freeze.unfrozen(session, "two") == mixed


def test_who_is_stopped_before_the_end_of_freezing_has_a_row_too(store, config, keys, mixed) -> None:
    start(store, config, keys, mixed)
    with store.write() as session:
        mailings.stop(session, mailings.need(session, mixed), "a person")
    freeze_all(store, mixed)
    assert set(rows(store, mixed).values()) == {("left_out", "stopped")}
    with store.read() as session:
        assert account.account(session, mixed).balanced


def test_large_domains_have_a_route_and_a_batch_of_their_own(store, config, keys) -> None:
    with store.write() as session:
        press = make_list(session)
        for number in range(150):
            make_reader(session, keys, f"r{number}@large.example", press)
        make_reader(session, keys, "one@small.example", press)
        mailing_id = make_draft(session, config).id
    start(store, config, keys, mailing_id)
    freeze_all(store, mailing_id, size=1000)
    with store.read() as session:
        batches = session.scalars(select(Batch).order_by(Batch.route)).all()
        assert [(batch.route, batch.size) for batch in batches] == [("large.example", 150), ("rest", 1)]


def test_what_the_edition_reads_is_copied_when_the_audience_is_frozen(store, config, keys, tmp_path) -> None:
    own = own_template(tmp_path, "<p>Dear {{ reader.name or 'reader' }} of {{ reader.city }}</p>")
    config = config.model_copy(update={"templates": config.templates.model_copy(update={"folder": own})})
    with store.write() as session:
        press = make_list(session)
        make_reader(session, keys, "ann@a.example", press, name="Ann", city="Ulm")
        make_reader(session, keys, "bob@a.example", press)
        mailing_id = make_draft(session, config, template="plain").id
    start(store, config, keys, mailing_id)
    with store.read() as session:
        assert audience.lacking(session, mailing_id, ["city"]) == [("bob@a.example", "no value: city")]
    freeze_all(store, mailing_id)
    assert rows(store, mailing_id) == {
        "ann@a.example": ("queued", ""),
        "bob@a.example": ("left_out", "no value: city"),
    }
    with store.read() as session:
        facts = session.scalars(select(Delivery.facts).where(Delivery.state == "queued")).one()
    assert facts == {"name": "Ann", "city": "Ulm"}


def own_template(folder, body: str):
    """Write the smallest template of an operator's own."""
    place = folder / "editions" / "plain"
    place.mkdir(parents=True)
    links = '<a href="{{ links.unsubscribe }}">Leave</a>'
    (place / "page.html").write_text(f"<html lang='en'><head><title>t</title></head><body>{body}{links}</body></html>")
    (place / "page.txt").write_text("{{ statement.body }}\n\n{{ links.unsubscribe }}\n")
    (place / "style.css").write_text("p { margin: 0 }")
    return folder
