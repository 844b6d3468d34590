"""How many messages a relay may be given in a minute, an hour, a day: the spent part lives in the store.

Sliding windows of whole slots, counted by a time of their own that no step of a clock moves: each machine
carries it on by the time since its own boot. Only a machine that never drew before, or was started anew, has to
ask the database's clock how much time has passed; if that clock was set back meanwhile, none has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mailer.config_sections import Relay
from mailer.send.hold import boottime
from mailer.store.tables import EPOCH, MICROSECOND, Spending, db_now

SECOND = 1_000_000
DAY = 86_400 * SECOND
# What was drawn is written within this time or given back: the windows are longer by as much.
GO_SECONDS = 3
# Kept for notices: one in so many. A letter somebody waits for is not held up by a mailing that used up the day.
NOTICE_SHARE = 50
BOOTS_KEPT = 50
# Window and slot in seconds. Finer slots are closer to the limit and longer to count.
PERIODS = {"minute": (60, 1), "hour": (3600, 30), "day": (86_400, 600)}


@dataclass(frozen=True)
class Limit:
    """At most ``most`` (None: any number) in a slot and the ``back`` slots before it.

    With a ``plan`` it is also at most the plan's number of the day, counted from ``start``.
    """

    name: str
    most: int | None
    slot: int
    back: int
    plan: tuple[int, ...] = ()
    start: int = 0
    notice_share: int = 0

    def most_at(self, moment: int) -> int | None:
        """Return how many may go in a window that ends now."""
        day = max((moment - self.start) // DAY, 0)
        steps = [*self.plan[day : day + 1], *([] if self.most is None else [self.most])]
        if not steps:
            return None
        most = min(steps)
        return most - (most // self.notice_share if self.notice_share else 0)

    def left(self, spent: Mapping[str, int], moment: int) -> int | None:
        """Return how many more may go now."""
        most = self.most_at(moment)
        return None if most is None else max(most - sum(self._recent(spent, moment).values()), 0)

    def opens(self, spent: Mapping[str, int], moment: int) -> float:
        """Return in how many seconds the oldest slot is out of the window."""
        oldest = min((int(slot) for slot, count in self._recent(spent, moment).items() if count), default=0)
        return max((oldest + self.back + 1) * self.slot - moment, 0) / SECOND

    def add(self, spent: Mapping[str, int], moment: int, count: int) -> dict[str, int]:
        """Return what is spent with ``count`` more; forgets what is out of the window."""
        slot = str(moment // self.slot)
        recent = self._recent(spent, moment)
        return {**recent, slot: recent.get(slot, 0) + count}

    def _recent(self, spent: Mapping[str, int], moment: int) -> dict[str, int]:
        first = moment // self.slot - self.back
        return {slot: count for slot, count in spent.items() if int(slot) >= first}


def limits_of(relay: Relay, *, is_urgent: bool) -> tuple[Limit, ...]:
    """Return the limits of a relay for a lane; none if nothing is configured."""
    mosts = {"minute": relay.per_minute or None, "hour": relay.per_hour or None, "day": relay.per_day or None}
    share = 0 if is_urgent else NOTICE_SHARE
    start = 0
    if relay.warm_up:
        start = (date.fromisoformat(relay.warm_up_from) - EPOCH.date()).days * DAY
    found = []
    for name, (seconds, slot) in PERIODS.items():
        plan = relay.warm_up if name == "day" else ()
        if mosts[name] is not None or plan:
            # One window and the time a message may take to be written, in slots.
            back = math.ceil((seconds + GO_SECONDS) / slot)
            found.append(Limit(name, mosts[name], slot * SECOND, back, plan, start, share))
    return tuple(found)


def cap_of(per_second: float) -> Limit:
    """Return a cap of messages a second: a whole number in a slot of a second or a little more."""
    most = math.ceil(per_second)
    return Limit("second", most, int(most / per_second * SECOND), 0)


@dataclass(frozen=True)
class Grant:
    """Messages that may be written now: when they were drawn, by the limits' time and the boot-time clock."""

    count: int
    moment: int
    drawn_at: float
    # In how many seconds there may be more.
    opens: float = 0.0

    @property
    def go_until(self) -> float:
        """Return until when they may be written, by the boot-time clock."""
        return self.drawn_at + GO_SECONDS


@cache
def boot_id() -> str:
    """Return what this start of this machine is called; "" if the machine does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:40]
    except OSError:
        return ""


def draw(
    session: Session, name: str, limits: Sequence[Limit], wanted: int, unused: Mapping[int, int] | None = None
) -> Grant:
    """Give back what was drawn at a moment and not used, then draw up to ``wanted``; a short transaction of its own."""
    row = _locked(session, name)
    now, boot = boottime(), boot_id()
    moment = _moment(session, row, boot, int(now * SECOND))
    slots = {key: dict(spent) for key, spent in row.slots.items()}
    for limit in limits:
        spent = slots.setdefault(limit.name, {})
        for then, count in (unused or {}).items():
            slot = str(then // limit.slot)
            if slot in spent:
                spent[slot] = max(spent[slot] - count, 0)
    lefts = {limit: limit.left(slots[limit.name], moment) for limit in limits}
    count = min([wanted, *(left for left in lefts.values() if left is not None)])
    full = [limit for limit, left in lefts.items() if left == count] if count < wanted else []
    opens = max((limit.opens(slots[limit.name], moment) for limit in full), default=0.0)
    if count or unused or boot not in row.boots:
        row.slots = {**slots, **{limit.name: limit.add(slots[limit.name], moment, count) for limit in limits}}
        row.moment = moment
        row.wall = _wall(session)
        newest = sorted(row.boots.items(), key=lambda item: item[1][0])[1 - BOOTS_KEPT :]
        row.boots = {**dict(newest), boot: [moment, int(now * SECOND)]}
    return Grant(count, moment, now, opens)


def _locked(session: Session, name: str) -> Spending:
    wanted = select(Spending).where(Spending.name == name).with_for_update()
    row = session.scalar(wanted)
    if row is None:
        wall = _wall(session)
        moment = (wall - EPOCH) // MICROSECOND
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        first = insert(Spending).values(name=name, moment=moment, wall=wall, boots={}, slots={})
        session.execute(first.on_conflict_do_nothing())
        row = session.scalars(wanted).one()
    return row


def _moment(session: Session, row: Spending, boot: str, since_boot: int) -> int:
    """Return the limits' own time; it never goes back."""
    if boot and boot in row.boots:
        then, before = row.boots[boot]
        return max(row.moment, then + since_boot - before)
    return row.moment + max((_wall(session) - row.wall) // MICROSECOND, 0)


def _wall(session: Session) -> datetime:
    return session.scalars(select(db_now())).one()
