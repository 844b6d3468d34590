"""A reader's own page, and asking for the link to it."""

from typing import Any

import pytest

from mailer.mailing import notices
from mailer.outcomes import erasure
from mailer.people import lists, subscriptions
from mailer.store.tables import Consent, Delivery, Notice, Signup, Subscriber, Subscription
from mailer.web import leaving
from tests.make import make_list, subscription_of
from tests.web.town import Reader, Town

MINE = {"mine": "yes"}


def post(town: Town, reader: Reader, action: str, **data: object) -> Any:
    """Press a button of the reader's page, as somebody who was asked whose it is."""
    return town.client.post(town.links.choices(reader.id), data={**MINE, "action": action, **data})


def see(town: Town, reader: Reader) -> str:
    return town.client.get(town.links.choices(reader.id), params=MINE).text


def subscription(town: Town, reader: Reader, name: str = "press") -> Subscription:
    with town.store.read() as session:
        return session.get_one(Subscription, reader.subscription_ids[name])


def state(town: Town, reader: Reader, name: str = "press") -> str:
    with town.store.read() as session:
        return session.get_one(Subscription, reader.subscription_ids[name]).state


def test_by_the_link_of_a_mail_it_is_asked_first_whose_page_it_is(town: Town) -> None:
    reader = town.reader("press", "works")
    before = town.dump()
    asked = town.client.get(town.links.choices(reader.id)).text
    assert "Is this your address?" in asked
    assert "a…" in asked
    assert [told for told in (reader.address, "Anna", "Press statements") if told in asked] == []
    for action in ("stop_all", "save", "lists", "pause", "fresh"):
        data = {"action": action, "list": "press", "days": "30", "language": "de", "format": "text"}
        assert "Is this your address?" in town.client.post(town.links.choices(reader.id), data=data).text
    assert town.dump() == before


def test_it_says_what_one_gets_and_never_the_whole_address(town: Town) -> None:
    reader = town.reader("press", "works")
    shown = see(town, reader)
    assert "gets Planned works and Press statements." in shown
    assert reader.address not in shown
    assert shown.count(" checked>") == 2 + 2, "two lists, the first length of a pause, the form"
    assert '<option value="en" lang="en" selected>English</option>' in shown
    assert '<option value="de" lang="de">Deutsch</option>' in shown


def test_a_visit_changes_nothing(town: Town) -> None:
    link = town.links.choices(town.reader().id)
    before = town.dump()
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        assert town.client.request(method, link, params={**MINE, "action": "stop_all"}).status_code in (200, 405)
    assert town.dump() == before


def test_name_language_and_form_are_kept(town: Town) -> None:
    reader = town.reader()
    told = {"name": "Änna\r\n Müller\x00", "language": "de", "format": "text"}
    assert "Gespeichert." in post(town, reader, "save", **told).text
    with town.store.read() as session:
        person = session.get_one(Subscriber, reader.id)
        assert (person.name, person.language, person.format) == ("Änna Müller", "de", "text")


@pytest.mark.parametrize("wrong", [{"language": "klingon!"}, {"format": "pdf"}, {"format": ""}, {"action": "dance"}])
def test_what_the_page_does_not_offer_is_refused(small_town: Town, wrong: dict[str, str]) -> None:
    link = small_town.links.choices(small_town.reader().id)
    before = small_town.dump()
    data = {**MINE, "action": "save", "name": "A", "language": "de", "format": "text", **wrong}
    assert small_town.client.post(link, data=data).status_code == 400
    often = {**MINE, "action": "lists", "shown": "press", "list": "press", "often-press": "hourly"}
    assert small_town.client.post(link, data=often).status_code == 400
    assert small_town.dump() == before


