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
# Where an enhanced status code stands: at the beginning (RFC 2034), or behind a # as qmail and IronPort write it.
STATUS = re.compile(r"(?:^\s*|#)([245]\.\d{1,3}\.\d{1,3})(?![.\d])")
# Verdicts after which the same message may be tried again.
TEMPORARY = frozenset({"full", "later", "policy", "authentication", "protocol"})


@dataclass(slots=True)
class Reply:
    """What came back at which stage; code 0 means that no well-formed reply came."""

    code: int
    text: str = ""
    stage: Stage = "end"

    def __post_init__(self) -> None:
        """Make the text fit to be kept: relays answer in any encoding, and a store takes no NUL."""
        self.text = printable(self.text)

    @property
    def status(self) -> str:
        """Return the enhanced status code (RFC 3463), or ""."""
        found = STATUS.search(self.text)
        return found.group(1) if found else ""

    @property
    def shown(self) -> str:
        """Return code and text as one line of at most 500 characters."""
        flat = " ".join(self.text.split())
        return (f"{self.code} {flat}" if self.code else flat)[:500]


# Enhanced codes that say nothing of their own, so that the words decide.
UNSAID = r"()|5\.0\.0|5\.1\.0|5\.2\.0|5\.3\.0|5\.5\.0"
# Words that leave no doubt, also behind a code that says something else (Yandex has "5.7.1 No such user!").
NOBODY = (
    r"no such (user|mailbox|recipient|address|person|account)|(user|recipient|addressee|mailbox) (is )?unknown"
    r"|unknown (user|recipient|mailbox|address|local ?part)|(user|recipient|mailbox) (was |is )?not found"
    r"|(user|account|mail ?box|recipient|address) (does not|doesn['’]t) exist|no (mailbox|account) (here )?by that name"
    r"|(does not|doesn['’]t) have an? \S+ account|invalid (recipient|mailbox)\b|not our customer"
    r"|destinataire (inconnu|invalide)|empf(ä|ae)nger unbekannt|benutzer unbekannt|destinatario sconosciuto"
)
CLOSED = (
    r"(account|mailbox|user|recipient)\b.{0,50}\b(is|has been|was) (disabled|deactivated|deleted|closed|terminated)"
    r"|(account|mailbox|user) disabled"
)
NO_DOMAIN = (
    r"(domain|host)( or domain)?( name)? (is )?(unknown|not found)|(nonexistent|unknown) domain"
    r"|domain does(n't| not) exist|unrouteable address|does(n't| not) accept mail"
)
# Words that speak of us, whatever the code says of the reader.
OURS = (
    r"sender (address )?(rejected|denied|refused|unknown|is not|not )|sender verif|from address|send(ing)? (as|from)\b"
    r"|not owned by|sending for this|invalid dns|\b(helo|ehlo)\b|client host"
    r"|your (account|ip|server|host|network|domain)\b"
)
BLOCKED = (
    r"black ?-?list|block ?-?list|\bblocked\b|\brbl\b|dnsbl|spamhaus|spamcop|reputation|\bspam\b|spammer|\bbanned\b"
    r"|\bspf\b|\bdkim\b|\bdmarc\b|unsolicited"
)
UNWANTED = (
    r"spam|block|denied|policy|policies|relay|prohibit|not allowed|not permitted|not authori[sz]ed|will not accept"
    r"|not verified|verified sender|unconfigured|complain|frequency limit|rate limit|reverse dns|\bptr\b|virus"
    r"|invalid recipients"
)
NO_ROOM = (
    r"over ?quota|quota exceeded|exceeds? quota|mailbox\b.{0,30}\bfull\b|exceeded storage|storage (is )?full"
    r"|out of storage|not enough (storage )?space|blocks limit exceeded|mailbox size limit"
)
TOO_LARGE = r"message size|size limit|message (is )?too (large|big|long)|exceed\w*.{0,40}\bsize|\bsize\b.{0,30}exceed"
BUSY = r"try (again )?later|temporar(y|ily)|too quickly|at a rate that|system full"
OUR_LIMIT = r"throttl|sending (rate|limit|quota)|(daily|hourly)\b.{0,40}(limit|quota)|relay limit"
NO_LOGIN = r"authentic|credential|log ?in|password|\btls\b|starttls"

