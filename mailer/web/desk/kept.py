"""Sums that take long are kept for a while: whoever asks gets what is there, and newer ones are counted meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from mailer.store.engine import Store

# What takes less is counted anew each time.
QUICK_SECONDS = 0.1
# A twentieth of the time may go into counting.
SHARE = 20
MOST = 100


@dataclass
class Kept:
    """A value, since when it stands, and for how long it is good."""

    value: Any
    since: float
    good_for: float
    renewing: asyncio.Task[Any] | None = None


_all: WeakKeyDictionary[Store, dict[Hashable, Kept]] = WeakKeyDictionary()


async def kept(store: Store, key: Hashable, count: Callable[[], Awaitable[Any]]) -> Any:
    """Return what ``count`` returns, or returned lately if counting takes long; only the first who asks ever waits."""
    mine = _all.setdefault(store, {})
    found = mine.get(key)
    if found is None:
        return await _count(mine, key, count)
    if time.monotonic() - found.since > found.good_for and (found.renewing is None or found.renewing.done()):
        found.renewing = asyncio.get_running_loop().create_task(_count(mine, key, count))
        found.renewing.add_done_callback(_heard)
    return found.value


async def _count(mine: dict[Hashable, Kept], key: Hashable, count: Callable[[], Awaitable[Any]]) -> Any:
    begun = time.monotonic()
    value = await count()
    now = time.monotonic()
    mine.pop(key, None)
    if now - begun > QUICK_SECONDS:
        while len(mine) >= MOST:
            mine.pop(next(iter(mine)))
        mine[key] = Kept(value, now, SHARE * (now - begun))
    return value


def _heard(task: asyncio.Task[Any]) -> None:
    # The next who asks begins another; what kept this one from counting is no news to anybody.
    if not task.cancelled():
        task.exception()
