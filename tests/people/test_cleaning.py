"""Text people hand in becomes one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.people import cleaning


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Ann   Example ", "Ann Example"),
        ("Ann\r\nBcc: eve@example.org", "Ann Bcc: eve@example.org"),
        ("An\x00n\x1b[31m", "Ann[31m"),
        ("Ann\u202e evil", "Ann evil"),
        ("A\u200bn\u00adn\ufeff", "Ann"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Jose\u0301", "José"),
        ("one\u2028two\u2029three\u0085four", "one two three four"),
        ("", ""),
    ],
)
def test_one_line(text, kept) -> None:
    assert cleaning.one_line(text, 100) == kept


@given(st.text(), st.integers(1, 50))
def test_a_line_is_short_tidy_and_stays_as_it_is(text, longest) -> None:
    line = cleaning.one_line(text, longest)
    assert len(line) <= longest
    assert line == line.strip()
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in line)
    assert cleaning.one_line(line, longest) == line
    line.encode()


def test_lines_keep_their_breaks() -> None:
    assert cleaning.lines("\n\nWater utility\r\n 1  Main Street \n\x00Town\n") == "Water utility\n1 Main Street\nTown"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"), ("DE", "de"), ("pt_br", "pt-BR"), ("zh-hant", "zh-hant"), (" en ", "en"),
        ("", ""), ("german", ""), ("e", ""), ("en-", ""), ("en\n", "en"), ("../x", ""),
    ],
)  # fmt: skip
def test_languages(text, tag) -> None:
    assert cleaning.language(text) == tag
