"""After erasing nothing says who it was, and nobody is written to."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text, update

from mailer.outcomes import erasure, events, moving
from mailer.people import consent, lists, signups, subscribers, subscriptions, suppression
from mailer.store.engine import Store
from mailer.store.tables import Attempt, Consent, Deed, Delivery, Mailing, Notice, Outcome, Signup, Subscriber
from tests.make import freeze_all, make_list, make_reader, make_started

SECRETS = ("reader0@example.org", "Reader 0", "192.0.2.77", "Hidden Town")


@pytest.fixture
def person(store, config, keys, moving_clock) -> int:
    """Let one reader leave a trace in every table that could hold one; return their id."""
    mailing_id = make_started(store, config, keys, readers=2)
    freeze_all(store, mailing_id)
    with store.write() as session:
        found = subscribers.need(session, "reader0@example.org")
        subscribers.change(session, found, attributes={"city": "Hidden Town"})
        make_list(session, "news")
        signups.write(
            session, address_text="Reader0@Example.org", lists=["news"], name="Reader 0", network="192.0.2.77",
            page="https://water.example/?for=reader0@example.org",
        )  # fmt: skip
        signups.take(session, keys, config)
        signups.write(
            session, address_text="READER0@example.org", lists=["news"], name="Reader 0", network="192.0.2.77"
        )
        signups.write(session, address_text="not an address", lists=["news"])
        now = moving_clock.now()
        session.execute(
            update(Delivery).values(reply_text="450 <reader0@example.org> later", facts={"name": "Reader 0"})
        )
        row = session.scalars(select(Delivery).where(Delivery.subscriber_id == found.id)).one()
        session.add(Attempt(lane="mailing", row_id=row.id, at=now, worker="w", relay="r", verdict="waiting",
                            text="450 reader0@example.org"))  # fmt: skip
        session.add(Notice(kind="confirm", subscriber_id=found.id, address="reader0@example.org", name="Reader 0",
                           address_hash=found.address_hash, language="en", made_at=now,
                           facts={"city": "Hidden Town"}, links={"confirm": "x"}))  # fmt: skip
        session.add(Outcome(kind="bounced", at=now, subscriber_id=found.id, origin="inbox", origin_id="1",
                            detail="<reader0@example.org>: mailbox full"))  # fmt: skip
        return found.id


def everything(store) -> str:
    """Return every row of every table as one text, except what belongs to the other reader."""
    with store.read() as session:
        tables = inspect(session.connection()).get_table_names()
        rows = [str(row) for table in tables if table not in ("hits", "facts") for row in
                session.execute(text(f"SELECT * FROM {table}"))]  # fmt: skip
    return "\n".join(row for row in rows if "reader1@example.org" not in row)


def test_the_trace_was_there(store, person) -> None:
    assert all(secret in everything(store) for secret in SECRETS)


def test_nothing_says_who_it_was(store, keys, person) -> None:
    with store.write() as session:
        receipt = erasure.erase(session, keys, person, actor="choices")
    assert (receipt.lists, receipt.letters, receipt.signups, receipt.already) == (2, 2, 2, False)
    left = everything(store).casefold()
    assert [secret for secret in SECRETS if secret.casefold() in left] == []


def test_what_staff_and_relays_wrote_says_it_no_more(store, keys, person) -> None:
    with store.write() as session:
        added = session.scalars(select(Consent).where(Consent.subscriber_id == person, Consent.kind == "added")).one()
        added.words = "Mr READER 0 <reader0@example.org> asked at the counter; readers are welcome"
        mailing = session.scalars(select(Mailing)).one()
        mailing.state, mailing.paused_at = "paused", added.at
        mailing.why = "550 5.7.1 <Reader0@example.org>: refused"
        session.add(Deed(at=added.at, actor="desk:Berta", action="reader added", subject=f"reader {person}",
                         note="Reader 0 rang", detail={"was": "reader0@example.org"}))  # fmt: skip
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
    left = everything(store)
    assert [secret for secret in SECRETS if secret.casefold() in left.casefold()] == []
    assert "Mr … <…> asked at the counter; readers are welcome" in left
    assert "550 5.7.1 <…>: refused" in left


def test_former_addresses_go_too(store, config, keys, person) -> None:
    with store.write() as session:
        asked = moving.ask(session, config, keys, person, "anna.new@example.net")
        row = session.scalars(select(Notice).where(Notice.address == asked.spelled)).one()
        minute = keys.ring.read("new address", row.links["confirm"].rpartition("/")[2])[1]
        moving.move(session, config, keys, (person, minute, row.id), page="", network="")
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
    left = everything(store).casefold()
    assert [secret for secret in (*SECRETS, "anna.new") if secret.casefold() in left] == []


def test_the_file_itself_says_nothing_any_more(sqlite_template, tmp_path, config, keys) -> None:
    """SQLite's file and write-ahead log, byte by byte, while another connection is open."""
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store, other = Store(f"sqlite:///{path}"), Store(f"sqlite:///{path}")
    # Many, so that pages were split and merged, and rows moved from one to another.
    make_started(store, config, keys, readers=300)
    with store.write() as session:
        found = subscribers.need(session, "reader7@example.org")
        subscribers.change(session, found, name="Zephyrine Quux", attributes={"city": "Hidden Town"})
        signups.write(session, address_text="reader7@example.org", lists=["press"], name="Zephyrine Quux")
        person = found.id
    with other.read() as session:
        assert subscribers.need(session, "reader7@example.org").name == "Zephyrine Quux"
    secrets = (b"reader7@example.org", b"zephyrine quux", b"hidden town")
    assert all(secret in bytes_of(path) for secret in secrets)
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
    assert store.wipe()
    assert [secret for secret in secrets if secret in bytes_of(path)] == []
    assert b"reader8@example.org" in bytes_of(path)
    store.close()
    other.close()


