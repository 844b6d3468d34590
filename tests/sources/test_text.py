"""Tests of statements as plain text: which line is what."""

import datetime

import pytest

from mailer.errors import BadInput
from mailer.sources import text

FIFTH = datetime.date(2023, 10, 5)
BODY = (
    "The works replace 300 metres of pipe in Quay Street, and the street is closed to cars for a week. "
    "The bus stops at the market instead.\n\nResidents get a letter."
)


def read(head: str, body: str = BODY) -> text.Statement:
    """Read a head with a body below it."""
    return text.statement(f"{head}\n\n{body}", "notice.txt")


@pytest.mark.parametrize(
    "head",
    [
        "Works in Quay Street\n\n5 October 2023",
        "5 October 2023\n\nWorks in Quay Street",
        "Works in Quay Street\n5 October 2023",
        "  Works in Quay Street  \n\n\n\n  5 October 2023",
        "Works in Quay Street\n====================\n5 October 2023",
        "====================\nWorks in Quay Street\n====================\n\n5 October 2023",
        "Title: Works in Quay Street\nDate: 2023-10-05",
        "For immediate release\n\nWorks in Quay Street\n\nNorthport, 5 October 2023",
        "PRESS RELEASE – 5 October 2023\n\nWorks in Quay Street",
        "Embargo: none\n\nWorks in Quay Street\n\n5 October 2023\n\nReading time: 2 minutes",
        "Statement\n\nWorks in Quay Street\n\n5 October 2023",
        "Home > News\n\nWorks in Quay Street\n\nShare on Facebook   Print\n\n5 October 2023 | News | 2 min read",
        "Works in Quay Street\nDate of issue: 5 October 2023, 9:15 a.m. CEST",
        "Works in\n  Quay Street\n\n5.10.2023".replace("\n  Quay", " Quay"),
    ],
)
def test_title_and_date_are_found_wherever_they_stand(head: str) -> None:
    statement = read(head)
    assert (statement.title, statement.date) == ("Works in Quay Street", FIFTH)
    assert (statement.deck, statement.note, statement.author) == ("", "", "")
    assert statement.body_text.startswith("The works replace")
    assert statement.body_html.count("<p>") == 2


@pytest.mark.parametrize(
    "title", ["Water for all!", "Why is the water off?", "WATER IS OFF", "Water: off", "No water."]
)
def test_a_title_may_end_as_it_likes(title: str) -> None:
    assert read(title).title == title


def test_a_title_over_two_lines_is_one() -> None:
    assert read("Quay Street is closed for a week\nbecause the pipe is replaced").title == (
        "Quay Street is closed for a week because the pipe is replaced"
    )


@pytest.mark.parametrize(
    "head",
    [
        "Works in Quay Street\n\nA week without cars, a year without leaks\n\n5 October 2023",
        "Works in Quay Street\n\n5 October 2023\n\nA week without cars, a year without leaks",
        "Works in Quay Street\n\nA week without cars, a year without leaks",
        "Works in Quay Street\n\nBy Jane Doe\n\nA week without cars, a year without leaks\n\n5 October 2023",
    ],
)
def test_the_deck_is_a_line_of_words_below_the_title(head: str) -> None:
    assert read(head).deck == "A week without cars, a year without leaks"


def test_a_title_in_capitals_or_broken_after_a_small_word_is_one() -> None:
    assert read("QUAY STREET IS CLOSED FOR ALL\nUNTIL THE PIPE IS REPLACED").title.endswith(
        "ALL UNTIL THE PIPE IS REPLACED"
    )
    assert read("Northport Water Closes the\nQuay Street").title == "Northport Water Closes the Quay Street"


def test_a_sentence_right_under_the_title_is_the_deck_but_a_paragraph_is_not() -> None:
    statement = read("Works in Quay Street\nThe bus still runs.")
    assert (statement.title, statement.deck) == ("Works in Quay Street", "The bus still runs.")
    statement = read("Works in Quay Street\nThe bus still runs. The ferry does not.")
    assert (statement.deck, statement.body_text[:19]) == ("", "The bus still runs.")


