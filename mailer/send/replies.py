"""Bytes from a relay become replies (RFC 5321 section 4.2); what is none is refused at once."""

from collections.abc import Iterator
from dataclasses import dataclass

# A reply may have 512 octets a line (RFC 5321 section 4.5.3.1.5); this is generous, and still bounds memory.
LONGEST = 16 * 1024


_CODES = {b"%d" % code: code for code in range(200, 600)}
_SIGNS = frozenset((b" ", b"-", b""))


class OutOfStep(Exception):
    """What came is not a reply that was due: from here on nothing on this connection can be trusted."""


@dataclass(slots=True)
class Said:
    """One whole reply: its code, 200 to 599, and its text, lines joined by a blank."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        """Return the text; undecodable bytes become what cannot be mistaken for letters."""
        return self.raw.decode("utf-8", "surrogateescape")


class ReplyReader:
    """Puts replies together from whatever pieces they arrive in."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Said]:
        """Yield the replies that are complete now, in order; OutOfStep at the first thing that is no reply."""
        buffer, start = self._rest + data, 0
        while (end := buffer.find(b"\n", start)) >= 0:
            said = self._line(buffer[start:end])
            start = end + 1
            if said is not None:
                yield said
        self._rest = buffer[start:]
        if len(self._rest) + self._size > LONGEST:
            raise OutOfStep("a reply without end")

    @property
    def is_waiting(self) -> bool:
        """Say whether a part of a reply is here already."""
        return bool(self._rest or self._lines)

    def _line(self, line: bytes) -> Said | None:
        line = line.rstrip(b"\r")
        code, sign = _CODES.get(line[:3], 0), line[3:4]
        if not code or sign not in _SIGNS:
            raise OutOfStep(f"this is no reply: {_shown(line)}")
        if self._lines and code != self._code:
            raise OutOfStep(f"a reply of two codes, {self._code} and {code}")
        if sign != b"-" and not self._lines:
            return Said(code, line[4:].strip())
        self._code = code
        self._lines.append(line[4:].strip())
        self._size += len(line)
        if self._size > LONGEST:
            raise OutOfStep("a reply without end")
        if sign == b"-":
            return None
        whole = Said(code, b" ".join(self._lines))
        self._lines, self._size = [], 0
        return whole


def _shown(line: bytes) -> str:
    return repr(line[:60])[2:-1]
