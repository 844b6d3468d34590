"""One door for all files: bytes become a statement, or one clear line says why not."""

import codecs
import re
from pathlib import Path

from mailer.compose.statement import Statement
from mailer.errors import BadInput
from mailer.sources import html, markdown, text

LARGEST = 5 * 1024 * 1024
_TOO_LARGE = "is larger than 5 MB"
_SMALLER = "a statement is text: leave pictures and films on the website and link to them"
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a Word or ZIP file",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a packed file",
}
_SAVE_AS = "save it as plain text, Markdown or HTML"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.I | re.S,
)
_MARKDOWN = re.compile(r"\s*(?:---[ \t]*\r?\n[ \t]*[\w\"'-]+[ \t]*:|#{1,6}[ \t]+\S)")
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
# Signs within words tell that the letters were those of another table, such as windows-1250.
_SIGN_IN_WORD = re.compile("[a-z][¡-ª¬®-¶¸-º¼-¿÷][a-z]", re.IGNORECASE)
_READERS = {"html": html.statement, "markdown": markdown.statement, "text": text.statement}
_KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mkd": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}


def read_file(path: str | Path) -> Statement:
    """Return the statement in a file; raises BadInput naming the file, also if it cannot be opened."""
    place = Path(path)
    name = str(path)
    try:
        if place.is_dir():
            raise BadInput("is a folder", place=name, cure="name one file in it")
        if place.exists() and not place.is_file():
            raise BadInput("is not a file", place=name, cure=_SAVE_AS)
        if place.stat().st_size > LARGEST:
            raise BadInput(_TOO_LARGE, place=name, cure=_SMALLER)
        with place.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise BadInput("there is no such file", place=name, cure="check the path") from None
    except PermissionError:
        raise BadInput("may not be read", place=name, cure="give this account the right to read it") from None
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise BadInput(f"cannot be read: {why}", place=name, cure="check the path") from None
    return read_bytes(data, name)


def read_bytes(data: bytes, name: str) -> Statement:
    """Return the statement in what was handed in; the ending of ``name`` tells its kind.

    Raises BadInput for what is empty, larger than 5 MB, not text, or has no title.
    """
    if len(data) > LARGEST:
        raise BadInput(_TOO_LARGE, place=name, cure=_SMALLER)
    if not data.strip():
        raise BadInput("is empty", place=name, cure="write the statement into it")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise BadInput(f"is {kind}, not text", place=name, cure=_SAVE_AS)
    found = decoded(data, name)
    if not re.search(r"\w", found):
        raise BadInput("holds no words", place=name, cure="write the statement into it")
    reader = _READERS[_kind(found, name)]
    try:
        return reader(found, name)
    except BadInput as problem:
        raise BadInput(problem.problem, place=problem.place or name, cure=problem.cure) from None


def decoded(data: bytes, name: str) -> str:
    """Return the text: by byte order mark, as UTF-8, as an HTML page says, or as windows-1252.

    Raises BadInput if the bytes are no text, or text in an encoding that cannot be known.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _by_mark(data[len(mark) :], encoding, name)
    try:
        return _as_text(data.decode("utf-8"), name)
    except UnicodeDecodeError as problem:
        broken = problem
    if found := _CHARSET.search(data[:4096]):
        stated = found.group(1).decode("ascii", "replace").lower()
        if stated not in ("utf-8", "utf8"):
            return _by_name(data, stated, name)
    if _broken_utf8(data):
        raise BadInput(
            f"is UTF-8 with a broken character at byte {broken.start + 1}",
            place=name,
            cure="save it again as UTF-8",
        )
    western = "".join(chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else _WESTERN[byte] for byte in data)
    letters = sum(letter.isalpha() for letter in western)
    foreign = sum(byte >= 0x80 for byte in data)
    _as_text(western, name)
    if foreign > 0.3 * max(letters, 1) or _SIGN_IN_WORD.search(western):
        raise BadInput("is in an encoding that cannot be told", place=name, cure="save it as UTF-8")
    return western


_WESTERN = [bytes([byte]).decode("cp1252", "replace") for byte in range(256)]


def _by_mark(data: bytes, encoding: str, name: str) -> str:
    try:
        return _as_text(data.decode(encoding), name)
    except UnicodeDecodeError as problem:
        raise BadInput(
            f"says it is {encoding.upper()} but byte {problem.start + 1} is not",
            place=name,
            cure="save it as UTF-8",
        ) from None


def _by_name(data: bytes, encoding: str, name: str) -> str:
    encoding = "cp1252" if encoding in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii") else encoding
    try:
        return _as_text(data.decode(encoding, "replace"), name)
    except (LookupError, UnicodeError, TypeError, ValueError):
        raise BadInput(f"says it is in {encoding!r}, which is not known", place=name, cure="save it as UTF-8") from None


def _as_text(found: str, name: str) -> str:
    """Refuse what decodes but is no text: NULs, or control characters in number."""
    control = sum(ord(letter) < 0x20 and letter not in "\t\n\r\f\v" for letter in found[:200_000])
    if "\0" in found or control > max(8, len(found[:200_000]) // 100):
        raise BadInput("is not text", place=name, cure=_SAVE_AS)
    return found


def _broken_utf8(data: bytes) -> bool:
    """Say whether most characters beyond ASCII are whole UTF-8 ones."""
    whole = len(re.findall(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", data))
    high = len(re.findall(rb"[\x80-\xff]+", data))
    return whole > 0 and 2 * whole >= high


def _kind(found: str, name: str) -> str:
    if _HTML.match(found[:20_000]):
        return "html"
    by_name = _KINDS.get(Path(name.split("?")[0]).suffix.lower())
    if by_name:
        return by_name
    return "markdown" if _MARKDOWN.match(found) else "text"
