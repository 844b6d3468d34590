"""Tests of the one door for files: kinds, encodings, refusals, and whole statements as they should come out."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose.statement import Statement
from mailer.errors import BadInput
from mailer.sources import read
from tests.compose.hostile import PAYLOADS, active

GOLDEN = Path(__file__).parents[1] / "golden" / "statements"
STATEMENTS = sorted(path.name for path in GOLDEN.iterdir() if path.suffix != ".json")
BODY = "The café in the museum is closed – for good. “Adieu”, says the œuvre."


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_comes_out_as_it_should(name: str) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    statement = read.read_file(GOLDEN / name)
    assert statement.as_json() == expected
    assert list(active(statement.body_html)) == []
    assert all(len(line) <= 72 or " " not in line.strip() for line in statement.body_text.split("\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["note.txt", "note.md", "note.html", "note"])
def test_the_text_is_the_same_in_every_encoding(encoding: str, name: str) -> None:
    written = {"note.md": f"# Café\n\n{BODY}", "note.html": f"<h1>Café</h1><p>{BODY}</p>"}.get(name, f"Café\n\n{BODY}")
    statement = read.read_bytes(written.encode(encoding), name)
    assert (statement.title, statement.body_text) == ("Café", BODY)


def test_latin_1_and_stray_control_characters_are_mended() -> None:
    statement = read.read_bytes(
        "Café\n\nEs gibt Kaffee f\xfcr \x93alle\x94\x85 da\x07\x9d.".encode("latin-1"), "note.txt"
    )
    assert (statement.title, statement.body_text) == ("Café", "Es gibt Kaffee für “alle”… da.")
    statement = read.read_bytes("Café\n\nF\xfcr \x93alle\x94.\u202e\ufeff\ufffe".encode(), "note.txt")
    assert statement.body_text == "Für “alle”."


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\u2028"])
def test_every_kind_of_line_end_is_one(ends: str) -> None:
    statement = read.read_bytes(ends.join(["Title", "", "5 October 2023", "", "One.", "", "Two."]).encode(), "note.txt")
    assert (statement.title, statement.body_html) == ("Title", "<p>One.</p>\n<p>Two.</p>")


def test_a_page_in_the_encoding_it_names_is_read() -> None:
    page = (
        "<html><head><meta charset={0}><title>Вода</title></head><body><p>Воду отключат во вторник.</p></body></html>"
    )
    statement = read.read_bytes(page.format("windows-1251").encode("cp1251"), "page.html")
    assert (statement.title, statement.body_text, statement.language) == ("Вода", "Воду отключат во вторник.", "ru")
    with pytest.raises(BadInput, match="says it is in 'klingon', which is not known; save it as UTF-8"):
        read.read_bytes(page.format("klingon").encode("cp1251"), "page.html")


@pytest.mark.parametrize(
    ("data", "name", "html"),
    [
        (b"<!DOCTYPE html><title>T</title><p>Text", "note.txt", "<p>Text</p>"),
        (b"<!-- x -->\n<html><title>T</title><p>Text", "note", "<p>Text</p>"),
        (b"# T\n\n*Text*", "note", "<p><em>Text</em></p>"),
        (b"---\ntitle: T\n---\n*Text*", "note.txt", "<p><em>Text</em></p>"),
        (b"T\n\n<b>Text</b>", "note", "<p>&lt;b&gt;Text&lt;/b&gt;</p>"),
        (b"T\n\n*Text* more", "note.TXT", "<p>*Text* more</p>"),
        (b"T\n\n*Text* more", "note.MD", "<p><em>Text</em> more</p>"),
    ],
)
def test_the_kind_is_told_by_name_or_look(data: bytes, name: str, html: str) -> None:
    statement = read.read_bytes(data, name)
    assert (statement.title, statement.body_html) == ("T", html)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x: is empty; write the statement into it"),
        (b" \r\n\t ", "x: is empty"),
        (b"\xef\xbb\xbf\n", "x: holds no words"),
        (b"...\n\n---", "x: holds no words"),
        (b"\x00\x01\x02\x03title", "x: is not text; save it as plain text, Markdown or HTML"),
        (bytes(range(256)) * 10, "x: is not text"),
        (b"Title\n\n" + b"\x1b[31m\x07\x08" * 50, "x: is not text"),
        (b"%PDF-1.7\n", "x: is a PDF, not text; save it as"),
        (b"PK\x03\x04rest", "x: is a Word or ZIP file, not text"),
        (b"{\\rtf1 Title}", "x: is an RTF file, not text"),
        ("Вода\n\nВоду отключат".encode("cp1251"), "x: is in an encoding that cannot be told; save it as UTF-8"),
        ("Вода\n\nВоду отключат".encode("koi8-r"), "x: is in an encoding that cannot be told"),
        ("Café für alle, œuvre\n\nText".encode()[:-1] + b"\xff", "x: is UTF-8 with a broken character at byte 29"),
        ("Tytuł\n\nŚwiętokrzyska jest zamknięta, mówią sąsiedzi.".encode("cp1250"), "x: is in an encoding that cannot"),
        (b"\xff\xfe\x00\xd8\x00\xd8", "x: says it is UTF-16-LE but byte"),
        (b"x" * (read.LARGEST + 1), "x: is larger than 5 MB; a statement is text"),
    ],
)
def test_what_is_no_statement_is_refused_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read.read_bytes(data, "x")
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert "; " in str(refused.value)


def test_a_file_that_cannot_be_opened_is_refused_with_its_name(tmp_path: Path) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(BadInput) as refused:
            read.read_file(path)
        return str(refused.value)

    assert refusal(tmp_path) == f"{tmp_path}: is a folder; name one file in it"
    assert refusal(tmp_path / "none.txt") == f"{tmp_path / 'none.txt'}: there is no such file; check the path"
    assert "check the path" in refusal(tmp_path / ("x" * 300))
    assert "check the path" in refusal(Path(f"{tmp_path}/a\0b"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe).startswith(f"{pipe}: is not a file")


def test_a_file_without_the_right_to_read_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "note.txt"
    path.write_text("Title\n\nText.")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything: the refusal has to come from the system's answer itself

        def deny(self: Path, *_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(BadInput, match=r"may not be read; give this account the right to read it"):
        read.read_file(path)


def test_a_file_far_too_large_is_refused_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film.txt"
    with path.open("wb") as file:
        file.truncate(20 * 1024 * 1024)
    monkeypatch.delattr(Path, "open")
    with pytest.raises(BadInput, match=r"film\.txt: is larger than 5 MB; a statement is text"):
        read.read_file(path)


@given(st.binary(max_size=400), st.sampled_from(["x", "x.md", "x.html", "x.txt"]))
def test_any_bytes_give_a_statement_or_a_refusal(data: bytes, name: str) -> None:
    outcome(data, name)


WRITTEN = st.lists(
    st.sampled_from(
        [*PAYLOADS[::3], "---\n", "title: x\n", "date: 5\n", "# T\n\n", "T\n\n", "5 October 2023\n\n",
         "By Jane\n", "\n\n", "<h1>T</h1>", "<main>", "<article>", "</article>",
         "<time datetime=2023-10-05>", "Text. ", "- a\n", "> b\n", "===\n",
         "<script type=application/ld+json>[[{", "<header>", "<title>T - S</title>", "<base href='//['>", "\x85",
         "*x*"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(WRITTEN | st.text(max_size=200), st.sampled_from(["x", "x.md", "x.html", "x.txt"]))
def test_any_text_gives_a_statement_or_a_refusal(text: str, name: str) -> None:
    statement = outcome(text.encode("utf-8", "surrogatepass"), name)
    if statement:
        assert list(active(statement.body_html)) == []


@given(st.text(st.characters(codec="cp1252", categories=["L", "P", "Nd"]), min_size=1, max_size=60))
def test_what_utf_8_and_utf_16_give_is_the_same(words: str) -> None:
    written = f"Title\n\nA text: {words}"
    read_back = [outcome(written.encode(encoding), "x.txt") for encoding in ("utf-8", "utf-8-sig", "utf-16")]
    assert read_back[0] is not None
    assert read_back[0] == read_back[1] == read_back[2]


def outcome(data: bytes, name: str) -> Statement | None:
    """Read the bytes and check what holds for every statement; None if they were refused in one line."""
    statement = _read(data, name)
    if isinstance(statement, BadInput):
        assert str(statement).startswith(name)
        assert "\n" not in str(statement)
        assert statement.cure
        return None
    assert statement.title
    assert statement.body_text.strip()
    lines = (statement.title, statement.deck, statement.author, statement.source, statement.language)
    assert not any("\n" in line or line != line.strip() for line in lines)
    json.dumps(statement.as_json())
    "".join((*lines, statement.note, statement.body_html, statement.body_text)).encode("utf-8")
    return statement


def _read(data: bytes, name: str) -> Statement | BadInput:
    try:
        return read.read_bytes(data, name)
    except BadInput as refused:
        return refused
