"""Why readers left: kept apart from the leaving, and who never signed up leads back to what brought them."""

import csv

import pytest

from mailer import address
from mailer.errors import NotFound
from mailer.outcomes import account, erasure, events, reasons
from mailer.outcomes.reasons import Source
from mailer.people import roster, subscribers, subscriptions
from mailer.store.tables import Outcome, Reason
from tests.make import make_draft, make_list, make_reader, subscription_of


def leave(session, person, mlist, reason="never signed up", words="", **how) -> int:
    here = subscription_of(session, person, mlist).id
    events.leave(session, here, why=events.BY_LINK, **{"actor": events.BY_PAGE, **how})
    assert reasons.give(session, here, reason, words)
    return here


def test_the_last_answer_counts_and_only_of_who_left(store, keys) -> None:
    with store.write() as session:
        mlist = make_list(session)
        here = subscription_of(session, make_reader(session, keys, "anna@example.org", mlist), mlist).id
        assert not reasons.give(session, here, "too many")
        events.leave(session, here, why=events.BY_LINK, actor="test")
        assert reasons.give(session, here, "too many")
        assert reasons.give(session, here, "other", "  moved\naway " + "x" * 300)
        assert not reasons.give(session, 404, "other")
        with pytest.raises(NotFound, match="no such reason"):
            reasons.give(session, here, "hatred")
        row = session.query(Reason).one()
        assert (row.reason, row.words[:12], len(row.words)) == ("other", "moved away x", 200)
        assert reasons.of_list(session, mlist.id) == reasons.Told({"other": 1}, ())


def test_never_signed_up_leads_to_what_brought_them(store, config, keys, tmp_path, moving_clock) -> None:
    file = tmp_path / "fair.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([["address"], ["a@example.org"], ["b@example.org"]])
    with store.write() as session:
        mlist = make_list(session)
        run = roster.begin(session, mlist, file="fair.csv", statement="at the fair", actor="test")
        roster.import_chunk(session, keys, mlist, list(roster.read_rows(file, config)), run)
        for name, page in (("c", "https://town.example/news?from=c@example.org#x"), ("d", "")):
            person = subscribers.find_or_make(session, keys, address.parse(f"{name}@example.org"))
            asked = subscriptions.ask(session, person, mlist, words="yes", page=page, network="", actor="form")
            subscriptions.confirm(session, [asked], page="https://mail.example/c/x")
        make_reader(session, keys, "e@example.org", mlist)
        make_reader(session, keys, "f@example.org", mlist)
        for name in "abcde":
            leave(session, subscribers.need(session, f"{name}@example.org"), mlist)
        # What machines say is not what readers say.
        leave(session, subscribers.need(session, "f@example.org"), mlist, actor=events.PERHAPS_MACHINE)
        told = reasons.of_list(session, mlist.id)
    day = f"{moving_clock.now():%Y-%m-%d}"
    assert told.reasons == {"never signed up": 5}
    assert told.doubted[0] == Source(f"import of fair.csv, {day}", 2)
    assert {one.name for one in told.doubted[1:]} == {"https://town.example/news", "our own page", "added by test"}


def test_a_mailing_knows_who_left_by_it_how_and_why(store, config, keys) -> None:
    with store.write() as session:
        mlist = make_list(session)
        people = [make_reader(session, keys, f"reader{number}@example.org", mlist) for number in range(3)]
        mailing_id = make_draft(session, config).id
        leave(session, people[0], mlist, "too many", mailing_id=mailing_id)
        leave(session, people[1], mlist, "not for me", mailing_id=mailing_id, actor=events.PERHAPS_MACHINE)
        undone = leave(session, people[2], mlist, "elsewhere", "I read it in the paper", mailing_id=mailing_id)
        events.undo_leave(session, undone, actor="test", mailing_id=mailing_id)
        assert account.came_back(session, mailing_id) == {"unsubscribed": 3, "undone": 1}
        assert account.by_machines(session, mailing_id) == 1
        assert reasons.of_mailing(session, mailing_id).reasons == {"too many": 1, "elsewhere": 1}
        erasure.erase(session, keys, people[2].id, actor="test")
        assert {row.words for row in session.query(Reason)} == {""}
        assert session.query(Outcome).count() >= 4
