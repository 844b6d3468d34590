"""The form door: one row, one answer for everybody, robots kept out, people never."""

import html
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from mailer.config_sections import Templates
from mailer.people import lists, suppression
from mailer.store.tables import Notice, Signup, Subscriber
from mailer.web import forms
from mailer.web.site import make_site
from tests.web.town import BASE, Town


def signups(town: Town) -> list[Signup]:
    with town.store.read() as session:
        found = session.query(Signup).order_by(Signup.id).all()
        for row in found:
            session.expunge(row)
        return found


def test_one_sign_up_is_one_row_and_nothing_else(town: Town) -> None:
    before = town.dump()
    answer = town.subscribe(
        "Anna@Example.org", "press", "works", name="Anna Miller", language="de", page="https://water.example/news"
    )
    assert answer.status_code == 200
    after = town.dump()
    assert {name for name in after if after[name] != before[name]} == {"signups", "hits"}
    (row,) = signups(town)
    assert (row.address, row.name, row.language) == ("Anna@Example.org", "Anna Miller", "de")
    assert (sorted(row.lists), row.wish) == (["press", "works"], "subscribe")
    assert row.page == "https://water.example/news"
    # As the form said it, which speaks the language of its first list.
    assert row.words == "Ich möchte „{list}“ per E-Mail erhalten und kann mich jederzeit abmelden."
    assert "Anna@Example.org" in answer.text
    assert "press@water.example" in answer.text


def test_the_whole_way_from_the_form_to_the_list(town: Town) -> None:
    shown = town.client.get("/s/press").text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    assert set(fields) == {"list", "page", "spoken", "shown_at"}
    fields["shown_at"] = town.shown_at()
    town.client.post("/s", data={**fields, "address": "anna@example.org", "name": "", "website": ""})
    town.answer_signups()
    with town.store.read() as session:
        (notice,) = session.query(Notice)
        assert (notice.kind, notice.address) == ("confirm", "anna@example.org")
        assert notice.facts["page"] == "127.0.0.1/s/press"
        assert notice.facts["network"] == ""
        confirm = notice.links["confirm"]
    assert town.client.post(confirm, data={"action": "confirm"}).status_code == 200
    with town.store.read() as session:
        assert [row.name for row in session.query(Subscriber)] == [""]


def test_the_page_says_what_comes_who_writes_and_what_one_agrees_to(small_town: Town) -> None:
    shown = html.unescape(small_town.client.get("/s/press").text)
    for words in (
        "What we decide and why",
        "About two mails a month",
        "I want to receive Press statements by e-mail and can leave at any time.",
        "press@water.example",
        "1 Main Street",
        "A mail with a link comes first.",
    ):
        assert words in shown
    assert shown.count(" required") == 1
    assert "checked" not in small_town.client.get("/s").text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write your e-mail address"),
        ("anna", "like name@example.org"),
        ("anna@", "like name@example.org"),
        ("anna@example", "like name@example.org"),
        ("anna@example.org, ben@example.org", "like name@example.org"),
        ("anna@exa mple.org", "like name@example.org"),
        ("<anna@example.org>", "like name@example.org"),
        ("a" * 400 + "@example.org", "like name@example.org"),
        ("anna@[127.0.0.1]", "like name@example.org"),
    ],
)
def test_a_wrong_address_is_marked_and_what_was_typed_is_kept(small_town: Town, text: str, words: str) -> None:
    before = small_town.dump()
    answer = small_town.subscribe(text, name="Anna <b>Miller", page="https://water.example/")
    assert answer.status_code == 422
    assert answer.text.count(words) == 2, "once at the top, once at the field"
    assert "<title>Error: " in answer.text
    assert 'value="Anna &lt;b&gt;Miller"' in answer.text
    assert 'value="https://water.example/"' in answer.text
    assert 'href="#address"' in answer.text
    assert 'id="address"' in answer.text
    assert f'value="{html.escape(text)[:320]}"' in answer.text
    assert small_town.dump() == before


def test_no_list_chosen_is_marked(small_town: Town) -> None:
    answer = small_town.client.post("/s", data={"address": "anna@example.org"})
    assert answer.status_code == 422
    assert answer.text.count("Choose at least one") == 2
    assert 'value="anna@example.org"' in answer.text


@pytest.mark.parametrize("name", ["old", "nothing", "../press", "press\x00s", "PRESS", "'; DROP TABLE lists --", "%"])
def test_a_list_that_is_not_open_takes_nobody(town: Town, name: str) -> None:
    before = town.dump()
    assert town.client.post("/s", data={"address": "a@example.org", "list": name}).status_code in (404, 422)
    assert town.client.get(f"/s/{quote(name)}").status_code == 404
    assert town.client.get(f"/s/{quote(name)}/snippet").status_code == 404
    assert town.dump() == before


