"""A batch this process holds: until when it is ours, the rows read ahead, and how many are on their way."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from mailer.send.leases import Lease


@dataclass(eq=False)
class Hold:
    """A leased batch: ``until`` is by the boot-time clock, less a margin; past it nothing of it is written."""

    lease: Lease
    until: float
    margin: float
    rows: deque[Row[Any]] = field(default_factory=deque)
    last_id: int = 0
    # Nothing of it is left to begin; it is given back when what was begun has come back.
    is_drained: bool = False
    begun: int = 0
    # Its rows have to wait: for every relay that could take them, or for their receiving domain's pace.
    is_stuck: bool = False

    @property
    def is_urgent(self) -> bool:
        """Say whether these are notices."""
        return self.lease.lane == "notice"

    @property
    def is_ours(self) -> bool:
        """Say whether there is still time for a write, by a clock that counts sleep of the machine too."""
        return boottime() < self.until - self.margin

    def start_over(self) -> None:
        """Read its rows anew."""
        self.rows.clear()
        self.last_id, self.is_drained = 0, False

    def let_go(self) -> None:
        """Begin nothing more of it."""
        self.rows.clear()
        self.is_drained = True


def boottime() -> float:
    """Return seconds by a clock nobody sets and that runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