def test_lists_are_left_by_their_ticks_and_brought_back(town: Town) -> None:
    reader = town.reader("press", "works")
    ticks = {"shown": ["press", "works"], "list": ["works"], "often-press": "each", "often-works": "weekly"}
    said = post(town, reader, "lists", **ticks).text
    assert "You are out of Press statements. Nothing more will be sent." in said
    assert (state(town, reader), state(town, reader, "works")) == ("ended", "active")
    assert subscription(town, reader, "works").frequency == "weekly"
    assert '<option value="weekly" selected>' in said
    assert "it is as it was with Press statements" in post(town, reader, "undo", list="press").text
    assert state(town, reader) == "active"
    again = post(town, reader, "lists", shown="works", list="works", **{"often-works": "weekly"}).text
    assert "Saved." in again
    assert (state(town, reader), state(town, reader, "works")) == ("active", "active"), "press was not on that page"


def test_by_an_old_mail_a_new_list_is_asked_for_by_mail(small_town: Town) -> None:
    reader = small_town.reader()
    ticks = {"shown": ["press", "works"], "list": ["press", "works"], "often-works": "weekly"}
    hourly = ticks | {"often-works": "hourly"}
    assert (
        small_town.client.post(
            small_town.links.choices(reader.id), data={**MINE, "action": "lists", **hourly}
        ).status_code
        == 400
    )
    said = post(small_town, reader, "lists", **ticks).text
    assert "asks you to confirm Planned works" in said
    small_town.answer_signups()
    with small_town.store.read() as session:
        assert [one.state for one in session.query(Subscription).order_by(Subscription.id)] == ["active", "pending"]
    assert "Not confirmed yet" in see(small_town, reader)
    small_town.client.post(small_town.notice_links(reader)["confirm"], data={"action": "confirm"})
    with small_town.store.read() as session:
        has = [(one.state, one.frequency) for one in session.query(Subscription).order_by(Subscription.id)]
    assert has == [("active", "each"), ("active", "weekly")], "how often was chosen before it was confirmed"


def test_by_a_fresh_link_a_new_list_begins_at_once_and_proves_it(small_town: Town) -> None:
    reader = small_town.reader()
    link = small_town.fresh(reader)
    assert "gets Press statements." in small_town.client.get(link).text, "nobody need ask whose page it is"
    ticks = {**MINE, "action": "lists", "shown": ["press", "works", "old"], "list": ["press", "works", "old"]}
    said = small_town.client.post(link, data=ticks | {"often-works": "daily"}).text
    assert "From now on you get Planned works." in said
    with small_town.store.read() as session:
        new = session.query(Subscription).filter_by(state="active", frequency="daily").one()
        proof = [(row.kind, row.words, row.actor) for row in session.query(Consent).filter_by(list_id=new.list_id)]
    words = small_town.config.signup.consent_words.replace("{list}", "Planned works")
    assert proof == [("asked", words, "choices page"), ("confirmed", words, "choices page")]


def test_a_list_that_takes_no_sign_ups_is_shown_to_its_own_readers_only(small_town: Town) -> None:
    with small_town.store.write() as session:
        make_list(session, "board", title="For the board").open_signup = False
    inside, outside = small_town.reader("press", "board"), small_town.reader("press")
    assert 'value="board"' in see(small_town, inside)
    assert "For the board" not in see(small_town, outside)
    before = small_town.dump()
    assert "Saved." in post(small_town, outside, "lists", shown=["press", "board"], list=["press", "board"]).text
    assert small_town.dump() == before


def test_everything_is_stopped_and_brought_back(town: Town) -> None:
    reader = town.reader("press", "works")
    said = post(town, reader, "stop_all").text
    assert "out of everything from Town Water" in said
    assert "gets nothing from us" in said
    assert (state(town, reader), state(town, reader, "works")) == ("ended", "ended")
    name = said.split('name="list" value="')[1].split('"')[0]
    post(town, reader, "undo_all", list=name)
    assert (state(town, reader), state(town, reader, "works")) == ("active", "active")


def test_who_never_left_has_nothing_to_undo(small_town: Town) -> None:
    reader = small_town.reader()
    before = small_town.dump()
    for action in ("undo", "undo_all"):
        said = post(small_town, reader, action, list="press").text
        assert "Nothing was to be undone: you get these mails." in said
        assert "as it was" not in said
    assert small_town.dump() == before


