"""The shipped templates say what they must and keep their measure, sample by sample."""

import dataclasses
import re

import lxml.html
import pytest

from mailer.compose.checks import Proof, check_edition
from mailer.compose.edition import Edition
from tests.compose.samples import ARABIC, LONG, MUSEUM, STATEMENTS, TENANTS, WATER, Sample
from tests.compose.shipped import EVERY, HOUSE, LINKS, NO_LINKS, NOBODY, READER, compiled, shipped


def parsed(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


@pytest.fixture
def edition(request: pytest.FixtureRequest) -> Edition:
    return shipped(request.param)


every = pytest.mark.parametrize("edition", EVERY, indirect=True)


@every
def test_language_and_direction_stand_on_the_page_and_on_the_first_element_shown(edition: Edition) -> None:
    page = parsed(edition.html_for(READER, LINKS))
    shown = page.xpath("//body//div[@role='article']")[0]
    assert page.get("lang")
    assert (page.get("lang"), page.get("dir")) == (shown.get("lang"), shown.get("dir"))
    assert page.get("dir") in ("ltr", "rtl")
    assert shown.get("aria-label") == page.findtext(".//title")


@every
def test_the_skeleton_is_what_old_mail_programs_read(edition: Edition) -> None:
    html = edition.html_for(READER, LINKS)
    page = parsed(html)
    assert html.startswith("<!DOCTYPE html>")
    assert {meta.get("name") for meta in page.iter("meta")} >= {"viewport", "color-scheme", "description"}
    assert page.xpath("//meta[@name='description']/@content")[0]
    assert len(page.xpath("//h1")) == 1
    frames = [table for table in page.iter("table") if not table.xpath("ancestor::div[@class='body']")]
    assert frames
    assert {table.get("role") for table in frames} == {"presentation"}
    assert html.count("<!--[if mso]><table") == html.count("</table><![endif]-->") == 1
    assert 'width="600"' in html


@every
def test_styles_are_ones_every_client_knows(edition: Edition) -> None:
    html = edition.html_for(READER, LINKS)
    for colour in re.findall(r"#([0-9a-fA-F]{3,8})\b(?=[^<]*[;}\"'])", html):
        assert len(colour) == 6
        assert colour.lower() not in ("000000", "ffffff")
    assert not re.search(r"var\(|display\s*:\s*(?:flex|grid)|rgba?\(|@import|url\(", html)
    kept = "".join(parsed(html).xpath("//style/text()"))
    assert "prefers-color-scheme: dark" in kept
    assert "[data-ogsc]" in kept
    assert "[data-ogsb]" in kept
    values = re.findall(r"[\w-]+: [^;{}]+;", kept.replace("{", "{ "))
    assert values
    assert all("!important" in value for value in values)


@every
def test_dark_colours_reach_every_class_that_is_given_a_colour(edition: Edition) -> None:
    page = parsed(edition.html_for(READER, LINKS))
    kept = "".join(page.xpath("//style/text()"))
    dark = kept[kept.index("prefers-color-scheme: dark") :]
    assert re.search(r"^\s*a \{ color", dark, re.MULTILINE)
    for element in page.xpath("//body//*[@class][not(self::a)][contains(@style, 'color:#')]"):
        for name in element.get("class").split():
            assert re.search(rf"\.{name}\b", dark), f"{name} keeps its light colour in the dark"


@every
def test_text_lines_are_short_and_addresses_stand_alone(edition: Edition) -> None:
    text = edition.text_for(READER, LINKS)
    for line in text.splitlines():
        assert len(line) <= 72 or HOUSE in line or line.startswith(("https://", "[")), line
    for name, url in LINKS.items():
        if url in text:
            assert f"\n{url}\n" in text + "\n", name
    lines = text.splitlines()
    title = lines[: next(number for number, line in enumerate(lines) if set(line) == {"="})]
    assert lines[len(title)] == "=" * max(map(len, title))
    assert text.count("\n-- \n") == 1


@every
def test_every_link_of_the_page_is_in_the_text(edition: Edition) -> None:
    text = edition.text_for(READER, LINKS)
    for href in parsed(edition.html_for(READER, LINKS)).xpath("//a/@href"):
        assert href.removeprefix("mailto:") in text


@every
def test_nothing_is_printed_without_a_fallback(edition: Edition) -> None:
    assert edition.requires == ()


@every
def test_no_object_of_python_is_printed(edition: Edition) -> None:
    for text in (edition.html_for(NOBODY, NO_LINKS), edition.text_for(READER, LINKS)):
        assert not re.search(r"&lt;|<built-in|object at 0x|\bNone\b|%s|Undefined", text)


@pytest.mark.parametrize("sample", STATEMENTS, ids=lambda sample: sample.name)
def test_the_proof_reader_finds_no_fault(sample: Sample) -> None:
    edition = compiled(sample)
    findings = check_edition(
        Proof(
            subject=sample.title,
            preheader=sample.preheader,
            html=edition.html_for(READER, LINKS),
            text=edition.text_for(READER, LINKS),
            html_bytes=edition.html_bytes,
            unsubscribe=LINKS["unsubscribe"],
            postal_address=sample.postal_address,
            language=sample.language,
            base_url=HOUSE,
        )
    )
    expected = {"subject.long"} if sample is LONG else set()
    assert {finding.code for finding in findings} == expected


def test_the_preheader_is_hidden_and_comes_first() -> None:
    body = parsed(compiled(WATER).html_for(READER, LINKS)).find("body")
    assert body[0].text == WATER.preheader
    assert "display:none" in body[0].get("style")
    assert len([each for each in body.iter() if "display:none" in (each.get("style") or "")]) == 1


def test_the_head_of_a_statement_stands_in_its_order() -> None:
    page = parsed(compiled(MUSEUM).html_for(READER, LINKS))
    said = " ".join(page.xpath("//main")[0].text_content().split())
    parts = [
        MUSEUM.organisation,
        MUSEUM.title,
        MUSEUM.deck,
        "2026",
        MUSEUM.author,
        "View in browser",
        "Editor’s note",
        "eleven carvings to the Tolu community, from whose",
        "Read this statement on our website",
        "Why you get this",
        "Subscribed since 3 May 2026",
        "Quay 3",
        "Manage your subscription",
        "Unsubscribe",
    ]
    places = []
    for part in parts:
        places.append(said.index(part, places[-1] if places else 0))
    assert places == sorted(places)


def test_the_way_out_is_as_large_and_as_dark_as_the_text() -> None:
    page = parsed(compiled(WATER).html_for(READER, LINKS))
    link = page.xpath(f"//a[@href='{LINKS['unsubscribe']}']")[0]
    frame = link.xpath("ancestor::td[@class='text']")[0].get("style")
    foot = link.xpath("ancestor::div[@class='foot']")[0].get("style")
    for name in ("font-size", "color"):
        value = re.search(rf"(?:^|; ){name}:[^;]+", frame)
        assert value is not None
        assert value[0].strip("; ") in foot
    assert "font-size" not in link.get("style")
    assert all(other.get("style") == link.get("style") for other in page.xpath("//a[@class='way']"))


def test_the_public_copy_names_no_reader_and_offers_no_dead_link() -> None:
    edition = compiled(WATER)
    html, text = edition.html_for(NOBODY, NO_LINKS), edition.text_for(NOBODY, NO_LINKS)
    assert all(parsed(html).xpath("//a/@href"))
    assert "Unsubscribe" not in html + text
    assert "This is the web copy of a statement that Arden Valley Water sent" in html
    assert "Get these statements by mail" in html
    assert "Get these statements by mail" in text


@pytest.mark.parametrize("note", ["Editor’s note: the map is new.", "Note from the editors – the map is new."])
def test_a_note_is_called_one_once(note: str) -> None:
    edition = compiled(dataclasses.replace(WATER, note=note))
    said = parsed(edition.html_for(READER, LINKS)).xpath("//main")[0].text_content()
    for whole in (said, edition.text_for(READER, LINKS)):
        assert whole.lower().count("note") == 1
        assert "The map is new." in whole


def test_a_table_scrolls_by_itself_where_it_is_too_wide() -> None:
    page = parsed(compiled(WATER).html_for(READER, LINKS))
    [frame] = [table.getparent() for table in page.xpath("//div[@class='body']//table")]
    assert "overflow-x:auto" in frame.get("style")


def test_an_organisation_that_begins_its_postal_address_is_named_once_there() -> None:
    foot = parsed(compiled(MUSEUM).html_for(READER, LINKS)).xpath("//div[@class='foot']/p")[0]
    assert foot.text_content().strip() == MUSEUM.postal_address
    assert f"\n-- \n{MUSEUM.postal_address}\n" in compiled(MUSEUM).text_for(READER, LINKS)


def test_a_statement_of_1500_words_stays_below_60_kilobytes() -> None:
    edition = compiled(LONG)
    assert len(edition.text_for(READER, LINKS).split()) > 1500
    assert edition.html_bytes < 60_000


def test_two_statements_share_one_mailing() -> None:
    edition = compiled(WATER, MUSEUM)
    page, text = parsed(edition.html_for(READER, LINKS)), edition.text_for(READER, LINKS)
    assert page.xpath("//h1/text()") == ["Two statements of this week"]
    assert page.xpath("//h2[@class='entry']/text()") == [WATER.title, MUSEUM.title]
    assert text.count(WATER.title) == text.count(MUSEUM.title) == 2
    assert f"{MUSEUM.title}\n{'-' * len(MUSEUM.title)}\n" in text


def test_the_frame_speaks_the_language_of_the_edition() -> None:
    assert "Abbestellen" in compiled(TENANTS).text_for(READER, LINKS)
    assert "إلغاء الاشتراك" in compiled(ARABIC).html_for(READER, LINKS)
    regional = dataclasses.replace(TENANTS, language="de-AT")
    assert "Abbestellen" in compiled(regional).text_for(READER, LINKS)


def test_a_language_without_words_gets_english_ones_marked_as_such() -> None:
    page = parsed(compiled(dataclasses.replace(WATER, language="cy")).html_for(READER, LINKS))
    link = page.xpath("//a[text()='Unsubscribe']")[0]
    marked = link.xpath("ancestor::*[@lang][1]")[0]
    assert (marked.get("lang"), marked.get("dir")) == ("en", "ltr")
    assert page.get("lang") == "cy"


def test_markup_in_a_title_is_text() -> None:
    sharp = dataclasses.replace(WATER, title='Water < 5 °C & "safe"', deck="<b>no</b>", note="a < b")
    html = compiled(sharp).html_for(READER, LINKS)
    page = parsed(html)
    assert page.findtext(".//h1") == sharp.title
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    assert 'Water < 5 °C & "safe"\n' in compiled(sharp).text_for(READER, LINKS)
