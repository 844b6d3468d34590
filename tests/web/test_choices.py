"""A reader's own page, and asking for the link to it."""

from datetime import timedelta

import pytest

from mailer import clock
from mailer.mailing import notices
from mailer.outcomes import erasure
from mailer.people import lists, subscriptions
from mailer.store.tables import Delivery, Notice, Signup, Subscriber, Subscription
from mailer.web import leaving
from tests.make import subscription_of
from tests.web.town import Reader, Town


def state(town: Town, reader: Reader, name: str = "press") -> str:
    with town.store.read() as session:
        return session.get_one(Subscription, reader.subscription_ids[name]).state


def test_it_says_what_one_gets_and_never_the_whole_address(town: Town) -> None:
    reader = town.reader("press", "works")
    shown = town.client.get(town.links.choices(reader.id)).text
    assert "gets Planned works and Press statements." in shown
    assert reader.address not in shown
    assert shown.count('value="stop"') == 2
    assert '<option value="en" lang="en" selected>English</option>' in shown
    assert '<option value="de" lang="de">Deutsch</option>' in shown


def test_a_visit_changes_nothing(town: Town) -> None:
    link = town.links.choices(town.reader().id)
    before = town.dump()
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        assert town.client.request(method, link, params={"action": "stop_all"}).status_code in (200, 405)
    assert town.dump() == before


def test_name_language_and_form_are_kept(town: Town) -> None:
    reader = town.reader()
    data = {"action": "save", "name": "Änna\r\n Müller\x00", "language": "de", "format": "text"}
    assert "Gespeichert." in town.client.post(town.links.choices(reader.id), data=data).text
    with town.store.read() as session:
        person = session.get_one(Subscriber, reader.id)
        assert (person.name, person.language, person.format) == ("Änna Müller", "de", "text")


@pytest.mark.parametrize("wrong", [{"language": "klingon!"}, {"format": "pdf"}, {"format": ""}, {"action": "dance"}])
def test_what_the_page_does_not_offer_is_refused(small_town: Town, wrong: dict[str, str]) -> None:
    link = small_town.links.choices(small_town.reader().id)
    before = small_town.dump()
    data = {"action": "save", "name": "A", "language": "de", "format": "text", **wrong}
    assert small_town.client.post(link, data=data).status_code == 400
    assert small_town.dump() == before


def test_one_list_is_stopped_and_brought_back(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.links.choices(reader.id)
    said = town.client.post(link, data={"action": "stop", "list": "press"}).text
    assert "You are out of Press statements. Nothing more will be sent." in said
    assert (state(town, reader), state(town, reader, "works")) == ("ended", "active")
    assert "get again: Press statements" in town.client.post(link, data={"action": "undo", "list": "press"}).text
    assert state(town, reader) == "active"


def test_one_list_pauses_for_as_long_as_was_chosen_and_goes_on(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.links.choices(reader.id)
    for days in (30, 90):
        said = town.client.post(link, data={"action": "pause", "list": "press", "days": str(days)}).text
        assert "Press statements: a pause until" in said
        assert "gets Planned works." in said
        with town.store.read() as session:
            until = session.get_one(Subscription, reader.subscription_ids["press"]).paused_until
            assert until is not None
            assert until - clock.now() > timedelta(days=days - 1)
    assert (state(town, reader), state(town, reader, "works")) == ("paused", "active")
    for _ in range(2):
        said = town.client.post(link, data={"action": "resume", "list": "press"}).text
        assert "The pause is over: you get Press statements again." in said
    assert state(town, reader) == "active"


def test_what_one_does_not_get_cannot_pause(small_town: Town) -> None:
    reader = small_town.reader()
    link = small_town.links.choices(reader.id)
    small_town.client.post(link, data={"action": "stop", "list": "press"})
    before = small_town.dump()
    for action in ("pause", "resume"):
        answer = small_town.client.post(link, data={"action": action, "list": "press", "days": "30"})
        assert answer.status_code == 409
        assert "Nothing was changed" in answer.text
    assert "nothing to do with this list" in small_town.client.post(link, data={"action": "resume", "list": "x"}).text
    assert small_town.dump() == before


@pytest.mark.parametrize("days", ["", "0", "-30", "31", "3000", "30.0", "³0", "x" * 999])
def test_a_pause_is_as_long_as_a_page_offers(small_town: Town, days: str) -> None:
    reader = small_town.reader()
    before = small_town.dump()
    for link in (small_town.links.choices(reader.id), small_town.leave(reader)):
        data = {"action": "pause", "list": "press", "days": days}
        assert small_town.client.post(link, data=data).status_code == 400
    assert small_town.dump() == before


def test_everything_is_stopped_and_brought_back(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.links.choices(reader.id)
    said = town.client.post(link, data={"action": "stop_all"}).text
    assert "out of everything from Town Water" in said
    assert "gets nothing from us" in said
    assert (state(town, reader), state(town, reader, "works")) == ("ended", "ended")
    name = said.split('name="list" value="')[1].split('"')[0]
    town.client.post(link, data={"action": "undo_all", "list": name})
    assert (state(town, reader), state(town, reader, "works")) == ("active", "active")


def test_who_never_left_has_nothing_to_undo(small_town: Town) -> None:
    link = small_town.links.choices(small_town.reader().id)
    before = small_town.dump()
    for action in ("undo", "undo_all"):
        said = small_town.client.post(link, data={"action": action, "list": "press"}).text
        assert "Nothing was to be undone: you get these mails." in said
        assert "You are back" not in said
    assert small_town.dump() == before


def test_a_mail_on_the_wire_is_named(small_town: Town, monkeypatch) -> None:
    monkeypatch.setattr(leaving, "WAIT_SECONDS", 0.0)
    reader = small_town.reader()
    row_id = small_town.begin(reader)
    said = small_town.client.post(small_town.links.choices(reader.id), data={"action": "stop", "list": "press"}).text
    assert "One mail had been handed over" in said
    with small_town.store.read() as session:
        assert session.get_one(Delivery, row_id).state == "begun"


@pytest.mark.parametrize("name", ["works", "old", "nothing", ""])
def test_a_list_of_others_is_not_touched(small_town: Town, name: str) -> None:
    other = small_town.reader("works")
    link = small_town.links.choices(small_town.reader().id)
    before = small_town.dump()
    for action in ("stop", "undo", "undo_all"):
        answer = small_town.client.post(link, data={"action": action, "list": name})
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
    shown = small_town.client.get(small_town.links.choices(reader.id)).text
    assert "Pausing until 2 April 2026." in shown
    assert "Not confirmed yet" in shown
    assert "gets nothing from us at the moment" in shown


def test_who_was_erased_and_who_was_never_here_see_the_same(small_town: Town) -> None:
    reader = small_town.reader()
    with small_town.store.write() as session:
        erasure.erase(session, small_town.keys, reader.id, actor="test")
    before = small_town.dump()
    links = small_town.links.choices(reader.id), small_town.links.choices(987_654)
    for data in (None, {"action": "stop_all"}, {"action": "save", "format": "text", "language": "en"}):
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


def test_a_wrong_address_is_marked(small_town: Town) -> None:
    answer = small_town.client.post("/m", data={"address": "anna<script>"})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert 'value="anna&lt;script&gt;"' in answer.text
    assert answer.text.count("like name@example.org") == 2
