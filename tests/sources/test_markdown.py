"""Tests of statements as Markdown: the head of the text, and the front matter above it."""

import datetime

import pytest

from mailer.errors import BadInput
from mailer.sources import markdown

FIFTH = datetime.date(2023, 10, 5)


def read(written: str) -> markdown.Statement:
    """Read Markdown under a fixed name."""
    return markdown.statement(written, "notice.md")


def test_front_matter_stands_above_what_is_guessed() -> None:
    statement = read(
        "---\ntitle: Stated\ndeck: Deck\ndate: 2023-10-05\nlanguage: de\nauthor: Jane Doe\n"
        "source: https://example.org/1\nnote: A note.\n---\n"
        "# Guessed\n\n6 October 2023\n\nBy John Roe\n\n[plan](plan.html)"
    )
    assert statement.as_json() == {
        "title": "Stated",
        "deck": "Deck",
        "date": "2023-10-05",
        "language": "de",
        "author": "Jane Doe",
        "source": "https://example.org/1",
        "note": "A note.",
        "body_html": "<h2>Guessed</h2>\n<p>6 October 2023</p>\n<p>By John Roe</p>\n"
        '<p><a href="https://example.org/plan.html">plan</a></p>',
        "body_text": "Guessed\n=======\n\n6 October 2023\n\nBy John Roe\n\nplan [1]\n\n[1] https://example.org/plan.html",
    }


def test_what_the_front_matter_leaves_open_is_read_from_the_text() -> None:
    statement = read("---\nlanguage: en\n---\n# Works\n\n5 October 2023\n\nBy Jane Doe\n\n*Note: with a map.*\n\nText.")
    assert (statement.title, statement.date, statement.author) == ("Works", FIFTH, "Jane Doe")
    assert (statement.note, statement.body_text) == ("Note: with a map.", "Text.")


def test_a_heading_that_repeats_the_stated_title_is_not_printed_twice() -> None:
    assert read("---\ntitle: Works\n---\n# Works\n\nText.").body_html == "<p>Text.</p>"


def test_an_empty_value_says_that_there_is_none() -> None:
    assert read("---\ndate:\ndeck: ''\n---\n# Works\n\n5 October 2023\n\nText.").date is None


def test_keys_of_websites_are_read_or_left() -> None:
    statement = read(
        "---\nlayout: post\ntitle: Works\nsubtitle: A week without cars\nlang: en\ndate: 2023-10-05 09:00:00 +0200\n"
        "tags: [water, street]\nmenu: {main: {weight: 3}}\n---\nText."
    )
    assert (statement.title, statement.deck, statement.date) == ("Works", "A week without cars", FIFTH)
    with pytest.raises(BadInput, match="'deck' stands in the front matter twice; keep one of the two"):
        read("---\ndeck: a\nsubtitle: b\n---\n# Works\n\nText.")


def test_a_line_in_italics_is_a_deck_and_a_sentence_in_italics_is_a_note() -> None:
    assert read("# Works\n\n*A week without cars in the whole street*\n\nText.").deck.startswith("A week")
    assert read("# Works\n\n*This was read aloud at the assembly.*\n\nText.").note.startswith("This was")


@pytest.mark.parametrize("title", ["No", "2023", "1:30", "0x1F", "~", "2023-10-05", "'Water: off'", "Ünïcödé – “x”"])
def test_values_are_words_whatever_yaml_might_make_of_them(title: str) -> None:
    assert read(f"---\ntitle: {title}\n---\nText.").title == title.strip("'")


def test_rules_in_a_text_are_no_front_matter() -> None:
    statement = read("# Works\n\nOne.\n\n---\n\nTwo: three.\n\n---\n\nFour.")
    assert statement.body_html == "<p>One.</p>\n<hr>\n<p>Two: three.</p>\n<hr>\n<p>Four.</p>"


def test_the_second_heading_is_a_deck_only_if_the_head_goes_on() -> None:
    assert read("# Works\n\n## A week without cars\n\n5 October 2023\n\nText.").deck == "A week without cars"
    assert read("# Works\n\n## Background\n\nText.").body_html == "<h2>Background</h2>\n<p>Text.</p>"


def test_a_german_date_is_no_list() -> None:
    statement = read("# Arbeiten\n\nEine Woche ohne Autos.\n\n5. Oktober 2023\n\nText.")
    assert (statement.deck, statement.date, statement.body_text) == ("Eine Woche ohne Autos.", FIFTH, "Text.")
    statement = read("# Arbeiten\n\nText.\n\n1. Oktober 2023\n2. Oktober 2023")
    assert statement.body_html.count("<li>") == 2


def test_a_title_below_other_lines_is_still_the_title() -> None:
    statement = read("5 October 2023\n\n# Works\n\nText.")
    assert (statement.title, statement.date, statement.body_text) == ("Works", FIFTH, "Text.")


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        ("titel: x", "notice.md: unknown key 'titel' in the front matter; did you mean title?"),
        ("colour: x", "notice.md: unknown key 'colour' in the front matter; the keys are title, deck, date, language,"),
        ("date: tomorrow", "notice.md: date: 'tomorrow' is not a date; write it like 2023-10-05"),
        ("date: " + "le " * 3000 + "5 October 2023", "is not a date"),
        ("date: 2023-13-45", "notice.md: date: '2023-13-45' is not a date"),
        ("date: 31 February 2023", "is not a date"),
        ("date: [2023, 10, 5]", "notice.md: 'date' holds more than words"),
        ("title: {a: b}", "notice.md: 'title' holds more than words; write one value behind the colon"),
        ("language: english", "notice.md: language: 'english' is not a language tag; write it like en or pt-BR"),
        (
            "source: example.org",
            "notice.md: source: 'example.org' is not the address of a page; write it with https://",
        ),
        ("source: javascript:alert(1)", "is not the address of a page"),
        ("title: a\ntitle: b", "'title' stands there twice"),
        (
            "title: a: b",
            "notice.md, line 2: the front matter cannot be read: mapping values are not allowed here; write",
        ),
        ("title: 'a", "the front matter cannot be read"),
        ("title: !!python/object/apply:os.system [x]", "holds more than words"),
        ("x: " + "[" * 5000, "notice.md: the front matter cannot be read: it is nested too deeply"),
        ("note: " + "x" * 20_000, "notice.md: the front matter is longer than 16 kB; move the text below"),
        ("a: &a x\nb: *a", "references (*name) are not allowed here"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
            "references (*name) are not allowed here",
        ),
    ],
)
def test_wrong_front_matter_is_refused_in_one_line(matter: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(f"---\n{matter}\n---\n# Works\n\nText.")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("written", ["Dear neighbours,\n\nthe street is closed.", "- a\n- b", "```\nx\n```"])
def test_without_a_title_it_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match=r'^notice.md: no title found; begin with a line "# Title" or write "title: …"'):
        read(written)


@pytest.mark.parametrize("written", ["# Works", "---\ntitle: Works\n---\n", "# Works\n\n<!-- nothing -->"])
def test_without_a_text_it_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match="a title but no text below it"):
        read(written)
