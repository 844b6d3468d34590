"""What one message says to a relay before its bytes: the commands, and what the relay cannot take."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailer.outcomes.verdict import Reply

# Blanks, controls and brackets would end a path (RFC 5321 section 4.1.2).
_PATH = re.compile(r"[^\x00-\x20<>\x7f]+")


@dataclass(slots=True)
class Parcel:
    """What goes to the relay for one row: envelope and bytes (RFC 5321 section 2.3.1).

    The message is whole CRLF lines of which none begins with a dot, so DATA and BDAT carry the same bytes.
    ``envid`` is what a bounce calls it (RFC 3461 section 4.4), letters and digits, or "".
    """

    mail_from: str
    rcpt_to: str
    message: bytes
    envid: str = ""


def is_wide(offered: Mapping[str, str]) -> bool:
    """Say whether a server that offered this carries addresses with any letters (RFC 6531 section 3.2)."""
    return {"smtputf8", "8bitmime"} <= offered.keys()


class Envelopes:
    """Writes envelopes for a server by what it offered: keyword → parameters, in small letters."""

    def __init__(self, offered: Mapping[str, str]) -> None:
        limit = offered.get("size", "").strip()
        self._limit = int(limit) if limit.isdigit() else 0
        self._sizes, self._bounces = "size" in offered, "dsn" in offered
        self._is_wide = is_wide(offered)

    def mail(self, parcel: Parcel) -> bytes:
        """Return MAIL with the parameters that help (RFC 1870, 6531, 3461)."""
        size = f" SIZE={len(parcel.message)}" if self._sizes else ""
        wide = "" if parcel.rcpt_to.isascii() else " SMTPUTF8 BODY=8BITMIME"
        bounce = f" RET=HDRS ENVID={parcel.envid}" if self._bounces and parcel.envid else ""
        return f"MAIL FROM:<{parcel.mail_from}>{size}{wide}{bounce}\r\n".encode()

    def rcpt(self, parcel: Parcel) -> bytes:
        """Return RCPT; a server that tells of bounces tells of failures only."""
        return f"RCPT TO:<{parcel.rcpt_to}>{' NOTIFY=FAILURE' if self._bounces else ''}\r\n".encode()

    def impossible(self, parcel: Parcel) -> Reply | None:
        """Return a refusal of our own where the server has said that it cannot take this (RFC 1870, 6531)."""
        if 0 < self._limit < len(parcel.message):
            what = f"5.3.4 the message has {len(parcel.message)} bytes, the relay takes {self._limit}"
            return Reply(552, what, "mail")
        if not parcel.rcpt_to.isascii() and not self._is_wide:
            return Reply(550, "5.6.7 the relay cannot carry addresses with letters beyond ASCII", "rcpt")
        if not (_PATH.fullmatch(parcel.rcpt_to) and _PATH.fullmatch(parcel.mail_from)):
            return Reply(553, "5.1.3 this address cannot be written into a command", "rcpt")
        return None