def bytes_of(path: Path) -> bytes:
    """Return everything that lies in the folder of the store, in small letters."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.iterdir()) if each.is_file()).lower()


def test_the_other_reader_and_other_sign_ups_stay(store, keys, person) -> None:
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
    with store.read() as session:
        other = subscribers.need(session, "reader1@example.org")
        delivery = session.scalars(select(Delivery).where(Delivery.subscriber_id == other.id)).one()
        assert (delivery.address, delivery.state, delivery.facts) == (
            "reader1@example.org",
            "queued",
            {"name": "Reader 0"},
        )
        assert session.scalars(select(Signup.address)).all() == ["not an address"]


def test_nothing_more_is_sent_and_the_proof_stays(store, keys, person) -> None:
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
    with store.read() as session:
        for table in (Delivery, Notice):
            (row,) = session.scalars(select(table).where(table.subscriber_id == person))
            assert (row.state, row.why) == ("left_out", "erased")
        kinds = [row.kind for row in consent.history(session, person)]
        assert kinds == ["added", "asked", "withdrawn", "withdrawn"]
        assert {one.ended_why for one, _ in subscriptions.of_person(session, person)} == {"erased"}
        (held,) = suppression.find(session, keys, "reader0@example.org")
        assert (held.scope, held.reason) == ("mailings", "erased")


def test_erasing_twice_is_no_error_and_replaces_having_left(store, keys, person, moving_clock) -> None:
    with store.write() as session:
        events.leave_all(session, person, actor="choices")
        first = erasure.erase(session, keys, person, actor="choices")
        erased_at = moving_clock.now()
        moving_clock.move(days=1)
        again = erasure.erase(session, keys, person, actor="choices")
        assert (first.already, again.already, again.at) == (False, True, erased_at)
        assert [row.reason for row in suppression.find(session, keys, "reader0@example.org")] == ["erased"]


def test_who_complained_stays_suppressed_for_everything(store, keys, person) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, "reader0@example.org", scope="all", reason="complained")
        erasure.erase(session, keys, person, actor="choices")
        assert {row.reason for row in suppression.find(session, keys, "reader0@example.org")} == {
            "complained",
            "erased",
        }


def test_only_they_themselves_come_back_as_somebody_new(store, keys, config, person) -> None:
    with store.write() as session:
        erasure.erase(session, keys, person, actor="choices")
        news = lists.named(session, "news")
        signups.write(session, address_text="reader0@example.org", lists=["news"], words="I want it")
        (followup,) = signups.take(session, keys, config)
        assert followup.subscriber_id != person
        new = subscriptions.between(session, followup.subscriber_id, news.id)
        assert subscriptions.confirm(session, [new])
        assert suppression.find(session, keys, "reader0@example.org") == []
        assert session.get_one(Subscriber, person).erased_at is not None


def test_a_reader_without_letters_is_erased_too(store, keys, moving_clock) -> None:
    with store.write() as session:
        alone = make_reader(session, keys, "alone@example.org", make_list(session))
        receipt = erasure.erase(session, keys, alone.id, actor="cli")
        assert (receipt.lists, receipt.letters, receipt.signups, receipt.at) == (1, 0, 0, moving_clock.now())
