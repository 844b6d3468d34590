"""A value is made fit for its place and can never become more than a value."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose.fit import MODES, tidy

anything = st.text(max_size=60)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://a.example/ü ?q=1&r=2", "https://a.example/%C3%BC?q=1&amp;r=2"),
        ("http://a.example", "http://a.example"),
        ("HTTPS://a.example/%C3%BC", "HTTPS://a.example/%C3%BC"),
        ("mailto:jo@a.example", "mailto:jo@a.example"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("javascript:alert(1)", "#"),
        (" java\nscript:alert(1)", "#"),
        ("data:text/html,<b>", "#"),
        ("//a.example", "#"),
        ("/path", "#"),
        ("https:", "#"),
        ("https:///x", "#"),
        ("", "#"),
        ('https://a.example/"onload="x', "https://a.example/%22onload=%22x"),
    ],
)
def test_a_whole_address_leads_to_the_web_or_to_a_mailbox(value: str, written: str) -> None:
    assert MODES["url"](tidy(value)) == written


@given(anything)
def test_no_value_ends_an_attribute_or_begins_a_tag(value: str) -> None:
    for mode in ("html", "url", "component", "encoded"):
        assert not set(MODES[mode](tidy(value))) & set("<>\"'")


@given(anything)
def test_a_component_cannot_add_another(value: str) -> None:
    assert not set(MODES["component"](tidy(value))) & set("/?#&=:;%+ ") - {"%"}


@given(anything)
def test_html_reads_back_as_the_value(value: str) -> None:
    assert unescape(MODES["html"](tidy(value))) == tidy(value)


@given(anything)
def test_a_tidy_value_is_one_line_without_controls(value: str) -> None:
    neat = tidy(value)
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or letter in "\u2028\u2029" for letter in neat)
    assert tidy(neat) == neat
    neat.encode("utf-8")


def test_line_breaks_become_blanks_and_nothing_is_nothing() -> None:
    assert tidy("a\r\nb\nc\u2028d") == "a b c d"
    assert tidy(None) == ""
    assert tidy(3) == "3"