# Read from top to bottom, the first line that fits decides (RFC 3463 section 3, RFC 5248, RFC 7372). ``stage``,
# ``code`` and ``status`` are patterns of the whole value; ``words`` are looked for in the text, case ignored.
# What suppresses a reader stands behind everything that could make it doubtful.
RULES: tuple[tuple[Kind, str, str, str, str], ...] = (
    # Whatever says "try again" is believed (RFC 5321 section 4.2.1), but for a login we have to mend ourselves.
    ("authentication", r".*", r"4\d\d", r".*", r"maximum credits exceeded|starttls is required"),
    ("authentication", r".*", r"454|432", r".*", NO_LOGIN),
    ("authentication", r".*", r"4\d\d", r"4\.7\.8", r""),
    ("later", r".*", r"4\d\d", r".*", OUR_LIMIT),
    ("full", r"rcpt|data|end", r"4\d\d", r"4\.2\.2", r""),
    ("full", r"rcpt|data|end", r"4\d\d", r"(?!4\.3).*", NO_ROOM),
    ("later", r".*", r"4\d\d", r".*", r""),
    # What a client must read as "try again" whatever else is said (RFC 5321 section 4.5.3.1.10).
    ("later", r".*", r"55\d", r".*", r"too many recipients"),
    # The message is too large for them (RFC 1870), also where a gateway calls that a policy. The mailbox is full:
    # it may have room again tomorrow. A quota of our own is another thing.
    ("size", r".*", r"5\d\d", r"5\.3\.4|5\.2\.3", r""),
    ("policy", r".*", r"5\d\d", r".*", OUR_LIMIT),
    ("full", r"rcpt|data|end", r"5\d\d", r"5\.2\.2", r""),
    ("full", r"rcpt|data|end", r"5\d\d", r".*", NO_ROOM),
    ("size", r".*", r"5\d\d", r".*", TOO_LARGE),
    # Logging in (RFC 4954 section 6): nothing more goes through this relay until somebody mends it.
    ("authentication", r".*", r"53[0458]", r".*", r""),
    ("authentication", r".*", r"5\d\d", r"5\.7\.8", r""),
    ("authentication", r".*", r"503", r".*", r"\bauth\b|authenticat"),
    ("authentication", r".*", r"55\d", r"()|5\.7\.\d+", r"invalid credentials|not authorized to perform"),
    ("authentication", r"connect|mail", r"5\d\d", r".*", r"authentication (is )?required|not authenticated"),
    # An international address on a way that cannot carry it (RFC 6531 section 3.4).
    ("refused", r".*", r"5\d\d", r"5\.6\.7", r""),
    # Nothing else said before RCPT can be about the reader (RFC 5321 section 3.3).
    ("protocol", r"connect|mail", r"50[0-4]|555", r"()|5\.[05]\.\d+", r""),
    ("policy", r"connect|mail", r"5\d\d", r".*", r""),
    # The reader themselves, or the rules of their group, keep this one letter out; nobody is at fault.
    ("refused", r".*", r"5\d\d", r".*", r"(blocked|rejected|denied|refused|blacklisted) by (the )?(recipient|user)\b"),
    ("refused", r".*", r"5\d\d", r"5\.7\.\d+", r"resolver\.rst"),
    # They do not want this message, or us: a reason to stop and look, not to drop the reader.
    ("policy", r".*", r"5\d\d", r".*", OURS),
    ("policy", r".*", r"5\d\d", r".*", BLOCKED),
    ("policy", r".*", r"5\d\d", r"5\.1\.[78]|5\.1\.90|5\.4\.5", r""),
    # For good, it says, and then that it is not.
    ("later", r".*", r"5\d\d", r"4\.\d+\.\d+|5\.3\.[12]", r""),
    ("later", r".*", r"5\d\d", r".*", BUSY),
    # Nobody lives there. Exchange says "access denied" and iCloud "inactive" also of readers who come back.
    ("refused", r".*", r"5\d\d", r"5\.[14]\.\d+", r"access denied|user reject|inactive email address"),
    ("gone", r".*", r"5\d\d", r"5\.1\.(1|2|3|6|10)", r""),
    ("gone", r".*", r"5\d\d", rf"{UNSAID}|5\.2\.1|5\.7\.1", rf"{NOBODY}|{CLOSED}"),
    ("gone", r".*", r"5\d\d", r"5\.2\.1", r"disabled|inactive|deactivated|closed|expired|no longer"),
    ("gone", r".*", r"5\d\d", r"5\.4\.(4|310)", r""),
    ("gone", r".*", r"55\d|521", rf"{UNSAID}|5\.4\.\d+", NO_DOMAIN),
    ("gone", r".*", r"550", r"()|5\.5\.0|5\.2\.0", r"mailbox unavailable"),
    # Other ways of saying that it is about us or the message.
    ("refused", r".*", r"5\d\d", r"5\.4\.\d+", r""),
    ("policy", r".*", r"5\d\d", r"5\.[67]\.\d+", r""),
    ("policy", r".*", r"5\d\d", r".*", UNWANTED),
    ("policy", r".*", r"541|554|57\d", r"(?!5\.[12]).*", r""),
    ("full", r".*", r"552", r"()|5\.0\.0", r""),
    ("protocol", r".*", r"50[0-4]|555", r".*", r""),
    ("protocol", r".*", r"5\d\d", r"5\.5\.[1-6]", r""),
    # Refused after the whole text was read, in words we do not know: most likely it is the text.
    ("policy", r"data|end", r"5\d\d", UNSAID, r""),
    ("refused", r".*", r"5\d\d", r".*", r""),
    # A class of reply that is none is temporary.
    ("later", r".*", r"\d+", r".*", r""),
)  # fmt: skip
_COMPILED = tuple(
    (kind, [re.compile(each) for each in (stage, code, status)], re.compile(words, re.IGNORECASE))
    for kind, stage, code, status, words in RULES
)
# Addresses are no words: spam@example.org may be a reader's.
_ADDRESSES = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]*\w")
LONGEST = 1000
# What is concluded → what follows from it.
FOLLOWS: dict[Kind, str] = {
    "accepted": "the delivery is done",
    "gone": "refused for good, and the address is suppressed: no list writes there again",
    "full": "tried again until the deadline",
    "later": "tried again until the deadline",
    "policy": "tried again until the deadline; nobody is suppressed, and when it comes often the mailing is paused",
    "authentication": "tried again until the deadline; nobody is suppressed, and the relay has to be mended",
    "size": "refused for good; the address stays",
    "protocol": "tried again until the deadline",
    "refused": "refused for good; the address stays, because nothing sure was said of it",
    "uncertain": "possibly arrived: tried once more, or left to a person, as configured",
    "unwritten": "nothing was written: it goes back into the queue",
}


def printable(text: str) -> str:
    """Return text of a stranger with everything replaced that cannot be shown or stored."""
    if text.isprintable():
        return text
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
    if reply.code // 100 == 2:
        # A yes where none was due: the dialogue is out of step, and nothing was handed over.
        return "accepted" if reply.stage == "end" else "later"
    asked = (reply.stage, str(reply.code), reply.status)
    said = _ADDRESSES.sub(" ", reply.text[:LONGEST])
    for kind, patterns, words in _COMPILED:
        fits = all(pattern.fullmatch(value) for pattern, value in zip(patterns, asked, strict=True))
        if fits and words.search(said):
            return kind
    return "later"
