"""Rows that were begun become messages to carry, outside any transaction that writes."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from mailer.config import Config
from mailer.errors import MailerError
from mailer.outcomes.verdict import Kind
from mailer.send.begun import Begun
from mailer.send.envelope import Parcel
from mailer.send.hold import Hold
from mailer.send.ledger import Settled
from mailer.send.letters import Letters
from mailer.send.relays import Relays
from mailer.send.retry import Try
from mailer.store.engine import Store
from mailer.tokens import Keys

log = logging.getLogger("mailer.send")


@dataclass
class House:
    """What the parts of a worker share."""

    store: Store
    config: Config
    keys: Keys
    name: str
    relays: Relays
    # How many tries ended in which state, by relay; both lanes count.
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, relay: str, state: str) -> None:
        """Count a try whose end is written down."""
        self.outcomes.setdefault(relay, Counter())[state] += 1


@dataclass(slots=True)
class Result:
    """What came of a row that was begun."""

    trial: Try
    hold: Hold
    kind: Kind
    settled: Settled


@dataclass
class Turn:
    """What one turn gave: rows to write now by relay, results of rows whose message cannot be made."""

    begun: list[tuple[str, Begun]] = field(default_factory=list)
    spoilt: list[Result] = field(default_factory=list)
    # Whether another turn may find more to do at once.
    is_busy: bool = False


@dataclass
class Chosen:
    """Rows of one batch meant for one relay, and what begin() made of them."""

    hold: Hold
    relay: str
    rows: list[Row[Any]] = field(default_factory=list)
    attempt: int = 0
    dates: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What the mailing of a batch says about trying again."""

    paused_seconds: int
    may_retry: bool


class Maker:
    """Makes the messages of a lane; what editions say is read once."""

    def __init__(self, lane: str, house: House) -> None:
        self._lane, self._house = lane, house
        self.letters = Letters(house.config, house.keys)

    def make(self, one: Chosen, terms: Mapping[int, Terms], turn: Turn) -> None:
        """Make the messages; one that cannot be made is refused with the reason, the others go on.

        All at once: made one by one between other work they take a third longer.
        """
        said = terms[one.hold.lease.mailing_id]
        patience = timedelta(hours=self._house.config.send.deadline_hours, seconds=said.paused_seconds)
        for row in one.rows:
            date = one.dates.get(row.id)
            if date is None:
                continue
            doubted = row.again or row.state == "uncertain"
            trial = Try(
                row_id=row.id,
                attempt=one.attempt,
                tries=row.tries + 1,
                relay=one.relay,
                worker=self._house.name,
                deadline=date + patience,
                may_retry=said.may_retry and not doubted,
                doubted=doubted,
                address=row.address,
            )
            try:
                turn.begun.append((one.relay, Begun(trial, self._parcel(row, date), one.hold)))
            except Exception as error:
                turn.spoilt.append(self._spoilt(one.hold, trial, error))

    def _spoilt(self, hold: Hold, trial: Try, error: Exception) -> Result:
        """Whatever is wrong with one message, the thousand behind it must not wait for it."""
        log.error("%s %s cannot be written", self._lane, trial.row_id, exc_info=not isinstance(error, MailerError))
        why = " ".join(f"the message cannot be made: {error}".split())[:200]
        refused = Settled(trial.row_id, trial.attempt, "refused", why, verdict="refused", worker=trial.worker)
        return Result(trial, hold, "refused", refused)

    def _parcel(self, row: Any, date: datetime) -> Parcel:
        if self._lane == "mailing":
            return self.letters.delivery(row, date)
        with self._house.store.read() as session:
            return self.letters.notice(session, row, date)
