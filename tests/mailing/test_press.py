"""From draft to press: what was proof-read is what is frozen, or nothing is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from mailer import address
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import mailings, press, starting
from mailer.mailing.schedule import When
from mailer.people import lists, subscriptions, suppression
from mailer.store.tables import EditionRow, Mailing, Notice
from tests.make import make_draft, make_list, make_reader

WHEN = When(datetime(2027, 3, 1, 8, 0, tzinfo=UTC), "2027-03-01 09:00", "Europe/Berlin")


@pytest.fixture
def draft(store, config, keys) -> int:
    with store.write() as session:
        mlist = make_list(session)
        for name in ("ann", "ben", "cleo"):
            make_reader(session, keys, f"{name}@example.org", mlist, name=name.title())
        return make_draft(session, config).id


def proofread(store, config, keys, mailing_id: int) -> press.Proofread:
    with store.read() as session:
        return press.proofread(session, config, keys, mailing_id)


def state(store, mailing_id: int) -> tuple[str, int]:
    with store.read() as session:
        editions = session.scalars(select(EditionRow).where(EditionRow.mailing_id == mailing_id)).all()
        return mailings.need(session, mailing_id).state, len(editions)


def test_what_was_proofread_is_kept_and_scheduled(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    assert proof.blocks == []
    assert proof.count.written == 3
    assert state(store, draft) == ("draft", 0)
    with store.write() as session:
        press.schedule(session, proof, WHEN)
    assert state(store, draft) == ("scheduled", 2)


def test_a_change_after_proofreading_is_not_sent_unread(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    with store.write() as session:
        mailings.edit(session, mailings.need(session, draft), subject="Another subject of it", preheader="")
    with pytest.raises(Refused, match="changed since it was checked"), store.write() as session:
        press.schedule(session, proof, WHEN)
    assert state(store, draft) == ("draft", 0)


def test_what_blocks_keeps_it_a_draft(store, config, keys, draft) -> None:
    with store.write() as session:
        mailings.edit(session, mailings.need(session, draft), subject="TODO: a subject", preheader="")
    proof = proofread(store, config, keys, draft)
    assert [finding.code for finding in proof.blocks] == ["placeholder"]
    with pytest.raises(BadInput, match="placeholder"), store.write() as session:
        press.schedule(session, proof, WHEN)
    assert state(store, draft) == ("draft", 0)


def test_a_started_mailing_keeps_its_editions(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    with store.write() as session:
        press.schedule(session, proof, None)
    with store.write() as session:
        starting.start_due(session, config)
    with pytest.raises(Refused, match="it is sending"), store.write() as session:
        press.schedule(session, proof, WHEN)
    assert state(store, draft) == ("sending", 2)


def test_two_lists_with_postal_addresses_of_their_own_are_both_fit_to_send(store, config, keys) -> None:
    with store.write() as session:
        museum = make_list(session, "museum", title="The museum", postal_address="Museum, 2 River Road, Town")
        make_reader(session, keys, "ann@example.org", museum, make_list(session))
        mailing_id = make_draft(session, config, ["museum", "press"]).id
    proof = proofread(store, config, keys, mailing_id)
    assert proof.blocks == []
    assert press.audience_words(proof) == "1 reader of The museum and Press statements."


def test_the_sentence_names_moment_number_and_lists(store, config, keys, draft, moving_clock) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, "ann@example.org", scope="all", reason="x")
        ben = subscriptions.of_person(session, make_reader(session, keys, "ben@example.org").id)[0][0]
        subscriptions.pause(session, ben, moving_clock.now() + timedelta(days=5))
    proof = proofread(store, config, keys, draft)
    said = "“Water will be off on Monday” goes to 1 reader of Press statements. 2 are left out: 1 paused, 1 suppressed."
    assert press.sentence(config, proof, WHEN) == f"On Mon 1 March 2027, 09:00 (Europe/Berlin, UTC+1) {said}"
    assert press.sentence(config, proof, None) == f"Now {said}"
    held = press.sentence(config, proof, None, timedelta(seconds=60))
    assert held == f"In 60 seconds, on Mon 2 March 2026, 09:01 (UTC), {said}"
    assert press.sentence(config, proof, None, timedelta(seconds=1)).startswith("In 1 second, on")


def test_a_test_goes_to_one_address_with_the_readers_own_values(store, config, keys, draft) -> None:
    with store.write() as session:
        press.send_test(session, keys, draft, address.parse("ANN@example.org"))
        press.send_test(session, keys, draft, address.parse("eva@example.org"))
    with store.read() as session:
        known, unknown = session.scalars(select(Notice).order_by(Notice.id)).all()
        mailing = session.get_one(Mailing, draft)
    assert (known.kind, known.address, known.facts["name"]) == ("test", "ANN@example.org", "Ann")
    assert unknown.facts == {"mailing_id": str(draft)}
    assert mailing.tested_revision == mailing.revision


def test_a_preview_is_for_somebody_or_nobody(store, config, keys, draft) -> None:
    with store.read() as session:
        anonymous = press.preview(session, config, keys, draft)
        ann = press.preview(session, config, keys, draft, "ann@example.org")
        assert lists.named(session, "press").title in anonymous.text
        with pytest.raises(NotFound, match="nobody here"):
            press.preview(session, config, keys, draft, "nobody@example.org")
    assert anonymous.text.count("/u/") == 1
    assert "Subscribed since" not in anonymous.text
    assert f"Subscribed since {date.today():%d %B %Y}".replace(" 0", " ") in ann.text  # noqa: DTZ011
