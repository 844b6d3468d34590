"""The moves of a mailing: once, from where they are allowed, however many try."""

from datetime import timedelta

import pytest

from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import mailings, schedule, starting
from mailer.store.tables import MAILING_STATES
from tests.make import make_draft, make_list, make_started


def test_the_table_of_moves_names_every_state() -> None:
    assert set(mailings.MOVES) == set(MAILING_STATES)
    assert set().union(*mailings.MOVES.values()) <= set(MAILING_STATES)


def test_a_draft_takes_subject_and_preheader_from_the_statement(store, config) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        assert (mailing.state, mailing.subject) == ("draft", "Water will be off on Monday")
        assert mailing.preheader == "From nine to noon"
        assert mailing.slug == "water-will-be-off-on-monday"
        assert make_draft(session, config).slug.startswith("water-will-be-off-on-monday-")


def test_control_characters_in_a_subject_become_blanks(store, config) -> None:
    with store.write() as session:
        make_list(session)
        assert make_draft(session, config, subject="One\r\nBcc: two\x00").subject == "One Bcc: two"


@pytest.mark.parametrize(("names", "error"), [((), BadInput), (("press", "press"), BadInput), (("pres",), NotFound)])
def test_a_draft_needs_lists_that_exist_each_once(store, config, names, error) -> None:
    with store.write() as session:
        make_list(session)
        with pytest.raises(error):
            make_draft(session, config, names)


def test_hold_then_start(store, config, moving_clock) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        mailings.schedule(session, mailing, None, timedelta(seconds=60))
        assert mailing.state == "holding"
        assert starting.start_due(session, config) == []
        moving_clock.move(seconds=60)
        assert starting.start_due(session, config) == [mailing.id]
        assert starting.start_due(session, config) == []
        session.refresh(mailing)
        assert mailing.state == "sending"


def test_undo_takes_it_back_and_nothing_starts(store, config, moving_clock) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 10:00", "UTC"))
        mailings.undo(session, mailing)
        moving_clock.move(hours=2)
        assert starting.start_due(session, config) == []
        assert mailing.state == "draft"


@pytest.mark.parametrize(("late", "state"), [("send", "sending"), ("skip", "stopped"), ("ask", "scheduled")])
def test_a_mailing_that_is_too_late_follows_its_policy(store, config, moving_clock, late, state) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config, late=late)
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 10:00", "UTC"))
        moving_clock.move(hours=3)
        starting.start_due(session, config)
        session.refresh(mailing)
        assert mailing.state == state
        if late != "send":
            assert "Mon 2 March 2026, 10:00" in mailing.why
        if late == "ask":
            assert starting.start_due(session, config) == []
            mailings.schedule(session, mailing, None)
            assert starting.start_due(session, config) == [mailing.id]


@pytest.mark.parametrize("verb", ["undo", "schedule"])
def test_what_was_sent_now_and_came_too_late_can_be_sent_after_all(store, config, moving_clock, verb) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        mailings.schedule(session, mailing, None, timedelta(minutes=1))
        moving_clock.move(hours=3)
        assert starting.start_due(session, config) == []
        session.refresh(mailing)
        assert (mailing.state, mailing.asked_at) == ("holding", moving_clock.now())
        if verb == "undo":
            mailings.undo(session, mailing)
        mailings.schedule(session, mailing, None)
        assert starting.start_due(session, config) == [mailing.id]


def test_who_allows_no_lateness_still_starts_what_is_due(store, config, moving_clock) -> None:
    strict = config.model_copy(update={"send": config.send.model_copy(update={"late_hours": 0})})
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, strict)
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 10:00", "UTC"))
        moving_clock.move(hours=1, seconds=1)
        assert starting.start_due(session, strict) == [mailing.id]


def test_a_refusal_says_what_can_be_done_instead(store, config) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        for verb in (mailings.undo, lambda *given: mailings.stop(*given, "a person")):
            with pytest.raises(Refused) as refused:
                verb(session, mailing)
            assert refused.value.cure == "schedule it first"
        mailings.schedule(session, mailing, None)
        with pytest.raises(Refused) as refused:
            mailings.schedule(session, mailing, None)
        assert refused.value.cure == "undo it to change it or take it back"


def test_within_the_allowed_hour_it_is_sent_whatever_the_policy(store, config, moving_clock) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config, late="skip")
        mailings.schedule(session, mailing, schedule.parse("2026-03-02 10:00", "UTC"))
        moving_clock.move(hours=1, minutes=59)
        assert starting.start_due(session, config) == [mailing.id]


def test_every_verb_is_refused_from_every_other_state(store, config, keys, moving_clock) -> None:
    mailing_id = make_started(store, config, keys)
    with store.write() as session:
        mailing = mailings.need(session, mailing_id)
        for verb in (mailings.undo, mailings.resume):
            with pytest.raises(Refused, match="it is sending"):
                verb(session, mailing)
        with pytest.raises(Refused):
            mailings.edit(session, mailing, subject="x", preheader="")
        with pytest.raises(Refused):
            mailings.schedule(session, mailing, None)
        mailings.pause(session, mailing, "a person")
        with pytest.raises(Refused):
            mailings.pause(session, mailing, "again")
        mailings.stop(session, mailing, "a person")
        for verb in (mailings.undo, mailings.resume):
            with pytest.raises(Refused, match="it is stopped"):
                verb(session, mailing)


def test_time_spent_paused_is_counted(store, config, keys, moving_clock) -> None:
    mailing_id = make_started(store, config, keys)
    with store.write() as session:
        mailing = mailings.need(session, mailing_id)
        for minutes in (10, 5):
            mailings.pause(session, mailing, "a person")
            moving_clock.move(minutes=minutes)
            mailings.resume(session, mailing)
        assert mailing.paused_seconds == 15 * 60


def test_an_edit_is_a_new_revision(store, config) -> None:
    with store.write() as session:
        make_list(session)
        mailing = make_draft(session, config)
        mailings.edit(session, mailing, subject="Water is back", preheader="p")
        assert (mailing.subject, mailing.revision) == ("Water is back", 2)
