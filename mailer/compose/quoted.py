"""Quoted-printable (RFC 2045 section 6.7) as this house writes it: no line begins with a dot."""

import re

# One column less than allowed, so that the soft break always fits.
WIDTH = 75
SOFT_BREAK = "=\r\n"

# A value that may stand on its own soft-broken line as it is.
_PLAIN = re.compile(r"(?!\.|From )[ -<>-~]{1,75}")
# The second to fourth octets of a letter in UTF-8 are 80 to BF.
_CONTINUED = ("=8", "=9", "=A", "=B")


class _Written(dict[int, str]):
    """How each letter is written, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        octets = chr(code).encode("utf-8", "replace")
        self[code] = written = "".join(f"={octet:02X}" for octet in octets)
        return written


_WRITTEN = _Written({code: chr(code) for code in (9, *range(32, 61), *range(62, 127))})


def chunk(text: str) -> str:
    """Return the wire form of a piece of text that ends at column 0, softly broken if need be."""
    lines = text.split("\n")
    last = lines.pop()
    wire = "".join(_hard(line) + "\r\n" for line in lines)
    return wire + (_broken(last.translate(_WRITTEN)) + SOFT_BREAK if last else "")


def value_chunk(value: str) -> bytes:
    """Return ``chunk`` of a value that is nearly always short and plain."""
    if _PLAIN.fullmatch(value):
        return value.encode("ascii") + b"=\r\n"
    return chunk(value).encode("ascii")


def _hard(line: str) -> str:
    """Return a line before a hard break, where a trailing blank would be lost on the way."""
    written = line.translate(_WRITTEN)
    if line.endswith((" ", "\t")):
        written = f"{written[:-1]}={ord(line[-1]):02X}"
    return _broken(written)


def _broken(written: str) -> str:
    """Return a written line as lines of the wire, parted between letters."""
    lines = []
    start, end = 0, len(written)
    while True:
        # A dot would be stuffed in DATA but not in BDAT; "From " is changed by some mailbox writers.
        odd = written.startswith((".", "From "), start)
        stop = start + WIDTH - 2 * odd
        if stop < end:
            stop = _between_letters(written, stop)
        piece = written[start:stop]
        lines.append(f"={ord(piece[0]):02X}{piece[1:]}" if odd else piece)
        if stop >= end:
            return SOFT_BREAK.join(lines)
        start = stop


def _between_letters(written: str, stop: int) -> int:
    """Return the last place at or before ``stop`` where no letter's octets are parted."""
    if written[stop - 1] == "=":
        stop -= 1
    elif written[stop - 2] == "=":
        stop -= 2
    while written.startswith(_CONTINUED, stop):
        stop -= 3
    return stop
