"""Quoted-printable on the wire: 7-bit, short lines, no leading dot, and it reads back as it was."""

import quopri
import re

from hypothesis import example, given
from hypothesis import strategies as st

from mailer.compose.quoted import chunk, value_chunk

texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), st.sampled_from(" .\n=\tF")),
    max_size=300,
)
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)
SOFT = re.compile(rb"[\x21-\x3c\x3e-\x7e \t]|=[0-9A-F]{2}")


def check(wire: bytes) -> None:
    """Hold wire bytes to RFC 2045 section 6.7 and to what DATA, BDAT and mailboxes need."""
    assert wire.isascii()
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")
    assert wire == b"" or wire.endswith(b"\r\n")
    for line in wire.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert SOFT.sub(b"", line.removesuffix(b"=")) == b""


@given(texts)
@example(".\n..\nFrom me\n From me\n")
@example("x" * 75 + ".")
@example("x" * 75 + "From a")
@example("ends in blank \nends in tab\t\n \n\t")
@example("é" * 100)
def test_a_text_reads_back_as_it_was(text: str) -> None:
    wire = chunk(text).encode("ascii")
    check(wire)
    assert quopri.decodestring(wire).decode("utf-8").replace("\r\n", "\n") == text


@given(st.lists(st.one_of(texts.map(lambda text: chunk(text).encode()), values.map(value_chunk)), max_size=6))
def test_pieces_in_any_order_keep_the_promise(pieces: list[bytes]) -> None:
    check(b"".join(pieces))
    parts = [quopri.decodestring(piece) for piece in pieces]
    assert quopri.decodestring(b"".join(pieces)) == b"".join(parts)


@given(values)
@example(".")
@example("From me")
@example("From")
@example("=_boundary")
@example("x" * 75)
@example("x" * 76)
@example(" ")
def test_a_value_reads_back_as_it_was(value: str) -> None:
    wire = value_chunk(value)
    check(wire)
    assert quopri.decodestring(wire).decode("utf-8") == value
    assert b"=_" not in wire


def test_a_letter_is_not_parted_by_a_soft_break() -> None:
    for line in chunk("a" + "€" * 60).split("=\r\n"):
        assert line.count("=E2=82=AC") * 9 in (len(line), len(line) - 1)
