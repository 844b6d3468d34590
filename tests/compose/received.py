"""Messages as a strict receiver sees them, and what a spiteful sender would try to put into them."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

from hypothesis import strategies as st

hostile = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "x\r\nBcc: spy@evil.example",
            "x\r\n\r\n<b>body</b>",
            "\r\n.\r\nMAIL FROM:<spy@evil.example>\r\n",
            '"<spy@evil.example>, ',
            "--=_0\r\nContent-Type: text/html\r\n\r\n<script>",
            "=_",
            "=0D=0A.=0D=0A",
            "</p><script>alert(1)</script>",
            "{{ reader.name }}{% include 'x' %}",
            "=?utf-8?q?=0D=0ABcc:_spy@evil.example?=",
            ".",
            "From spy",
            "\x00\x1b[2J\x85",
            "é" * 90,
            "MlrN0Q",
        ]
    ),
)


def received(wire: bytes) -> EmailMessage:
    """Hold a message to the rules of the wire and return it parsed."""
    assert wire.isascii()
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")
    assert b"\0" not in wire
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = wire.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert wire.endswith(b"\r\n")
    message = cast("EmailMessage", message_from_bytes(wire, policy=default))
    for part in message.walk():
        assert not part.defects
        assert not [defect for value in part.values() for defect in value.defects]
    assert len(head.split(b"\r\n")) >= len(message.keys())
    return message


def text_of(message: EmailMessage, kind: str) -> str:
    """Return what a mail client shows of a part."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def pieces() -> Iterator[str]:
    """Yield statement texts that are hard to carry."""
    yield ".\n..\n.\r\nQUIT\r\n"
    yield "From here\nFrom there\n" * 40
    yield "x" * 5000
    yield "ends in blanks   \n\t\n"
    yield "é" * 1000 + "\n" + "😀" * 300
    yield "".join(map(chr, range(1, 0x250)))
    yield "--=_0123456789abcdef\r\nContent-Type: text/html\r\n\r\n"
    yield "https://water.example/" + "a" * 5000
