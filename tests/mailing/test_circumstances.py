"""What went before, what else is on its way, what the relays carry: each told with names and numbers."""

from datetime import timedelta

from sqlalchemy import update

from mailer.config import Config
from mailer.mailing import circumstances, mailings, press
from mailer.store.tables import Mailing
from tests.make import make_draft, make_list, make_reader, make_started, start


def told(store, config: Config, mailing_id: int, written: int = 3) -> dict[str, str]:
    """Return what is found, by code."""
    with store.read() as session:
        found = circumstances.findings(session, config, mailings.need(session, mailing_id), written)
    return {each.code: each.place for each in found}


def another(store, config: Config, *names: str) -> int:
    with store.write() as session:
        return make_draft(session, config, names or ("press",)).id


def finish(store, mailing_id: int, chosen: int) -> None:
    """Let a mailing have been sent to so many."""
    with store.write() as session:
        mailing = mailings.need(session, mailing_id)
        ended = {"state": "sent", "frozen_at": mailing.started_at, "finished_at": mailing.started_at}
        session.execute(update(Mailing).where(Mailing.id == mailing_id).values(chosen=chosen, **ended))


def test_a_first_mailing_has_nothing_against_it(store, config) -> None:
    with store.write() as session:
        make_list(session)
    assert told(store, config, another(store, config)) == {}


def test_a_statement_that_went_to_the_list_is_named_and_to_another_list_not(store, config, keys, moving_clock) -> None:
    first = make_started(store, config, keys)
    with store.write() as session:
        make_list(session, "other")
    moving_clock.move(days=2)
    place = told(store, config, another(store, config, "other", "press"))["statement.sent_before"]
    assert place.startswith(f"mailing {first}, “Water will be off on Monday”, sending, ")
    assert "statement.sent_before" not in told(store, config, another(store, config, "other"))


def test_a_mailing_stopped_before_it_started_never_went(store, config, keys) -> None:
    with store.write() as session:
        make_list(session)
    first = another(store, config)
    start(store, config, keys, first, is_due=False)
    with store.write() as session:
        values = {"state": "stopped", "why": "by hand", "finished_at": Mailing.made_at}
        session.execute(update(Mailing).where(Mailing.id == first).values(**values))
    assert told(store, config, another(store, config)) == {}


def test_numbers_far_from_those_of_the_last_mailing_are_shown_beside_them(store, config, keys) -> None:
    first = make_started(store, config, keys)
    finish(store, first, 100)
    draft = another(store, config)
    assert told(store, config, draft, 69)["audience.unusual"] == f"69 people now, 100 for mailing {first}"
    assert told(store, config, draft, 1310)["audience.unusual"] == f"1,310 people now, 100 for mailing {first}"
    assert "audience.unusual" not in told(store, config, draft, 130)
    finish(store, first, 10)
    assert "audience.unusual" not in told(store, config, draft, 19)


def test_mailings_within_six_hours_are_named_before_and_after(store, config, keys, moving_clock) -> None:
    first = make_started(store, config, keys)
    finish(store, first, 3)
    draft = another(store, config)
    moving_clock.move(hours=5, minutes=59)
    assert f"mailing {first}, " in told(store, config, draft)["audience.twice"]
    moving_clock.move(minutes=2)
    assert "audience.twice" not in told(store, config, draft)
    later = another(store, config)
    with store.write() as session:
        mailings.schedule(session, mailings.need(session, later), None, timedelta(hours=5))
    assert f"mailing {later}, " in told(store, config, draft)["audience.twice"]


def test_relays_that_carry_nothing_or_too_little(store, config, moving_clock) -> None:
    with store.write() as session:
        make_list(session)
    draft = another(store, config)
    slow = Config.model_validate({"relay": {"one": {"per_day": 100}, "two": {"per_day": 100}}})
    assert told(store, slow, draft, 200) == {}
    place = told(store, slow, draft, 500)["relay.slow"]
    assert place.startswith("500 letters, 200 a day: begun now, done about ")
    assert "4 March 2026" in place
    other = Config.model_validate({"relay": {"one": {"domains": ["art.example"]}}})
    assert told(store, other, draft) == {"relay.none": "mail from water.example"}


def test_the_proof_of_a_draft_has_them_too(store, config, keys) -> None:
    make_started(store, config, keys)
    draft = another(store, config)
    with store.write() as session:
        make_reader(session, keys, "new@example.org")
    with store.read() as session:
        proof = press.proofread(session, config, keys, draft)
    assert {"statement.sent_before", "audience.twice"} <= {each.code for each in proof.findings}
    assert proof.blocks == []