def test_a_mail_on_the_wire_is_named(small_town: Town, monkeypatch) -> None:
    monkeypatch.setattr(leaving, "WAIT_SECONDS", 0.0)
    reader = small_town.reader()
    row_id = small_town.begin(reader)
    said = post(small_town, reader, "lists", shown="press").text
    assert "One mail had been handed over" in said
    with small_town.store.read() as session:
        assert session.get_one(Delivery, row_id).state == "begun"


@pytest.mark.parametrize("name", ["works", "old", "nothing", ""])
def test_a_list_of_others_is_not_touched(small_town: Town, name: str) -> None:
    other = small_town.reader("works")
    reader = small_town.reader()
    before = small_town.dump()
    for action in ("stop", "undo", "undo_all"):
        answer = post(small_town, reader, action, list=name)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (200, True)
    assert small_town.dump() == before
    assert state(small_town, other, "works") == "active"


def test_what_waits_and_what_pauses_is_said(small_town: Town, moving_clock) -> None:
    reader = small_town.reader()
    small_town.subscribe(reader.address, "works")
    small_town.answer_signups()
    with small_town.store.write() as session:
        person = session.get_one(Subscriber, reader.id)
        paused = subscription_of(session, person, lists.named(session, "press"))
        subscriptions.pause(session, paused, moving_clock.move(days=0).replace(month=4))
    shown = see(small_town, reader)
    assert "Press statements: pausing until 2 April 2026." in shown
    assert "Not confirmed yet" in shown
    assert "gets nothing from us at the moment" in shown


def test_who_was_erased_and_who_was_never_here_see_the_same(small_town: Town) -> None:
    reader = small_town.reader()
    with small_town.store.write() as session:
        erasure.erase(session, small_town.keys, reader.id, actor="test")
    before = small_town.dump()
    links = small_town.links.choices(reader.id), small_town.links.choices(987_654)
    for data in (None, {**MINE, "action": "stop_all"}, {**MINE, "action": "save", "format": "text", "language": "en"}):
        said = {
            (small_town.client.post(link, data=data) if data else small_town.client.get(link)).text for link in links
        }
        assert len(said) == 1
        assert "You get nothing from us" in said.pop()
    assert small_town.dump() == before


def test_the_links_of_a_preview_lead_somewhere_and_change_nothing(small_town: Town) -> None:
    found = small_town.links.of_nobody()
    assert len(set(found.values())) == len(found)
    before = small_town.dump()
    for link in found.values():
        assert small_town.client.get(link).status_code == 200
        assert small_town.client.post(link, data={"action": "leave"}).status_code in (200, 400)
    assert small_town.client.post(found["manage"], data={"action": "stop_all"}).status_code == 200
    assert small_town.dump() == before


def test_a_link_is_sent_to_whom_we_know_and_leads_here(town: Town) -> None:
    reader = town.reader()
    for spelled in (reader.address.upper(), "stranger@example.org"):
        answer = town.client.post("/m", data={"address": spelled})
        assert (answer.status_code, spelled in answer.text) == (200, True)
    with town.store.read() as session:
        assert [row.wish for row in session.query(Signup)] == ["link", "link"]
    with town.store.write() as session:
        notices.answer_signups(session, town.config, town.keys)
    with town.store.read() as session:
        (notice,) = session.query(Notice)
        assert (notice.kind, notice.address) == ("link", reader.address)
        manage = notice.links["manage"]
    assert "gets Press statements." in town.client.get(manage).text
    assert "Change the address" in town.client.get(manage).text


def test_a_wrong_address_is_marked(small_town: Town) -> None:
    answer = small_town.client.post("/m", data={"address": "anna<script>"})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert 'value="anna&lt;script&gt;"' in answer.text
    assert answer.text.count("like name@example.org") == 2
