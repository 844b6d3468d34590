"""A row that was begun: what a station is handed, and hands back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer.outcomes.verdict import Reply
from mailer.send.envelope import Parcel
from mailer.send.hold import Hold
from mailer.send.limits import Grant
from mailer.send.retry import Try


@dataclass(slots=True, eq=False)
class Begun:
    """A row that may be written now: the attempt, its bytes, the batch it is of, and since when it waits."""

    trial: Try
    parcel: Parcel
    hold: Hold
    since: float = field(default_factory=time.monotonic)
    # What it has drawn from the limits; None without limits.
    grant: Grant | None = None


Finished = Callable[[Begun, Reply | None], None]
