"""Tests of bodies: what becomes of Markdown, HTML and plain text, and that nothing active survives."""

import html as entities
import re

import lxml.html
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.compose import content
from mailer.errors import BadInput
from tests.compose.hostile import PAYLOADS, active

PIECES = st.sampled_from(
    [*PAYLOADS[:60], "<p>", "</p>", "<div>", "</div>", "<a href=https://example.org>", "</a>", "<ul><li>", "</ul>",
     "<b>", "<pre>", "</pre>", "<table><tr><td>", "</table>", "<svg>", "<math>", "<style>", "</style>",
     "<!--", "-->", "text "]
)  # fmt: skip
MARKUP = st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=200))


# Markdown


def test_markdown_gives_html_and_a_text_written_from_its_source() -> None:
    made = content.from_markdown(
        "The price falls by **five per cent**, says [the board](https://water.example.org/board).\n\n"
        "- leaks closed\n- pumps run *at night*\n\n> Nobody pays for leaks.\n\n1. one\n2. two"
    )
    assert made.html == (
        "<p>The price falls by <strong>five per cent</strong>, says "
        '<a href="https://water.example.org/board">the board</a>.</p>\n'
        "<ul><li>leaks closed</li><li>pumps run <em>at night</em></li></ul>\n"
        "<blockquote><p>Nobody pays for leaks.</p></blockquote>\n"
        "<ol><li>one</li><li>two</li></ol>"
    )
    assert made.text == (
        "The price falls by five per cent, says the board [1].\n\n- leaks closed\n- pumps run at night\n\n"
        "> Nobody pays for leaks.\n\n1. one\n2. two\n\n[1] https://water.example.org/board"
    )


def test_bare_addresses_in_markdown_become_links_but_not_in_code_or_links() -> None:
    made = content.from_markdown(
        "See https://example.org/a_b_c. `https://example.org/code` [https://other.example](https://example.org)"
    )
    assert re.findall('href="([^"]+)"', made.html) == ["https://example.org/a_b_c", "https://example.org"]


def test_raw_html_in_markdown_is_sanitised_and_read_for_the_text() -> None:
    made = content.from_markdown(
        "A <b onclick=x>bold</b> word<script>alert(1)</script>, CO<sub>2</sub>, 10<sup>6</sup>."
    )
    assert made.html == "<p>A <b>bold</b> word, CO<sub>2</sub>, 10<sup>6</sup>.</p>"
    assert made.text == "A bold word, CO2, 10^6."


def test_the_highest_heading_is_h2_and_no_level_is_skipped() -> None:
    made = content.from_markdown("### A\n\na\n\n###### B\n\nb\n\n# C\n\nc\n\n#### D\n\nd")
    assert re.findall(r"<(h\d)>(\w)", made.html) == [("h2", "A"), ("h3", "B"), ("h2", "C"), ("h3", "D")]
    assert made.text == "A\n=\n\na\n\nB\n-\n\nb\n\nC\n=\n\nc\n\nD\n-\n\nd"


def test_what_was_struck_out_is_still_seen_to_be() -> None:
    assert content.from_markdown("It costs ~~1.95~~ 1.90.").text == "It costs ~~1.95~~ 1.90."


def test_images_stand_in_the_text_by_their_description() -> None:
    made = content.from_markdown("![The pump](https://example.org/pump.jpg) ![](https://example.org/line.png)")
    assert made.text == "[The pump] [1]\n\n[1] https://example.org/pump.jpg"
    assert made.html.count("<img ") == 2
    assert 'alt=""' in made.html


def test_relative_links_are_read_against_the_page_or_dropped() -> None:
    known = content.from_markdown("[plan](../plan.html) [up](#top)", "https://example.org/news/1")
    assert known.html == '<p><a href="https://example.org/plan.html">plan</a> up</p>'
    assert known.text == "plan [1] up\n\n[1] https://example.org/plan.html"
    unknown = content.from_markdown("[plan](../plan.html)")
    assert unknown.html == "<p>plan</p>"
    assert unknown.text == "plan"


# HTML


def test_html_is_rebuilt_with_paragraphs_where_text_stood_bare() -> None:
    made = content.from_html("<div>one<div>two <b>three</b></div>four<br><br>five</div><section><h4>Six</h4></section>")
    assert made.html == "<p>one</p>\n<p>two <b>three</b></p>\n<p>four</p>\n<p>five</p>\n<h2>Six</h2>"
    assert made.text == "one\n\ntwo three\n\nfour\n\nfive\n\nSix\n==="


