"""The account of a mailing: sums of rows that must balance, and the people behind every figure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, func, select
from sqlalchemy.orm import Session

from mailer.errors import BadInput
from mailer.mailing import mailings
from mailer.outcomes import events
from mailer.store.tables import DELIVERY_STATES, Batch, Delivery, Outcome, Subscriber, is_open, is_told

# Not a state: whoever possibly got it twice.
TWICE = "twice"
OPEN_STATES = ("queued", "begun", "waiting", "uncertain")
# States that always come with a reason.
TOLD_STATES = ("waiting", "uncertain", "refused", "left_out")


@dataclass(frozen=True)
class Account:
    """chosen = queued + begun + waiting + accepted + refused + uncertain + left out.

    ``chosen`` was counted apart, while the audience was frozen; the others are sums of rows.
    """

    chosen: int
    queued: int
    begun: int
    waiting: int
    accepted: int
    refused: int
    uncertain: int
    left_out: int

    @property
    def states(self) -> dict[str, int]:
        """Return the number in every state."""
        return {state: getattr(self, state) for state in DELIVERY_STATES}

    @property
    def balanced(self) -> bool:
        """Say whether the sum is right."""
        parts = self.queued + self.begun + self.waiting + self.accepted + self.refused
        return self.chosen == parts + self.uncertain + self.left_out

    def as_json(self) -> dict[str, int | bool]:
        """Return the figures, and whether they balance."""
        return {**asdict(self), "balanced": self.balanced}


# The figure that is everybody.
CHOSEN = "chosen"


@dataclass(frozen=True)
class Person:
    """One person behind a figure: what happened, why, and what the relay said last."""

    delivery_id: int
    address: str
    state: str
    why: str
    reply: str
    tries: int
    again: bool


def account(session: Session, mailing_id: int) -> Account:
    """Return the account of a mailing; NotFound if there is none."""
    chosen = mailings.need(session, mailing_id).chosen
    rows = session.execute(
        select(Delivery.state, func.count()).where(Delivery.mailing_id == mailing_id).group_by(Delivery.state)
    )
    found: dict[str, int] = dict(rows.all())
    return Account(chosen, **{state: found.get(state, 0) for state in DELIVERY_STATES})


@dataclass(frozen=True)
class Glance:
    """An account with its reasons (state → reason → number), and how many possibly got it twice."""

    account: Account
    reasons: Mapping[str, Mapping[str, int]]
    twice: int


def glance(session: Session, mailing_id: int) -> Glance:
    """Return the same figures as account(), reasons() and possibly_twice(), without reading every row.

    Rows with something to tell have an index of their own and are read. Of the others only three numbers are
    needed: all, those without their end, and those on the wire, which stand in batches somebody holds. The
    numbers come from indexes, so a page may ask for a million rows again and again.
    """
    chosen = mailings.need(session, mailing_id).chosen
    mine = Delivery.mailing_id == mailing_id
    told = session.execute(
        select(Delivery.state, Delivery.why, Delivery.again, func.count())
        .where(mine, is_told())
        .group_by(Delivery.state, Delivery.why, Delivery.again)
        .order_by(func.count().desc())
    ).all()
    found: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    for state, why, _, number in told:
        found[state] += number
        if why:
            reasons.setdefault(state, Counter())[why] += number
    every = session.scalar(select(func.count()).where(mine)) or 0
    unended = session.scalar(select(func.count()).where(mine, is_open("deliveries"))) or 0
    begun = session.scalar(select(func.count()).where(*_silent_and_begun(mailing_id))) or 0
    told_open = sum(found[state] for state in OPEN_STATES)
    found["accepted"] += every - unended - (found.total() - told_open)
    found["begun"] += begun
    found["queued"] += unended - told_open - begun
    twice = sum(number for _, _, again, number in told if again)
    return Glance(Account(chosen, **{state: found[state] for state in DELIVERY_STATES}), reasons, twice)


def _silent_and_begun(mailing_id: int) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """Say which rows are on the wire for the first time: a begun row is always in a batch that somebody holds."""
    held = select(Batch.id).where(
        Batch.lane == "mailing", Batch.mailing_id == mailing_id, Batch.done_at.is_(None), Batch.owner != ""
    )
    silent = (Delivery.why == "", Delivery.again.is_(False))
    return (Delivery.batch_id.in_(held), is_open("deliveries"), Delivery.state == "begun", *silent)


def people(session: Session, mailing_id: int, state: str, after: int = 0, limit: int = 100) -> Sequence[Person]:
    """Return people of a mailing whose delivery is in ``state``, by delivery id after ``after``.

    ``chosen`` stands for everybody; ``twice`` for who was sent it again after an unknown fate, whatever
    became of it.
    """
    figures = (CHOSEN, *DELIVERY_STATES, TWICE)
    if state not in figures:
        raise BadInput(f"{state!r} is no state", place="list", cure=f"write one of {', '.join(figures)}")
    wanted = select(Delivery).where(Delivery.mailing_id == mailing_id, Delivery.id > after)
    if state != CHOSEN:
        wanted = wanted.where(Delivery.again.is_(True) if state == TWICE else Delivery.state == state)
    if state in (*TOLD_STATES, TWICE):
        wanted = wanted.where(is_told())
    rows = session.scalars(wanted.order_by(Delivery.id).limit(limit))
    return [
        Person(
            delivery_id=row.id,
            address=row.address or "(erased)",
            state=row.state,
            why=row.why,
            reply=f"{row.reply_code} {row.reply_text}" if row.reply_code else "",
            tries=row.tries,
            again=row.again,
        )
        for row in rows
    ]


def reasons(session: Session, mailing_id: int) -> dict[str, dict[str, int]]:
    """Return state → reason → number, for the states that have a reason."""
    rows = session.execute(
        select(Delivery.state, Delivery.why, func.count())
        .where(Delivery.mailing_id == mailing_id, Delivery.why != "", is_told())
        .group_by(Delivery.state, Delivery.why)
        .order_by(func.count().desc())
    )
    found: dict[str, dict[str, int]] = {}
    for state, why, number in rows:
        found.setdefault(state, {})[why] = number
    return found


def possibly_twice(session: Session, mailing_id: int) -> int:
    """Return how many readers were sent it again after an unknown fate."""
    wanted = select(func.count()).where(Delivery.mailing_id == mailing_id, Delivery.again.is_(True), is_told())
    return session.scalar(wanted) or 0


def next_try(session: Session, mailing_id: int) -> datetime | None:
    """Return when the first of those that wait is tried again."""
    wanted = select(func.min(Delivery.next_at)).where(Delivery.mailing_id == mailing_id, is_open("deliveries"))
    return session.scalar(wanted.where(Delivery.next_at.is_not(None)))


def came_back(session: Session, mailing_id: int) -> dict[str, int]:
    """Return what came back for a mailing: unsubscribed, complained, bounced, each with its number."""
    rows = session.execute(
        select(Outcome.kind, func.count()).where(Outcome.mailing_id == mailing_id).group_by(Outcome.kind)
    )
    return dict(rows.all())


def by_machines(session: Session, mailing_id: int) -> int:
    """Return how many of those who left by a mailing's links did so like a machine, before anybody could have read."""
    found = select(func.count()).where(
        Outcome.mailing_id == mailing_id, Outcome.kind == "unsubscribed", Outcome.origin == events.MACHINE
    )
    return session.scalar(found) or 0


def story(session: Session, subscriber: Subscriber, limit: int = 50) -> Sequence[Delivery]:
    """Return the last deliveries to one person, newest first."""
    mine = select(Delivery).where(Delivery.subscriber_id == subscriber.id).order_by(Delivery.id.desc())
    return list(session.scalars(mine.limit(limit)))
