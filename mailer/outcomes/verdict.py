"""What the relay said → what we conclude: a table, and nothing but a table."""

import re
from dataclasses import dataclass
from typing import Literal

Stage = Literal["connect", "mail", "rcpt", "data", "end", "none"]
Kind = Literal[
    "accepted",
    "gone",
    "full",
    "later",
    "policy",
    "authentication",
    "size",
    "protocol",
    "refused",
    "uncertain",
    "unwritten",
]
STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
# Verdicts after which the same message may be tried again.
TEMPORARY = frozenset({"full", "later", "policy", "authentication", "protocol"})


@dataclass(frozen=True)
class Reply:
    """What came back at which stage; code 0 means that no well-formed reply came."""

    code: int
    text: str = ""
    stage: Stage = "end"

    def __post_init__(self) -> None:
        """Make the text fit to be kept: relays answer in any encoding, and a store takes no NUL."""
        object.__setattr__(self, "text", printable(self.text))

    @property
    def status(self) -> str:
        """Return the enhanced status code (RFC 3463), or ""."""
        found = STATUS.match(self.text)
        return found.group(0) if found else ""

    @property
    def shown(self) -> str:
        """Return code and text as one line of at most 500 characters."""
        flat = " ".join(self.text.split())
        return (f"{self.code} {flat}" if self.code else flat)[:500]


# Enhanced codes that say nothing of their own, so that the words decide.
NONE_GIVEN = r"()|5\.0\.0|5\.1\.0|5\.5\.0"
BLOCKED = "spam|block|blacklist|denied|policy|reputation|spf|dkim|dmarc|relay|banned|prohibited"
NO_ROOM = "over ?quota|quota exceeded|mailbox (is )?full|insufficient (system )?storage"

# Read from top to bottom, the first line that fits decides (RFC 3463 section 3, RFC 7372). ``code`` and
# ``status`` are patterns of the whole value; ``words`` are looked for in the text, case ignored.
RULES: tuple[tuple[Kind, str, str, str], ...] = (
    ("accepted", r"2\d\d", r".*", r""),
    # Ours to mend: logging in, and what the receiver thinks of us. Never the reader's fault.
    ("authentication", r"530|535|538|454", r".*", r"authentic|credential|login|password|tls"),
    ("authentication", r"53[0458]", r".*", r""),
    ("authentication", r"\d+", r"[45]\.7\.8", r""),
    # An international address on a way that cannot carry it (RFC 6531 section 3.4).
    ("refused", r"\d+", r"5\.6\.7", r""),
    # The mailbox is full: it may have room again tomorrow.
    ("full", r"\d+", r"[45]\.2\.2", r""),
    ("full", r"[45]\d\d", r".*", NO_ROOM),
    # The message is too large for them.
    ("size", r"5\d\d", r"5\.3\.4|5\.2\.3", r""),
    ("size", r"552", r"", r"size|too (large|big)"),
    # Nobody lives there.
    ("gone", r"5\d\d", r"5\.1\.(1|2|3|6|10)|5\.2\.1|5\.4\.4", r""),
    ("gone", r"55[013]", NONE_GIVEN, r"user (is )?unknown|unknown (user|recipient|mailbox|address)"),
    ("gone", r"55[013]", NONE_GIVEN, r"no such (user|mailbox|recipient|address|person)"),
    ("gone", r"55[013]", NONE_GIVEN, r"(does not|doesn't|doesn’t) (exist|have a)"),
    ("gone", r"55[013]", NONE_GIVEN, r"mailbox (unavailable|not found|disabled|does not exist)"),
    ("gone", r"55[013]", NONE_GIVEN, r"account (has been )?(disabled|deleted|closed|inactive)"),
    ("gone", r"55[013]", NONE_GIVEN, r"(recipient|address) (address )?(rejected: )?(unknown|not found)"),
    # They do not want this message, or us: a reason to stop and look, not to drop the reader.
    ("policy", r"5\d\d", r"5\.7\.\d+|5\.1\.8|5\.1\.7", r""),
    ("policy", r"55[0-9]", r".*", BLOCKED),
    ("policy", r"554", r".*", r""),
    # What a client must read as "try again" whatever else is said (RFC 5321 section 4.5.3.1.10).
    ("later", r"552", r".*", r"too many recipients"),
    ("full", r"552", r".*", r""),
    ("protocol", r"50[0-4]|555", r".*", r""),
    ("later", r"4\d\d", r".*", r""),
    ("refused", r"5\d\d", r".*", r""),
)  # fmt: skip
_COMPILED = tuple(
    (kind, re.compile(code), re.compile(status), re.compile(words, re.IGNORECASE))
    for kind, code, status, words in RULES
)


def printable(text: str) -> str:
    """Return text of a stranger with everything replaced that cannot be shown or stored."""
    whole = text.encode("utf-8", "surrogateescape" if not _has_lone(text) else "replace").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in whole)


def _has_lone(text: str) -> bool:
    """Say whether there are surrogates that no undecodable byte stands behind."""
    return any("\ud800" <= letter <= "\udfff" and not "\udc80" <= letter <= "\udcff" for letter in text)


def judge(reply: Reply) -> Kind:
    """Return the verdict of a reply to one message.

    No well-formed reply after the message was written is ``uncertain``; before that it is ``later``,
    because nothing was handed over. An unknown class of reply is temporary (RFC 5321 section 4.2.1).
    """
    if reply.code == 0:
        return "uncertain" if reply.stage == "end" else "later"
    if reply.stage == "end" and reply.code // 100 not in (2, 4, 5):
        # Neither yes nor no: the message is written, and whoever answers like this may have kept it.
        return "uncertain"
    if reply.code // 100 == 2 and reply.stage != "end":
        # A yes where none was due: the dialogue is out of step, and nothing was handed over.
        return "later"
    code, status = str(reply.code), reply.status
    for kind, code_fits, status_fits, words in _COMPILED:
        if code_fits.fullmatch(code) and status_fits.fullmatch(status) and words.search(reply.text):
            return _unless_greeting(kind, reply)
    return "later"


def _unless_greeting(kind: Kind, reply: Reply) -> Kind:
    """Nothing said before RCPT is about the reader: it can only be about us or the message (RFC 5321 3.8)."""
    if reply.stage in ("connect", "mail") and kind in ("gone", "refused", "full"):
        return "policy" if kind == "refused" else "later"
    return kind