def test_a_table_of_data_stays_one_and_a_table_of_layout_does_not() -> None:
    data = content.from_html("<table><tr><th>Year<th>Price<tr><td>2023<td>1.90</table>")
    assert data.html == (
        "<table><thead><tr><th>Year</th><th>Price</th></tr></thead>"
        "<tbody><tr><td>2023</td><td>1.90</td></tr></tbody></table>"
    )
    assert data.text == "Year | Price\n-----+------\n2023 | 1.90"
    layout = content.from_html("<table role=presentation><tr><td>left</td><td>right</td></tr></table>")
    assert layout.html == "<p>left</p>\n<p>right</p>"


def test_a_table_too_wide_for_the_page_is_read_row_by_row() -> None:
    long = "a sentence that is far too long to stand beside another in one line"
    text = content.from_html(f"<table><tr><th>Name<th>What<tr><td>Pump<td>{long}<tr><td>Pipe<td>{long}</table>").text
    assert text.startswith("- Name: Pump\n  What: a sentence")
    assert "\n\n- Name: Pipe\n" in text
    assert max(map(len, text.splitlines())) <= 72


def test_images_keep_what_a_mail_can_use() -> None:
    made = content.from_html(
        '<img src="/a.jpg" width="600px" height=400 alt=" The \n pump " class=x loading=lazy>'
        '<img src="cid:one@example.org"><img src="https://track.example/p.gif" width=1 height=1>'
        '<img src="data:image/png;base64,AAAA" alt="Chart">'
        '<img src="page_files/b.jpg" srcset="https://example.org/b.jpg 2x">',
        "https://example.org/x/",
    )
    assert re.findall("<img[^>]*>", made.html) == [
        '<img src="https://example.org/a.jpg" alt="The pump" width="600" height="400">',
        '<img src="cid:one@example.org" alt="">',
        '<img src="https://example.org/b.jpg" alt="">',
    ]
    assert "[Chart]" in made.html


def test_hidden_parts_are_left_out() -> None:
    made = content.from_html(
        "<p style='display: NONE'>a</p><p hidden>b</p><div style='visibility:hidden'>c</div><p>d</p>"
    )
    assert made == content.Content("<p>d</p>", "d")


def test_the_same_link_has_one_note_and_footnotes_of_the_text_keep_their_numbers() -> None:
    made = content.from_html(
        '<p>As said [3]: <a href="https://a.example/">one</a>, <a href="https://b.example/">two</a>, '
        '<a href="https://a.example/">one again</a>, <a href="https://c.example">c.example</a>, '
        '<a href="mailto:me@d.example">me@d.example</a>, <a href="tel:+123">call</a>.</p>'
    )
    assert made.text == (
        "As said [3]: one [4], two [5], one again [4], https://c.example,\nme@d.example, call.\n\n"
        "[4] https://a.example/\n[5] https://b.example/"
    )


def test_a_page_of_open_elements_is_read_and_an_absurd_one_refused_in_one_line() -> None:
    assert content.from_html("<font>" * 1000 + "end").text == "end"
    with pytest.raises(BadInput, match="nested too deeply; close the elements"):
        content.from_html("<font>" * 5000 + "end")


# Plain text