def test_the_answer_is_the_same_to_everybody(town: Town) -> None:
    """New, waiting, confirmed, gone and never to be written to: nobody learns which."""
    known = {"new": "anna@example.org", "pending": town.asked().address, "active": town.reader().address}
    left, barred = town.reader(), town.reader()
    town.client.post(town.leave(left), data={"action": "leave"})
    with town.store.write() as session:
        barred_hash = session.get_one(Subscriber, barred.id).address_hash
        suppression.suppress_hash(session, barred_hash, scope="all", reason="complained")
    known |= {"left": left.address, "barred": barred.address}
    for door, data in (("/s", {"list": "press"}), ("/m", {})):
        said = set()
        for spelled in known.values():
            answer = town.client.post(door, data={"address": spelled, **data})
            said.add((answer.status_code, answer.text.replace(spelled, "?"), str(sorted(answer.headers))))
        assert len(said) == 1


@pytest.mark.parametrize("door", ["/s", "/m"])
def test_who_fills_the_hidden_field_is_answered_and_forgotten(small_town: Town, door: str) -> None:
    data = {"address": "anna@example.org", "list": "press"}
    honest = small_town.client.post(door, data=data)
    before = small_town.dump()
    robot = small_town.client.post(door, data={**data, "website": "https://spam.example"})
    assert (robot.status_code, robot.text) == (honest.status_code, honest.text)
    assert small_town.dump() == before


@pytest.mark.parametrize("door", ["/s", "/m"])
@pytest.mark.parametrize("ago", [0, 1, 25 * 3600, -100, None])
def test_who_is_too_fast_or_too_late_presses_once_more(
    small_town: Town, moving_clock, door: str, ago: float | None
) -> None:
    token = "forged" if ago is None else small_town.shown_at(ago)
    data = {"address": "anna@example.org", "list": "press", "name": "Anna", "page": "https://water.example/"}
    answer = small_town.client.post(door, data={**data, "shown_at": token})
    assert (answer.status_code, "Once more" in answer.text) == (200, True)
    assert signups(small_town) == []
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    again = small_town.client.post(door, data={name: html.unescape(value) for name, value in fields})
    assert "Check your inbox" in again.text
    (row,) = signups(small_town)
    assert row.address == "anna@example.org"
    if door == "/s":
        assert (row.name, row.page, row.lists) == ("Anna", "https://water.example/", ["press"])


def test_one_network_may_sign_up_so_often_and_then_waits(town: Town, moving_clock) -> None:
    allowed = town.config.signup.per_network_hour
    for number in range(allowed):
        assert town.subscribe(f"a{number}@example.org").status_code == 200
    refused = town.subscribe("late@example.org")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "3600"
    assert town.client.post("/m", data={"address": "late@example.org"}).status_code == 429
    assert len(signups(town)) == allowed
    moving_clock.move(minutes=61)
    assert town.subscribe("late@example.org").status_code == 200


def test_what_is_typed_is_cleaned_before_it_is_kept(town: Town) -> None:
    answer = town.subscribe(
        "anna@example.org",
        name="Anna\r\nBcc: x@example.org\x00\u202e\u200b",
        page="javascript:\nalert(1)" + "x" * 5000,
        language="de\x00'; --",
    )
    assert answer.status_code == 200
    (row,) = signups(town)
    assert row.name == "Anna Bcc: x@example.org"
    assert row.language == ""
    assert len(row.page) <= 500
    assert "\n" not in row.page


def test_the_origin_of_a_pasted_form_is_kept(small_town: Town) -> None:
    referred = {"Referer": "https://water.example/"}
    small_town.client.post("/s", data={"address": "a@example.org", "list": "press"}, headers=referred)
    assert [row.page for row in signups(small_town)] == ["https://water.example/"]


def test_the_snippet_has_one_field_to_fill_and_is_taken(small_town: Town) -> None:
    shown = html.unescape(small_town.client.get("/s/press/snippet").text)
    form = shown.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]
    assert re.findall(r' name="(\w+)"', form) == ["address", "website"]
    assert form.count(" required") == 1
    action = re.search(r'action="http://127.0.0.1:8000(/s/press)"', form)
    assert action
    assert "<script" not in form
    assert small_town.client.post(action[1], data={"address": "anna@example.org"}).status_code == 200
    assert [row.lists for row in signups(small_town)] == [["press"]]


def test_the_index_shows_open_lists_only(small_town: Town) -> None:
    shown = small_town.client.get("/").text
    assert "Press statements" in shown
    assert "Planned works" in shown
    assert "Old news" not in shown
    assert '<div lang="de">' in shown