def test_what_stands_above_a_dateline_is_the_deck() -> None:
    statement = read("Works in Quay Street\n\nThe bus still runs.", "NORTHPORT, 5 October 2023 – The street is closed.")
    assert (statement.deck, statement.date) == ("The bus still runs.", FIFTH)


def test_a_line_that_says_when_it_was_changed_is_kept_as_a_note() -> None:
    statement = read("Works in Quay Street\n\n5 October 2023\n\nLast updated: 7 October 2023")
    assert (statement.date, statement.note) == (FIFTH, "Last updated: 7 October 2023")


def test_a_press_release_may_say_from_whom_it_is() -> None:
    statement = read("Press release from Northport Water\n\nWorks in Quay Street\n\n5 October 2023")
    assert (statement.title, statement.author) == ("Works in Quay Street", "Northport Water")


def test_the_name_of_the_site_above_its_section_is_the_author() -> None:
    statement = read("Northport Water\n\nNews\n\nWorks in Quay Street\n5 October 2023")
    assert (statement.title, statement.author) == ("Works in Quay Street", "Northport Water")


def test_a_kind_of_text_is_the_title_if_there_is_no_other() -> None:
    assert read("Statement\n\n5 October 2023").title == "Statement"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"{BODY}\n\nNorthport, 5 October 2023", True),
        (f"{BODY}\n\nPublished on 5 October 2023 by Northport Water.", True),
        (f"{BODY}\n\nThe board\n5.10.2023\n\n[1] The map hangs at the works.", True),
        (f"Notice to all households\nDate: 5 October 2023\n\n{BODY}", True),
        (f"{BODY}\n\nWe meet on these days:\n- 5 October 2023\n- 6 October 2023", False),
        (f"{BODY}\n\nDate: 5 October 2023\nPlace: School hall", False),
        (f"{BODY}\n\nThe works end on 5 October 2023.", False),
        (f"{BODY}\n\nNorthport, 5 October 2023\n\nHarwich, 6 October 2023", False),
    ],
)
def test_a_date_below_the_text_counts_if_the_head_has_none(body: str, found: bool) -> None:
    statement = read("Works in Quay Street", body)
    assert statement.date == (FIFTH if found else None)
    assert statement.body_text.endswith(body[-20:])


def test_a_text_named_by_its_date_has_that_date() -> None:
    assert read("Statement of the board of 5 October 2023").date == FIFTH
    statement = read("Works in Quay Street on 5 October 2023")
    assert (statement.title, statement.date) == ("Works in Quay Street on 5 October 2023", None)
    statement = read("Annual Meeting, 5 October 2023")
    assert (statement.title, statement.date) == ("Annual Meeting, 5 October 2023", FIFTH)


def test_a_sentence_is_a_deck_only_if_the_head_goes_on_below_it() -> None:
    assert read("Works in Quay Street\n\nThe bus still runs.\n\n5 October 2023").deck == "The bus still runs."
    statement = read("Works in Quay Street\n\nThe bus still runs.")
    assert statement.deck == ""
    assert statement.body_text.startswith("The bus still runs.\n\n")


def test_a_section_heading_below_the_date_is_no_deck() -> None:
    statement = read("Works in Quay Street\n\n5 October 2023\n\nBackground")
    assert statement.deck == ""
    assert statement.body_html.startswith("<h2>Background</h2>")


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Jane Doe", "Jane Doe"),
        ("by Jane Doe and Piet van der Berg", "Jane Doe and Piet van der Berg"),
        ("Von Jane Doe", "Jane Doe"),
        ("Author: Jane Doe", "Jane Doe"),
        ("By Jane Doe, 5 October 2023", "Jane Doe"),
        ("5 October 2023 | By Jane Doe", "Jane Doe"),
        ("By The Board", "The Board"),
        ("By the press office", "the press office"),
        ("by Jane Doe and Jo Roe, delegates of the tenants", "Jane Doe and Jo Roe, delegates of the tenants"),
        ("By Monday Morning, the street will be open", ""),
        ("Published by Jane Doe on Thursday, 5 October 2023", "Jane Doe"),
        ("By Jane Doe, head of works | 5 October 2023 | 3 min. read", "Jane Doe, head of works"),
        ("von Jane Doe, 5. Oktober 2023, 12:30 Uhr", "Jane Doe"),
        ("By then the street will be open again", ""),
    ],
)
def test_a_byline_gives_the_author(line: str, author: str) -> None:
    assert read(f"Works in Quay Street\n\n{line}").author == author


