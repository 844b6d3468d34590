"""How fast a relay may send to one receiving domain: slowed by that domain's own answers, capped by configuration."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from mailer.outcomes.verdict import Reply
from mailer.send.purse import Purse

# After this long without another such answer a domain is at its full rate again.
RECOVERY_SECONDS = 900.0
# Answers that come together are one: what is on the way was written at the old rate.
ONE_ANSWER_SECONDS = 2.0
SLOWEST = 0.1
# The route of all small domains together is slowed when so many of them ask for it within so many seconds.
REST, SMALL_DOMAINS, TOGETHER_SECONDS = "rest", 3, 60.0
COUNT_SECONDS, LONG_SECONDS = 1.0, 3.0
# The rate, in messages a second, of a route that has hardly begun.
AT_FIRST = 20.0
THROTTLED = re.compile(
    r"throttl|slow down|rate ?limit|too (many|fast|quick)|exceed\w*.{0,40}\b(rate|limit|quota)"
    r"|unusual rate|at a rate|(connection|message|sending) (rate|limit)|deferred due to|temporarily deferred",
    re.IGNORECASE,
)
GREYLISTED = re.compile(r"gr[ea]y-?list", re.IGNORECASE)


def is_throttling(reply: Reply) -> bool:
    """Say whether a reply asks for less: 421, 450, 451 or 452 with 4.7.x, or with words that say so."""
    if reply.code not in (421, 450, 451, 452) or GREYLISTED.search(reply.text):
        return False
    return reply.status.startswith("4.7.") or bool(THROTTLED.search(reply.text[:1000]))


@dataclass
class Slow:
    """A route that was asked to go slower: its rate, and the one it goes back to in a straight line."""

    rate: float
    full: float
    since: float
    saved: float = 0.0
    counted_at: float = 0.0

    def allowed(self, now: float) -> float:
        """Return how many messages a second may go."""
        return self.rate + (self.full - self.rate) * min(max(now - self.since, 0) / RECOVERY_SECONDS, 1)

    def is_over(self, now: float) -> bool:
        """Say whether it is at its full rate again."""
        return now - self.since >= RECOVERY_SECONDS

    def fill(self, now: float) -> float:
        """Count what was saved up since the last time, a second's worth at most; return it."""
        rate = self.allowed(now)
        self.saved = min(self.saved + rate * max(now - self.counted_at, 0), max(rate, 1.0))
        self.counted_at = now
        return self.saved


@dataclass
class Seen:
    """How many messages of a route were concluded lately."""

    since: float
    count: int = 0
    rate: float = 0.0


class Pace:
    """The routes of one relay; used by the event loop and by the threads of the lanes."""

    def __init__(self, caps: Mapping[str, Purse | None]) -> None:
        self._caps = {route: purse for route, purse in caps.items() if purse}
        self._slow: dict[str, Slow] = {}
        self._seen: dict[str, Seen] = {}
        self._small: dict[str, float] = {}
        self._lock = threading.Lock()

    def concluded(self, route: str, domain: str, reply: Reply, now: float | None = None) -> None:
        """Learn from an answer to a message to ``domain``."""
        now = time.monotonic() if now is None else now
        with self._lock:
            self._count(route, now)
            if reply.code // 100 == 4 and is_throttling(reply) and (route != REST or self._many_ask(domain, now)):
                self._halve(route, now)

    def limited(self) -> set[str]:
        """Return the routes that may not go as fast as they like."""
        now = time.monotonic()
        with self._lock:
            for route in [route for route, slow in self._slow.items() if slow.is_over(now)]:
                del self._slow[route]
            return {*self._slow, *self._caps}

    def allowed(self, route: str, now: float | None = None) -> float | None:
        """Return how many messages a second may go by what the domain answered; None for any number."""
        now = time.monotonic() if now is None else now
        slow = self._slow.get(route)
        return slow.allowed(now) if slow and not slow.is_over(now) else None

    def may_go(self, route: str, now: float | None = None) -> bool:
        """Say whether a message of this route may go about now."""
        now = time.monotonic() if now is None else now
        with self._lock:
            slow, cap = self._slow.get(route), self._caps.get(route)
            if slow and not slow.is_over(now) and slow.fill(now) < 1:
                return False
            return cap is None or not cap.is_dry

    def take(self, route: str, now: float | None = None) -> bool:
        """Take the place of one message; False if it has to wait."""
        if not self._slow and not self._caps:
            return True
        now = time.monotonic() if now is None else now
        with self._lock:
            slow, cap = self._slow.get(route), self._caps.get(route)
            if slow and not slow.is_over(now) and slow.fill(now) < 1:
                return False
            if cap and not (cap.room(1, 1_000_000) and cap.take()):
                return False
            if slow:
                slow.saved -= 1
            return True

    def _count(self, route: str, now: float) -> None:
        seen = self._seen.setdefault(route, Seen(now))
        elapsed = now - seen.since
        if elapsed >= COUNT_SECONDS:
            # After a rest it says nothing.
            seen.rate = seen.count / elapsed if elapsed < LONG_SECONDS else 0.0
            seen.count, seen.since = 0, now
        seen.count += 1

    def _many_ask(self, domain: str, now: float) -> bool:
        self._small[domain] = now
        self._small = {name: at for name, at in self._small.items() if now - at < TOGETHER_SECONDS}
        return len(self._small) >= SMALL_DOMAINS

    def _halve(self, route: str, now: float) -> None:
        slow, seen = self._slow.get(route), self._seen[route]
        if slow and not slow.is_over(now):
            if now - slow.since < ONE_ANSWER_SECONDS:
                return
            rate = slow.allowed(now)
        else:
            # As in the second before it; too much is soon halved again, too little would last.
            rate = seen.rate or max(seen.count / max(now - seen.since, COUNT_SECONDS / 10), AT_FIRST)
            slow = Slow(rate, rate, now)
        self._slow[route] = Slow(max(rate / 2, SLOWEST), slow.full, now, 0.0, now)
