"""Tests of what plain text and pages show without markup: columns, questions, headings, captions."""

import pytest

from mailer.compose import content


def test_a_caption_stays_with_its_table() -> None:
    made = content.from_html("<table><caption>Prices</caption><tr><th>Year<th>Price<tr><td>2023<td>1.90</table>")
    assert made.html.startswith("<table><caption>Prices</caption><thead>")
    assert made.text == "Prices\n\nYear | Price\n-----+------\n2023 | 1.90"


def test_an_arrow_back_from_a_footnote_is_left_out() -> None:
    assert content.from_html('<p>Prices of 2025. <a href="#ref1">↩</a></p>').html == "<p>Prices of 2025.</p>"


@pytest.mark.parametrize("gap", ["\t", "     "])
def test_columns_of_plain_text_are_a_table(gap: str) -> None:
    made = content.from_plain(f"District{gap}Samples\nHarbour{gap}120\nMill Lane{gap}92")
    assert made.html.startswith(
        "<table><thead><tr><th>District</th><th>Samples</th></tr></thead><tbody><tr><td>Harbour"
    )
    assert made.text.endswith("Harbour   | 120\nMill Lane | 92")


@pytest.mark.parametrize(
    "text", ["He came.  She left.\nIt rained.  It snowed.", "a  b\nc  d  e", "1.\tone\n2.\ttwo", "one  line"]
)
def test_other_gaps_are_no_columns(text: str) -> None:
    assert "<table" not in content.from_plain(text).html


def test_questions_are_headings_only_where_several_are_answered() -> None:
    answer = "Because the pipe is old, and the street is narrow."
    three = "\n\n".join(f"Why {word}?\n\n{answer}" for word in ("now", "here", "we"))
    assert content.from_plain(three).html.count("<h2>") == 3
    assert "<h2>" not in content.from_plain(f"Why now?\n\n{answer}").html


def test_a_heading_may_stand_right_above_its_text() -> None:
    made = content.from_plain("ABOUT US\nWe supply 80,000 people.\n\nContact:\nMara Linden\n0555 0100")
    assert made.html.split("\n")[:3] == ["<h2>ABOUT US</h2>", "<p>We supply 80,000 people.</p>", "<h2>Contact</h2>"]


def test_a_line_that_a_list_completes_is_no_heading() -> None:
    assert content.from_plain("We ask the council\n\n- to wait,\n- to listen.").html.startswith(
        "<p>We ask the council</p>"
    )
