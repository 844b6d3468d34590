"""Before anything is measured: what arrives is looked at, message by message."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from statistics import mean

from mailer.cli.bench import ours, yardsticks
from mailer.cli.bench.house import BASE_URL, House, Relay, address_of, city_of, name_of
from mailer.cli.bench.ours import Job
from mailer.cli.bench.sink import BORDER, Sink, sink
from mailer.errors import Refused

ONE_CLICK = "List-Unsubscribe=One-Click"
CONNECTIONS = 4
Server = Callable[[], AbstractContextManager[tuple[Sink, int]]]
# What smtp-source adds to the payload it is told to send.
PROBE_PAYLOAD = 1000


@dataclass(frozen=True)
class Arrived:
    """One message as the sink wrote it down: its recipient, its text, its bytes on the wire."""

    rcpt: str
    text: str
    size: int


@contextmanager
def _keeping() -> Iterator[tuple[Sink, int]]:
    with sink(dumping=True) as taken:
        yield taken, taken.port


def prove(house: House, job: Job, server: Server = _keeping) -> int:
    """Send to a list and look at everything that arrives; return the mean size of a message in bytes.

    Refused unless every reader got exactly one message, with their own name, city and links.
    """
    with server() as (taken, port):
        ours.send(house, job, taken, Relay(port, CONNECTIONS))
        found = list(arrived(taken.dump))
    examine(found, house.sizes[job.mlist])
    return round(mean(message.size for message in found))


def examine(found: Sequence[Arrived], readers: int) -> None:
    """Raise Refused unless each of so many readers got one message that is their own."""
    numbers = {address_of(number): number for number in range(readers)}
    times = Counter(message.rcpt for message in found)
    _must(times == dict.fromkeys(numbers, 1), "every reader got one message")
    links, ids = set(), set()
    for message in found:
        letter = message_from_string(message.text, policy=policy.default)
        links.add(_look_into(letter, numbers[message.rcpt]))
        ids.add(letter["Message-ID"])
    _must(len(links) == len(ids) == len(found), "every message has its own link and Message-ID")


def payload_for(size: int) -> int:
    """Return the payload smtp-source must be given so that its messages have ``size`` bytes too."""
    with sink(dumping=True) as taken:
        yardsticks.smtp_source(taken, taken.port, 1, 1, PROBE_PAYLOAD)
        message = next(arrived(taken.dump))
    return max(1, size - (message.size - PROBE_PAYLOAD))


def arrived(dump: Path) -> Iterator[Arrived]:
    """Yield the messages of a dump, without the lines the sink put before them."""
    for part in dump.read_text(encoding="utf-8").split(f"{BORDER}\n")[1:]:
        envelope, _, rest = part.partition("\nReceived: ")
        rcpt = next(line for line in envelope.splitlines() if line.startswith("X-Rcpt-Args: "))
        lines = rest.split("\n")[1:]
        while lines and lines[0][:1] in (" ", "\t"):
            del lines[0]
        # The sink ends a message with an empty line of its own.
        text = "\n".join(lines[:-1])
        yield Arrived(rcpt[rcpt.index("<") + 1 : rcpt.index(">")], text, len(text.encode()) + text.count("\n"))


def _look_into(letter: EmailMessage, number: int) -> str:
    """Look for everything personal in one message; return its unsubscribe link."""
    link = str(letter["List-Unsubscribe"]).strip("<>")
    _must(link.startswith(f"{BASE_URL}/u/"), "every message has an unsubscribe link")
    _must(letter["List-Unsubscribe-Post"] == ONE_CLICK, "one click leads out of every message")
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        text = body.get_content() if body else ""
        personal = (f"Dear {name_of(number)} in {city_of(number)},", link, f"{BASE_URL}/m/")
        _must(all(part in text for part in personal), f"the {kind} part is the reader's own")
    return link


def _must(true: bool, what: str) -> None:
    if not true:
        raise Refused(f"expected, and not so: {what}", place="bench")
