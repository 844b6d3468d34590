"""The shipped notices speak the reader's language and say what they must."""

import lxml.html
import pytest

from mailer.compose import catalogue
from tests.compose.shipped import FOR_READERS, LANGUAGES, LINKS, NOTICES, READER, TEMPLATES, notice


def parsed(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


HEADINGS = {
    "confirm": "Please confirm your subscription",
    "welcome": "You are subscribed",
    "already": "You already get this",
    "link": "Your link to your subscriptions",
    "move": "Is this your new address?",
    "moved": "Your mails go to another address now",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FOR_READERS)
def test_a_notice_speaks_the_language_of_its_reader(name: str, language: str) -> None:
    edition = notice(name, language, LANGUAGES[language])
    heading = catalogue.words((TEMPLATES,), language).gettext(HEADINGS[name])
    assert (heading == HEADINGS[name]) is (language == "en")
    page = parsed(edition.html_for(READER, LINKS))
    assert page.findtext(".//h1") == heading
    assert (page.get("lang"), page.get("dir")) == (language, LANGUAGES[language])
    assert edition.text_for(READER, LINKS).startswith(heading + "\n=")


def test_a_language_without_words_gets_english_ones_marked_as_english() -> None:
    page = parsed(notice("confirm", "ja").html_for(READER, LINKS))
    assert (page.get("lang"), page.get("dir"), page.findtext(".//h1")) == ("en", "ltr", HEADINGS["confirm"])


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
