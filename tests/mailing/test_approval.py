"""The rule of two persons: another approves exactly what is sent, or nothing is."""

from datetime import timedelta

import pytest

from mailer.errors import BadInput, Refused
from mailer.mailing import approval, mailings, press, starting
from mailer.people import lists
from mailer.staff import deeds
from tests.make import make_draft, make_list, make_reader

WIM, ANN, OLA = "desk:Wim", "desk:Ann", "desk:Ola"


@pytest.fixture
def draft(store, config, keys) -> int:
    with store.write() as session:
        mlist = make_list(session)
        lists.change(session, mlist, two_persons=True)
        make_reader(session, keys, "ann@example.org", mlist)
        made = make_draft(session, config)
        made.made_by = WIM
        return made.id


def proofread(store, config, keys, mailing_id: int) -> press.Proofread:
    with store.read() as session:
        return press.proofread(session, config, keys, mailing_id)


def ask(store, proof, text: str = "one\ntwo", actor: str = WIM) -> str:
    with store.write() as session:
        return approval.ask(session, proof, text, actor=actor).hash


def approve(store, proof, seen: str, actor: str = ANN) -> None:
    with store.write() as session:
        approval.approve(session, proof, seen, actor=actor)


def schedule(store, proof) -> None:
    with store.write() as session:
        press.schedule(session, proof, None, timedelta())


def start(store, config, mailing_id: int) -> str:
    with store.write() as session:
        starting.start_due(session, config)
        return mailings.need(session, mailing_id).state


def test_without_the_rule_nobody_is_asked(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    with pytest.raises(Refused, match="a second person has not approved"):
        schedule(store, proof)
    with store.write() as session:
        lists.change(session, lists.named(session, "press"), two_persons=False)
    schedule(store, proof)
    assert start(store, config, draft) == "sending"


def test_what_another_approved_is_sent(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    approve(store, proof, ask(store, proof))
    with store.read() as session:
        assert mailings.need(session, draft).state == "approved"
        assert approval.holds(session, draft) is False, "nothing is kept for sending yet"
    schedule(store, proof)
    assert start(store, config, draft) == "sending"


@pytest.mark.parametrize("who", ["made it", "changed it", "asked"])
def test_no_author_approves(store, config, keys, draft, who) -> None:
    with store.write() as session:
        deeds.record(session, OLA, "draft edited", f"mailing {draft}")
    proof = proofread(store, config, keys, draft)
    seen = ask(store, proof, actor=ANN)
    with pytest.raises(Refused, match="you wrote it, or asked for this yourself"):
        approve(store, proof, seen, {"made it": WIM, "changed it": OLA, "asked": ANN}[who])


def test_an_edit_voids_it(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    approve(store, proof, ask(store, proof))
    with store.write() as session:
        mailings.edit(session, mailings.need(session, draft), subject="Another one", preheader="")
    with pytest.raises(Refused, match="a second person has not approved"):
        schedule(store, proofread(store, config, keys, draft))


def test_what_was_changed_since_it_was_seen_is_not_approved(store, config, keys, draft) -> None:
    old = proofread(store, config, keys, draft)
    seen = ask(store, old)
    with store.write() as session:
        # Not the draft itself: what stands in every letter of the list.
        lists.change(session, lists.named(session, "press"), postal_address="Elsewhere\n1 New Road")
    new = proofread(store, config, keys, draft)
    for shown in (seen, "0" * 64):
        with pytest.raises(Refused, match="not what you were asked about"):
            approve(store, new, shown)


def test_what_is_asked_for_after_scheduling_stops_the_start(store, config, keys, draft) -> None:
    with store.write() as session:
        lists.change(session, lists.named(session, "press"), two_persons=False)
    schedule(store, proofread(store, config, keys, draft))
    with store.write() as session:
        lists.change(session, lists.named(session, "press"), two_persons=True)
    assert start(store, config, draft) == "draft"
    with store.read() as session:
        assert mailings.need(session, draft).why == approval.MISSING


def test_giving_it_back_says_why_and_voids_an_approval(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    seen = ask(store, proof)
    with store.write() as session, pytest.raises(BadInput, match="is empty"):
        approval.give_back(session, mailings.need(session, draft), " ", actor=ANN)
    approve(store, proof, seen)
    with store.write() as session:
        approval.give_back(session, mailings.need(session, draft), "Which Monday?", actor=ANN)
        row = approval.last(session, draft)
        assert row is not None
        assert (row.verdict, row.note, mailings.need(session, draft).state) == ("returned", "Which Monday?", "draft")
    with pytest.raises(Refused, match="a second person has not approved"):
        schedule(store, proof)


def test_nothing_is_decided_that_nobody_asked(store, config, keys, draft) -> None:
    proof = proofread(store, config, keys, draft)
    with pytest.raises(Refused, match="cannot be approved"):
        approve(store, proof, "")
    with store.write() as session, pytest.raises(Refused, match="cannot be given back"):
        approval.give_back(session, mailings.need(session, draft), "no", actor=ANN)
    ask(store, proof)
    with pytest.raises(Refused, match="cannot be handed to a second person"):
        ask(store, proof)
