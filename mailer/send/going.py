"""How a mailing goes at this moment, in words: how fast, how much longer, how each relay is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer import clock
from mailer.outcomes.account import Account
from mailer.send import watch
from mailer.send.retry import WORDS

# Reasons shown beside one figure; every other has its people behind the figure.
REASONS = 6
KNOWN = frozenset(WORDS.values())


@dataclass(frozen=True)
class RelayLine:
    """One relay as the page shows it."""

    name: str
    a_minute: int
    is_well: bool
    how: str
    reply: str


def pace(mailing: Any, found: Account, now: watch.Live, sharing: int) -> str:
    """Say how fast it goes and how long it takes, once there is enough to say it by."""
    if mailing.state != "sending" or mailing.started_at is None:
        return ""
    seconds = (clock.now() - mailing.started_at).total_seconds() - mailing.paused_seconds
    carried = found.accepted + found.refused
    if seconds < 5 or carried < 20:
        return ""
    # Mailings share fairly what goes out now; where no process says so, what it was so far.
    rate = now.rate / max(sharing, 1) if now.relays else carried / seconds
    if rate <= 0:
        return ""
    words = f"{rate * 60:,.0f} a minute"
    left = found.queued + found.begun
    if left <= 0 or mailing.frozen_at is None:
        return words
    return f"{words}, about {spell(left / rate)} left"


def relays(now: watch.Live) -> list[RelayLine]:
    """Return a line for each relay."""
    return [_line(view) for view in now.relays]


def reasons(found: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent reasons with their numbers: replies that say the same in other words are one."""
    grouped: Counter[str] = Counter()
    for why, number in found.items():
        head = why.partition(": ")[0]
        grouped[head if head in KNOWN else why] += number
    shown = dict(grouped.most_common(REASONS))
    rest = grouped.total() - sum(shown.values())
    return {**shown, "for other reasons": rest} if rest else shown


def when(moment: datetime | None) -> str:
    """Say how long it is until then: "now" if it is already past, or was never told."""
    seconds = (moment - clock.now()).total_seconds() if moment else 0
    return f"in {spell(seconds)}" if seconds >= 1 else "now"


def spell(seconds: float) -> str:
    """Return a stretch of time in words."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {word}s"
    return f"{int(seconds)} second{'' if int(seconds) == 1 else 's'}"


def _line(view: watch.RelayView) -> RelayLine:
    parts = [_many(view.connections, "connection"), f"{view.in_flight:,} on the wire"]
    if view.unwell_since:
        for_how_long = spell((clock.now() - view.unwell_since).total_seconds())
        parts = [f"has taken nothing for {for_how_long}; it is tried again {when(view.rests_until)}"]
    if view.slowed:
        parts.append(f"slower for {', '.join(view.slowed)}, as they ask")
    a_minute = round(view.rate * 60)
    return RelayLine(view.name, a_minute, not view.unwell_since, ", ".join(parts), view.why)


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
