"""How well a relay is: how long it is left alone, whom that is told, and whether one message is to blame."""

import logging
import random
import time
from collections import Counter

from mailer import clock

log = logging.getLogger("mailer.send")

FIRST_PAUSE, LONGEST_PAUSE, LOGIN_PAUSE = 0.5, 60.0, 60.0
# A relay that lets us in and then hangs up may do so because of one message; the others must not wait for long.
DROPPED_PAUSE = 5.0
# Connections in a row that one message may end unanswered before that counts as a try.
DROPS = 4
# A relay that takes and drops us in turn is not told of every time.
TELL_SECONDS = 30.0
Key = tuple[bool, int]


class Health:
    """The state of one relay; ``trouble`` says why nothing can be carried, or is ""."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.trouble, self.rest_until = "", 0.0
        self._pause = 0.0
        # Since when it carries nothing, by the wall clock.
        self._since, self._is_told, self._told_at = 0.0, False, -TELL_SECONDS
        self._drops: Counter[Key] = Counter()

    @property
    def rests_for(self) -> float:
        """Return for how many seconds the relay is to be left alone."""
        return max(self.rest_until - time.monotonic(), 0.0)

    @property
    def is_resting(self) -> bool:
        """Say whether the relay is to be left alone now."""
        return time.monotonic() < self.rest_until

    def rest(self, why: str, longest: float, *, is_login: bool) -> None:
        """Leave it alone from now on, twice as long each time and at most ``longest`` seconds."""
        if self.is_resting:
            return
        longer = min(max(self._pause * 2, FIRST_PAUSE), longest)
        self._pause = LOGIN_PAUSE if is_login else longer
        spread = 1 + random.uniform(-0.1, 0.1)  # noqa: S311 - spreads load, guards nothing
        self.trouble, self.rest_until = why, time.monotonic() + self._pause * spread
        self._since = self._since or round(clock.now().timestamp(), 1)
        if not self._is_told and time.monotonic() - self._told_at >= TELL_SECONDS:
            self._is_told, self._told_at = True, time.monotonic()
            log.warning("the relay %s rests, and is tried again by itself: %s", self._name, why)

    def answered(self, key: Key) -> None:
        """Learn that the relay said something about a message."""
        if self._drops:
            self._drops.pop(key, None)
        if not self.trouble or self.is_resting:
            return
        self._pause, self.trouble, self._since = 0.0, "", 0.0
        if self._is_told:
            self._is_told = False
            log.info("the relay %s is well again", self._name)

    def is_bane(self, key: Key) -> bool:
        """Count that a message stood first where a connection ended unanswered; say whether it is to blame.

        Then it has to wait like one that was refused for now: given back each time it would be tried for ever.
        """
        self._drops[key] += 1
        return self._drops[key] > DROPS and self._drops.pop(key) > 0

    def unwell_since(self, *, is_busy: bool) -> float:
        """Return since when it is not well, as far as that is known; 0.0 if it is."""
        # What was tried last a while ago, with nothing to carry since, may be well by now.
        return self._since if is_busy or self.rest_until > time.monotonic() - LONGEST_PAUSE else 0.0