def test_lines_wrapped_by_hand_are_joined_and_lines_broken_on_purpose_are_not() -> None:
    made = content.from_plain(
        "The price of drinking water falls by five per cent on the first of\nJanuary. "
        "It is the first time in ten years.\n\n"
        "Mara Linden\nHead of Works\n"
    )
    assert made.html == (
        "<p>The price of drinking water falls by five per cent on the first of January. "
        "It is the first time in ten years.</p>\n<p>Mara Linden<br>Head of Works</p>"
    )
    assert made.text.endswith("\n\nMara Linden\nHead of Works")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("- a\n- b\n  more of b", "<ul><li>a</li><li>b more of b</li></ul>"),
        ("• a\n\n• b", "<ul><li>a</li><li>b</li></ul>"),
        ("3) a\n4) b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("5. May is a holiday.", "<p>5. May is a holiday.</p>"),
        ("1. a\n2. b\n7. c", "<ol><li>a</li><li>b</li></ol>\n<p>7. c</p>"),
        ("– a dash begins this line", "<p>– a dash begins this line</p>"),
        ("We ask for:\n- one\n- two", "<p>We ask for:</p>\n<ul><li>one</li><li>two</li></ul>"),
        ("> said\n> he", "<blockquote><p>said<br>he</p></blockquote>"),
        ("a\n\n* * *\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("Next steps\n\nWe begin.", "<h2>Next steps</h2>\n<p>We begin.</p>"),
        ("Next steps\n-----\n\nWe begin.", "<h2>Next steps</h2>\n<p>We begin.</p>"),
        ("A short sentence.\n\nWe begin.", "<p>A short sentence.</p>\n<p>We begin.</p>"),
        ("We begin.\n\nThe board", "<p>We begin.</p>\n<p>The board</p>"),
        ("Notes to editors:\n\nWe begin.", "<h2>Notes to editors</h2>\n<p>We begin.</p>"),
        ('a <b> & "c"', '<p>a &lt;b&gt; &amp; "c"</p>'),
        ("-- \nMara", "<p>Mara</p>"),
    ],
)
def test_plain_text_is_seen_as_a_reader_sees_it(text: str, html: str) -> None:
    assert content.from_plain(text).html == html


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://example.org/a?b=c&d=e.", ["https://example.org/a?b=c&amp;d=e"]),
        ("(https://example.org/a_(b)), and", ["https://example.org/a_(b)"]),
        ("“https://example.org”", ["https://example.org"]),
        ("www.example.org/x, and", ["https://www.example.org/x"]),
        ("Ask me@example.org.", ["mailto:me@example.org"]),
        ("see ftp://example.org and a@b and x.y", []),
        ("https://user@example.org/", ["https://user@example.org/"]),
        ("https://", []),
    ],
)
def test_bare_addresses_in_plain_text_become_links(text: str, links: list[str]) -> None:
    assert re.findall('href="([^"]+)"', content.from_plain(text).html) == links


def test_the_text_of_a_plain_text_has_the_same_words_in_lines_of_72_columns() -> None:
    text = "word " * 200 + "https://example.org/" + "a" * 90 + " and 5\u00a0000 more"
    made = content.from_plain(text).text
    assert made.split(" ") != text.split(" ")
    assert made.replace("\n", " ").split() == text.split()
    assert [line for line in made.split("\n") if len(line) > 72] == ["https://example.org/" + "a" * 90]


# Nothing active survives


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_markup_loses_what_is_active(payload: str) -> None:
    for markup in (
        payload,
        f"<p>before {payload} after</p>",
        f"<table><tr><td>{payload}<td>x</table>",
        f"<ul>{payload}</ul>",
    ):
        for made in (content.from_html(markup, "https://example.org/"), content.from_markdown(markup)):
            assert list(active(made.html)) == []
            assert content.sanitise(made.html) == made.html


def test_the_eye_for_active_markup_sees() -> None:
    seen = [
        "<script>",
        "<svg>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<img src='data:x'>",
        "<!-- x -->",
        "<p style=x>",
    ]
    assert all(list(active(markup)) for markup in seen)


@given(MARKUP)
@example("<a href='//[' >x</a>")
@example("\ud800&#xd800;&#xfffe;\x00\x85")
def test_no_html_leaves_anything_active_or_fails(markup: str) -> None:
    made = content.from_html(markup, "https://example.org/")
    assert list(active(made.html)) == []
    assert content.sanitise(made.html, "https://example.org/") == made.html


@given(MARKUP)
def test_no_markdown_leaves_anything_active_or_fails(markup: str) -> None:
    assert list(active(content.from_markdown(markup).html)) == []


@given(MARKUP)
def test_no_plain_text_becomes_markup(text: str) -> None:
    made = content.from_plain(text)
    assert list(active(made.html)) == []
    # What is shown in the HTML part is what stands in the text part, however it is set.
    shown = lxml.html.document_fromstring(f"<body>{made.html}</body>").text_content() if made.html.strip() else ""
    letters = re.compile(r"[^\W\d_]")
    assert letters.findall(shown) == letters.findall(made.text)


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<b>", "<i class=x>", "<td>", "<li>", "<br>", "<h3>", "<span>", "word ", "x"])
    )
)
def test_the_text_part_holds_no_tags_of_the_markup(pieces: list[str]) -> None:
    for made in (content.from_html("".join(pieces)), content.from_markdown("".join(pieces))):
        assert not re.search("[<>]", made.text.replace("> ", ""))


@given(st.text(max_size=300))
def test_lines_of_the_text_part_are_short_unless_a_word_is_not(text: str) -> None:
    made = content.from_html("<p>" + entities.escape(text) + "</p>").text
    assert all(len(line) <= 72 or " " not in line.strip() for line in made.split("\n"))