@pytest.mark.parametrize(
    "note",
    [
        "The following text is a lightly edited version of a talk given at the waterworks.",
        "This statement was first published in the town's newspaper.",
        "Editor's note: the map was added later.",
        "Editors’ note: the map was added later.",
        "Note: the map was added later.",
        "Der folgende Text ist eine leicht bearbeitete Fassung einer Rede.",
        "Anmerkung der Redaktion: Die Karte kam später dazu.",
        "Le texte suivant est la version abrégée d'un discours.",
        "El siguiente texto es una versión editada de un discurso.",
    ],
)
def test_an_editorial_note_stands_apart(note: str) -> None:
    for written in (note, f"[{note}]", f"*{note}*", f"_{note}_"):
        statement = read(f"Works in Quay Street\n\n5 October 2023\n\n{written}")
        assert statement.note == note
        assert statement.body_text.startswith("The works replace")


def test_the_only_text_there_is_is_no_note() -> None:
    statement = text.statement("Works\n\nThis statement was first published by us in full.", "notice.txt")
    assert (statement.note, statement.body_text) == ("", "This statement was first published by us in full.")


def test_an_embargo_is_told_to_the_editors() -> None:
    statement = read("Embargoed until 6 October 2023, 09:00\n\nWorks in Quay Street\n\n5 October 2023")
    assert (statement.note, statement.date) == ("Embargoed until 6 October 2023, 09:00", FIFTH)


def test_a_letterhead_above_the_status_line_is_the_author() -> None:
    statement = read("Northport Water\n\nPress release\n\n5 October 2023\n\nWorks in Quay Street")
    assert (statement.title, statement.author) == ("Works in Quay Street", "Northport Water")


def test_a_source_line_gives_the_address_of_the_page() -> None:
    assert read("Works in Quay Street\n\nSource: https://water.example.org/1").source == "https://water.example.org/1"


def test_press_desks_above_the_title_go_below_the_text() -> None:
    statement = read("Contact: Alex Rowe, press@example.org\n\nWorks in Quay Street")
    assert statement.title == "Works in Quay Street"
    assert statement.body_text.endswith("letter.\n\nContact: Alex Rowe, press@example.org")


def test_a_dateline_in_the_text_gives_the_date_and_stays() -> None:
    statement = read("Works in Quay Street", "NORTHPORT, 5 October 2023 – The street is closed.")
    assert statement.date == FIFTH
    assert statement.body_text == "NORTHPORT, 5 October 2023 – The street is closed."


def test_a_date_within_the_text_is_not_the_date_of_the_statement() -> None:
    assert read("Works in Quay Street", "On 5 October 2023 the street will be closed.").date is None


def test_text_below_the_head_is_whole() -> None:
    statement = read(
        "Works in Quay Street\n5 October 2023\nBy Jane Doe\nThe street is closed.\nThe bus is not.", "End."
    )
    assert statement.body_text == "The street is closed.\nThe bus is not.\n\nEnd."


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("x" * 300, "put the title on the first line"),
        ("Dear neighbours,\n\nthe street is closed.", "put the title on the first line"),
        ("- one\n- two", "put the title on the first line"),
        ("5 October 2023", "put the title on the first line"),
        ("Works in Quay Street\n\n5 October 2023", "add the text"),
        ("Works in Quay Street", "add the text"),
    ],
)
def test_without_title_or_text_it_is_refused_with_a_cure(written: str, cure: str) -> None:
    with pytest.raises(BadInput, match=f"^notice.txt: .*; .*{cure}"):
        text.statement(written, "notice.txt")
