"""How a mailing went over time and at each receiving domain, and how a list grew: sums for pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer import clock
from mailer.mailing.audience import CHOSEN_STATES
from mailer.mailing.freeze import REST
from mailer.store.tables import DELIVERY_STATES, Delivery, Mailing, Subscription, is_open
from mailer.store.tables.base import EPOCH

# A picture has at most so many columns; the first width that fits is taken.
MOST_SLOTS = 60
WIDTHS = (10, 30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400)
WEEK = 7 * 86400
WEEKS = 52
DOMAINS = 20
ENDED = ("accepted", "refused")
Moment = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True)
class Slot:
    """What happened in one stretch of time."""

    at: datetime
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Domain:
    """What became of the letters to one receiving domain, by state; "rest" are all the small ones."""

    name: str
    numbers: Mapping[str, int]

    @property
    def chosen(self) -> int:
        """Return how many letters it is about."""
        return sum(self.numbers.values())


@dataclass(frozen=True)
class Waiting:
    """Letters that wait at one domain for one reason, and when the first of them is tried again."""

    domain: str
    why: str
    number: int
    next_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """Sums of one mailing: by slots of ``width`` seconds, and by receiving domain."""

    width: int
    slots: Sequence[Slot]
    domains: Sequence[Domain]


@dataclass(frozen=True)
class Week:
    """One week of a list: who came, who went, how many it had at its end."""

    begins: datetime
    came: int
    went: int
    readers: int


def progress(session: Session, mailing: Mailing) -> Progress:
    """Return the sums of a mailing; reads every row of it once, which takes 0.2 seconds for 300,000."""
    start, now = mailing.started_at or mailing.made_at, clock.now()
    last = (mailing.finished_at or now) if mailing.state != "sending" else now
    span = (last - start).total_seconds()
    width = next((width for width in WIDTHS if span / width < MOST_SLOTS), WIDTHS[-1])
    slot = _slot(Delivery.final_at, width)
    rows = session.execute(
        select(Delivery.route, Delivery.state, slot, func.count())
        .where(Delivery.mailing_id == mailing.id)
        .group_by(Delivery.route, Delivery.state, slot)
    )
    slots: dict[int, Counter[str]] = {}
    domains: dict[str, Counter[str]] = {}
    for route, state, number, count in rows:
        domains.setdefault(route, Counter())[state] += count
        if number is not None and state in ENDED:
            slots.setdefault(number, Counter())[state] += count
    return Progress(width, _filled(slots, width), _ordered(domains))


def waiting(session: Session, mailing_id: int, limit: int = DOMAINS) -> list[Waiting]:
    """Return what waits for another try, by domain and reason, most first."""
    rows = session.execute(
        select(Delivery.route, Delivery.why, func.count(), func.min(Delivery.next_at))
        .where(Delivery.mailing_id == mailing_id, is_open("deliveries"), Delivery.state == "waiting")
        .group_by(Delivery.route, Delivery.why)
        .order_by(func.count().desc(), Delivery.route, Delivery.why)
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]


def growth(session: Session, list_id: int) -> list[Week]:
    """Return the last year of a list, week by week; somebody who came back counts from when they last came."""
    now = clock.now()
    this = int((now - EPOCH).total_seconds()) // WEEK
    since = EPOCH + timedelta(seconds=(this - WEEKS + 1) * WEEK)
    came = _by_week(session, list_id, Subscription.confirmed_at, since)
    went = _by_week(session, list_id, Subscription.ended_at, since)
    current = select(func.count()).where(Subscription.list_id == list_id, Subscription.state.in_(CHOSEN_STATES))
    readers, weeks = session.scalar(current) or 0, []
    for number in range(this, this - WEEKS, -1):
        weeks.append(Week(EPOCH + timedelta(seconds=number * WEEK), came[number], went[number], readers))
        readers = max(0, readers - came[number] + went[number])
    return weeks[::-1]


def _by_week(session: Session, list_id: int, column: Moment, since: datetime) -> Counter[int]:
    week = _slot(column, WEEK)
    rows = session.execute(
        select(week, func.count())
        .where(Subscription.list_id == list_id, column >= since, Subscription.confirmed_at.is_not(None))
        .group_by(week)
    )
    return Counter(dict(rows.all()))


def _slot(column: Moment, width: int) -> ColumnElement[int]:
    # Instants are whole microseconds on both stores.
    return type_coerce(column, BigInteger) // (width * 1_000_000)


def _filled(slots: Mapping[int, Counter[str]], width: int) -> list[Slot]:
    """Return every slot from the first to the last: one where nothing happened is part of the picture."""
    if not slots:
        return []
    numbers: list[int] = sorted(slots)
    # A letter decided much later would make a picture of empty slots.
    whole = range(numbers[0], min(numbers[-1], numbers[0] + 2 * MOST_SLOTS) + 1)
    return [
        Slot(EPOCH + timedelta(seconds=number * width), {state: slots.get(number, Counter())[state] for state in ENDED})
        for number in whole
    ]


def _ordered(domains: Mapping[str, Counter[str]]) -> list[Domain]:
    """Return the large domains, most letters first; the small ones together at the end."""
    named = sorted(domains.items(), key=lambda each: (-each[1].total(), each[0]))
    large = [each for each in named if each[0] != REST][:DOMAINS]
    rest = sum((numbers for name, numbers in named if name not in dict(large)), Counter[str]())
    found = [*large, (REST, rest)] if rest else large
    return [Domain(name, {state: numbers[state] for state in DELIVERY_STATES}) for name, numbers in found]
