"""How much may be written to a relay before its answers are read, and how we notice that it was too much."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.send.replies import OutOfStep, Said

# A command; the commands of one message (RFC 2920); the end of a message and the commands of the next;
# several messages (RFC 3030).
PLAIN, WITHIN, ACROSS, CHUNKED = range(4)


@dataclass
class Manners:
    """What a relay was found to bear, remembered for all connections to it while this process lives."""

    most: int = CHUNKED

    def level(self, offered: Mapping[str, str]) -> int:
        """Return how to speak to a server that offered this."""
        best = CHUNKED if "chunking" in offered else ACROSS
        return min(best if "pipelining" in offered else PLAIN, self.most)

    def stumbled(self, level: int) -> None:
        """Ask less of it from now on."""
        self.most = min(self.most, WITHIN if level > WITHIN else PLAIN)


@dataclass
class Wording:
    """How a server says yes to MAIL, to RCPT and to a message, learned from the first message.

    With several messages on the way a reply too many would be taken for another message's. Where the three
    are worded differently, as nearly all servers do, that is noticed at the next reply.
    """

    known: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_clear(self) -> bool:
        """Say whether the three are known and differ."""
        return len(set(self.known.values())) == 3

    def check(self, step: str, said: Said) -> None:
        """Learn this yes, or compare it: OutOfStep if it is worded as the answer to something else."""
        words = said.raw.split(None, 2)
        # The enhanced code; else the first word, with the next where that names something (Exim: "OK id=…").
        sign = words[0] if words else b""
        if sign[:2] != b"2." and len(words) > 1 and b"=" in words[1]:
            sign += words[1].partition(b"=")[0]
        own = self.known.setdefault(step, sign)
        if sign != own and sign in self.known.values():
            raise OutOfStep(f"{said.code} {said.text[:60]!r} in answer to {step.upper()}")
