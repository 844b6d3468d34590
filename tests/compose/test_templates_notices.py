"""The shipped notices speak the reader's language and say what they must."""

import lxml.html
import pytest
from jinja2 import Environment, FileSystemLoader

from tests.compose.shipped import FOR_READERS, LANGUAGES, LINKS, NOTICES, READER, TEMPLATES, notice


def parsed(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


def words(folder: str) -> dict[str, dict[str, str]]:
    environment = Environment(loader=FileSystemLoader(TEMPLATES / folder), autoescape=False)
    module = environment.get_template("words.jinja").module
    found: dict[str, dict[str, str]] = module.words  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("folder", ["editions/statement", "notices"])
def test_every_language_has_every_word(folder: str) -> None:
    found = words(folder)
    assert set(found) == set(LANGUAGES)
    for language, entry in found.items():
        assert set(entry) == set(found["en"])
        assert (entry["language"], entry["direction"]) == (language, LANGUAGES[language])
        for name, value in entry.items():
            assert value.strip(), f"{language}.{name}"
            assert value.count("%s") == found["en"][name].count("%s"), f"{language}.{name}"
            assert not hasattr({}, name), f"words.{name} would give the method of a dictionary"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_promise_only_what_there_is(language: str) -> None:
    frame = words("editions/statement")[language]
    promised = {"how often", "wie oft", "rythme", "frecuencia", "عدد مرات"}
    assert not [word for word in promised if word in frame["change"]]
    assert frame["change"] != frame["manage"]
    said = words("notices")[language]["confirm_else"]
    untrue = {"ask twice", "nicht noch einmal", "redemandons", "dos veces", "نسأل مرة ثانية"}
    assert not [word for word in untrue if word in said]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FOR_READERS)
def test_a_notice_speaks_the_language_of_its_reader(name: str, language: str) -> None:
    edition = notice(name, language, LANGUAGES[language])
    heading = words("notices")[language][f"{name}_title"]
    page = parsed(edition.html_for(READER, LINKS))
    assert page.findtext(".//h1") == heading
    assert page.get("dir") == LANGUAGES[language]
    assert edition.text_for(READER, LINKS).startswith(heading + "\n=")


@pytest.mark.parametrize("name", NOTICES)
def test_the_subject_of_a_notice_is_one_line_for_one_list_and_for_several(name: str) -> None:
    for lists in (["Service statements"], ["Service statements", "Statements of the board"]):
        subject = notice(name, lists=lists).subject_for(READER, LINKS)
        assert subject
        assert "\n" not in subject
        if name in ("confirm", "welcome", "already") and len(lists) == 1:
            assert lists[0] in subject


def test_confirm_says_who_asked_when_from_where_and_how_to_object() -> None:
    edition = notice("confirm")
    for said in (edition.html_for(READER, LINKS), edition.text_for(READER, LINKS)):
        facts = ["Service statements", "Statements of the board", READER["address"], "3 May 2026, 14:02"]
        facts += ["https://www.example.org/news", "7", LINKS["confirm"], LINKS["not_me"]]
        assert all(fact in said for fact in facts)
    page = parsed(edition.html_for(READER, LINKS))
    assert len(page.xpath("//td[@class='button']/a")) == 1
    # The address for those whose button does not open is text to copy, and the line above it a second link.
    assert page.xpath(f"//p[not(a)][text()='{LINKS['confirm']}']")
    assert len(page.xpath(f"//a[@href='{LINKS['confirm']}']")) == 2
    assert not page.xpath("//img")


@pytest.mark.parametrize("name", ["confirm", "welcome", "link", "staff_link", "test_relay"])
def test_a_notice_does_without_what_may_be_missing(name: str) -> None:
    needed = {"lists": ["Service statements"], "relay": "main"}
    kept = {key: value for key, value in needed.items() if key in NOTICES[name]}
    bare = notice(name, **dict.fromkeys(NOTICES[name], "") | kept)
    assert bare.html_for(READER, LINKS)
    assert "expires" not in bare.text_for(READER, LINKS)


def test_notices_to_staff_are_english_whatever_the_site_speaks() -> None:
    page = parsed(notice("alarm", "ar", "rtl").html_for(READER, LINKS))
    assert (page.get("lang"), page.get("dir")) == ("en", "ltr")
