"""Header fields on the wire: folded, 7-bit, one field each whatever is put into them (RFC 5322, RFC 2047)."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache

from mailer.compose.characters import one_line
from mailer.errors import BadInput

# RFC 5322 section 2.1.1 asks for 78; RFC 2047 section 2 allows encoded words on lines of 76 only.
_LINE = 76
_LONGEST_WORD = 75
# Letters that may stand in an encoded word anywhere, in a phrase too (RFC 2047 section 5, rule 3).
_AS_IT_IS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_PRINTABLE = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
_BOX_UTF8 = re.compile(r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\\\]]{1,64}@[A-Za-z0-9.-]{1,255}")
_WEB = re.compile(r"https://[A-Za-z0-9\[][!#-;=?-~]{2,900}")
_LOOPBACK = re.compile(r"http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:[/?][!#-;=?-~]{0,900})?")
_MAILTO = re.compile(r"mailto:[!#-;=?-~]{3,900}")
_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,180}@[A-Za-z0-9.-]{1,68}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text_field(name: str, text: str) -> str:
    """Return a field of free text, encoded if it is not plain ASCII (RFC 2047), folded, with its CRLF."""
    plain = _tidy(text)
    if not plain:
        return f"{name}:\r\n"
    if len(name) + len(plain) + 2 <= _LINE and plain.isascii() and "=?" not in plain:
        return f"{name}: {plain}\r\n"
    if _PRINTABLE.fullmatch(plain) and "=?" not in plain and max(map(len, plain.split(" "))) < 60:
        return _folded(name, plain.split(" "))
    return _folded(name, encoded_words(plain, _LINE - len(name) - 2))


def mailbox_field(name: str, display: str, address: str, *, smtputf8: bool = False) -> str:
    """Return a field with exactly one mailbox (RFC 5322 section 3.4); BadInput for what is not an address."""
    if not _BOX.fullmatch(address) and not (smtputf8 and _BOX_UTF8.fullmatch(address)):
        raise BadInput(
            "the address has letters that need SMTPUTF8" if _BOX_UTF8.fullmatch(address) else "not one address",
            place=name,
            cure="write it like name@example.org",
        )
    shown = _tidy(display)
    if len(shown) < 50 and _ATOMS.fullmatch(shown) and "=?" not in shown:
        line = f"{name}: {shown} <{address}>\r\n"
        if len(line) <= _LINE:
            return line
    if not shown:
        return f"{name}: {address}\r\n"
    return _folded(name, [*phrase(shown, _LINE - len(name) - 2), f"<{address}>"])


def phrase(text: str, room: int) -> list[str]:
    """Return a display name as the words of a phrase: atoms, one quoted string, or encoded words."""
    if _ATOMS.fullmatch(text) and "=?" not in text and max(map(len, text.split(" "))) < 60:
        return text.split(" ")
    if _PRINTABLE.fullmatch(text) and "=?" not in text and len(text) < 60:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"']
    return encoded_words(text, room)


def encoded_words(text: str, room: int) -> list[str]:
    """Return the text as encoded words (RFC 2047 section 4), the first no longer than ``room`` columns."""
    octets = text.encode("utf-8", "replace")
    written = sum(1 if octet in _AS_IT_IS or octet == 32 else 3 for octet in octets)
    word, size = (_q_word, _q_size) if written <= len(octets) * 4 / 3 + 4 else (_b_word, _b_size)
    limit = min(room, _LONGEST_WORD)
    if size(text) <= limit:
        return [word(text)]
    words, current = [], ""
    for letter in text:
        if current and size(current + letter) > limit:
            words.append(word(current))
            current, limit = "", _LONGEST_WORD
        current += letter
    return [*words, word(current)]


def uri_field(name: str, uris: list[str]) -> str:
    """Return a field of URIs in angle brackets (RFC 2369 section 2), folded only between them."""
    for uri in uris:
        if not (_WEB.fullmatch(uri) or _LOOPBACK.fullmatch(uri) or _MAILTO.fullmatch(uri)):
            raise BadInput(
                f"{uri[:80]!r} cannot stand in {name}",
                place=name,
                cure="use an absolute https address of at most 900 characters; http only on this machine",
            )
    return f"{name}: " + ",\r\n ".join(f"<{uri}>" for uri in uris) + "\r\n"


def id_field(name: str, unique: str) -> str:
    """Return a Message-ID field; the id is dot-atom@domain without brackets, at most 250 characters."""
    if not _ID.fullmatch(unique) or ".." in unique or unique[0] == "." or ".@" in unique:
        raise BadInput("not a message id", place=name, cure="write it like 01h2x@news.example.org")
    return f"{name}: <{unique}>\r\n"


def plain_field(name: str, value: str) -> str:
    """Return a field whose value this house made itself: ASCII, short, one line."""
    if not _PRINTABLE.fullmatch(value) or len(value) > 900:
        raise BadInput(f"{value[:80]!r} cannot stand in {name}", place=name, cure="use plain ASCII")
    return f"{name}: {value}\r\n"


def list_id_field(title: str, unique: str) -> str:
    """Return the List-Id field (RFC 2919 section 2): a phrase, encoded where it must be, and the list's identifier."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+", unique) or (
        len(unique) > 255
    ):
        raise BadInput(f"{unique[:80]!r} is not a list id", place="List-Id", cure="write it like news.example.org")
    shown = _tidy(title)[:58].strip()
    words = phrase(shown, _LINE - len("List-Id: ")) if shown else []
    return _folded("List-Id", [*words, f"<{unique}>"])


@lru_cache(maxsize=64)
def date_field(moment: datetime) -> str:
    """Return the Date field in UTC with a numeric zone (RFC 5322 section 3.3)."""
    if moment.tzinfo is None:
        raise BadInput("the date has no zone", place="Date", cure="hand over an aware datetime")
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    clock = f"{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d}"
    return f"Date: {day}, {utc.day:02d} {month} {utc.year:04d} {clock} +0000\r\n"


def _tidy(text: str) -> str:
    return " ".join(text.split()) if text.isascii() and text.isprintable() else one_line(text)


def _folded(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _q_word(text: str) -> str:
    octets = text.encode("utf-8", "replace")
    body = "".join(chr(o) if o in _AS_IT_IS else "_" if o == 32 else f"={o:02X}" for o in octets)
    return f"=?utf-8?q?{body}?="


def _q_size(text: str) -> int:
    return 12 + sum(1 if o in _AS_IT_IS or o == 32 else 3 for o in text.encode("utf-8", "replace"))


def _b_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode('utf-8', 'replace')).decode('ascii')}?="


def _b_size(text: str) -> int:
    return 12 + (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