def test_a_title_with_markup_stays_text(small_town: Town) -> None:
    with small_town.store.write() as session:
        # Past the verb, which refuses braces: pages must be safe with whatever a row holds.
        lists.named(session, "press").title = "<script>alert(1)</script> & %(x)s {{ 7 * 7 }}"
    for path in ("/", "/s", "/s/press", "/s/press/snippet", "/a/press"):
        answer = small_town.client.get(path)
        assert answer.status_code == 200
        assert "<script>" not in answer.text
        assert "49" not in re.sub(r"[0-9a-f]{12}|AQ[\w-]+", "", answer.text)


def test_the_moment_a_form_was_shown_cannot_be_made_up(small_town: Town) -> None:
    assert forms.sender(small_town.keys, forms.Form({forms.SHOWN_AT: ("AQ",)})) == forms.UNSURE
    assert (
        forms.sender(small_town.keys, forms.Form({forms.SHOWN_AT: (small_town.shown_at(10, "leave"),)})) == forms.UNSURE
    )
    assert forms.sender(small_town.keys, forms.Form({forms.SHOWN_AT: (small_town.shown_at(10),)})) == forms.PERSON


def test_the_forms_of_several_lists_ask_for_what_any_of_them_may(small_town: Town) -> None:
    one, other = small_town.client.get("/s/works"), small_town.client.get("/s/press+works")
    assert 'name="city"' not in one.text
    assert 'name="city"' in other.text
    assert 'name="debt"' not in other.text
    assert 'action="/s/works+press"' in other.text
    assert re.findall(r'<option value="(\w*)"', other.text) == ["", "de", "en"]
    assert "checked" not in other.text
    assert "selected" not in other.text
    assert other.text.count(" required") == 1
    for path in ("/s/press+", "/s/+press", "/s/press+old", "/s/press+press"):
        assert "Get Press statements by mail" in small_town.client.get(path).text
    assert small_town.client.get("/s/+").status_code == 404
    wrong = small_town.client.post(
        "/s/press+works", data={"address": "x", "list": "works", "language": "de", "city": "Y"}
    )
    assert "<fieldset" in wrong.text
    assert re.findall(r'value="(\w+)"[^>]* checked', wrong.text) == ["works"]
    assert '<option value="de" lang="de" selected>' in wrong.text
    assert 'value="Y"' in wrong.text


def test_who_comes_by_a_link_sees_an_example_and_how_much_came(small_town: Town) -> None:
    assert "For example" not in small_town.client.get("/s/press").text
    small_town.publish()
    shown = html.unescape(small_town.client.get("/s/press").text)
    assert f'href="/a/press/{small_town.slug}"' in shown
    assert "There was one mail in the last three months." in shown


def test_the_words_of_consent_are_kept_as_they_were_shown(small_town: Town, tmp_path: Path) -> None:
    """A form pasted into another site speaks the list's language, our page that of who reads it."""
    (tmp_path / "words").mkdir()
    (tmp_path / "words/de.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        f'msgid "{small_town.config.signup.consent_words}"\nmsgstr "Ich will {{list}} bekommen."\n\n'
        'msgid "Choose at least one"\nmsgstr "Wähle etwas aus"\n'
    )
    config = small_town.config.model_copy(update={"templates": Templates(folder=tmp_path)})
    client = TestClient(make_site(config, small_town.store, small_town.keys), base_url=BASE)
    german, english = "Ich will {list} bekommen.", small_town.config.signup.consent_words
    assert german.replace("{list}", "Planned works") in client.get("/s/works/snippet").text
    assert english.replace("{list}", "Press statements") in client.get("/s/press/snippet").text
    for spoken, page_words in (("de", german), ("en", english), ("xx", german)):
        asked = {"Accept-Language": spoken}
        shown = html.unescape(client.get("/s/works", headers=asked).text)
        assert page_words.replace("{list}", "Planned works") in shown
        spoken = dict(re.findall(r'<input type="hidden" name="(spoken)" value="([^"]*)"', shown))
        data = {"address": "anna@example.org", "shown_at": small_town.shown_at(), **spoken}
        assert client.post("/s/works", data=data, headers=asked).status_code == 200
        assert client.post("/s/works", data={"address": "anna@example.org"}, headers=asked).status_code == 200
        assert client.post("/s/press", json={"address": "anna@example.org"}, headers=asked).status_code == 202
        assert [row.words for row in signups(small_town)[-3:]] == [page_words, german, english]
    several = html.unescape(client.get("/s/works+press/snippet").text)
    assert german.replace("{list}", "was ich hier gewählt habe") in several
    assert '<input type="hidden" name="spoken" value="de">' in several
    problem = client.post("/s", json={"address": "a@example.org"}, headers={"Accept-Language": "de"}).json()
    assert [one["detail"] for one in problem["errors"]] == ["Wähle etwas aus"]
