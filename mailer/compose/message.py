"""One program and one delivery become the bytes of one message; the same delivery always the same bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.address import parse
from mailer.compose import headers
from mailer.compose.fit import tidy
from mailer.compose.late import Frame, key
from mailer.compose.run import perform
from mailer.compose.wire import DATE, ID, SUBJECT, TO, UNSUBSCRIBE, Program

_ADDRESS, _NAME = key("reader", "address"), key("reader", "name")


@dataclass(slots=True)
class Letter:
    """What one delivery adds to an edition; ``values`` are the reader's fields it was frozen with.

    ``message_id`` has no angle brackets, ``date`` is aware and stays the same on every retry,
    ``unsubscribe_url`` is https and answers one-click requests (RFC 8058); a notice has neither it nor
    ``unsubscribe_mailto``, a mailto URI.
    """

    address: str
    name: str
    values: Mapping[str, str]
    links: Mapping[str, str]
    message_id: str
    date: datetime
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""
    smtputf8: bool = False


def build(program: Program, letter: Letter) -> bytes:
    """Return the whole message: CRLF, 7-bit (unless SMTPUTF8), no line beginning with a dot (RFC 5322).

    BadInput if the address needs SMTPUTF8 and the letter does not allow it, or a value of the letter is not
    what its header field takes.
    """
    frame = program.frame(letter.values, letter.links)
    if _ADDRESS in frame:
        frame[_ADDRESS] = tidy(letter.address)
    if _NAME in frame:
        frame[_NAME] = tidy(letter.name) or frame[_NAME]
    head = "".join(
        [item if (make := _MAKERS.get(item)) is None else make(program, letter, frame) for item in program.head]
    )
    return head.encode("utf-8") + perform(program.body_steps, frame)


def _to(_program: Program, letter: Letter, _frame: Frame) -> str:
    address = letter.address if letter.address.isascii() else parse(letter.address, place="To").spelled
    return headers.mailbox_field("To", letter.name, address, smtputf8=letter.smtputf8)


def _subject(program: Program, _letter: Letter, frame: Frame) -> str:
    return program.subject_field or headers.text_field("Subject", program.subject(frame))


def _date(_program: Program, letter: Letter, _frame: Frame) -> str:
    return headers.date_field(letter.date)


def _id(_program: Program, letter: Letter, _frame: Frame) -> str:
    return headers.id_field("Message-ID", letter.message_id)


def _unsubscribe(_program: Program, letter: Letter, _frame: Frame) -> str:
    if not letter.unsubscribe_url:
        return ""
    uris = [letter.unsubscribe_url, *([letter.unsubscribe_mailto] if letter.unsubscribe_mailto else [])]
    # RFC 8058 section 3.1: the second field only together with the first.
    return headers.uri_field("List-Unsubscribe", uris) + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


_MAKERS: dict[str, Callable[[Program, Letter, Frame], str]] = {
    TO: _to,
    SUBJECT: _subject,
    DATE: _date,
    ID: _id,
    UNSUBSCRIBE: _unsubscribe,
}
