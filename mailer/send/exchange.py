"""One short transaction of a lane: settle what came back, take the last look, begin what may go."""

import copy
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from mailer.config import Config
from mailer.errors import MailerError
from mailer.mailing import mailings
from mailer.outcomes import events
from mailer.outcomes.verdict import Kind
from mailer.send import leases, ledger
from mailer.send.breaker import Breaker
from mailer.send.leases import Lease
from mailer.send.ledger import Settled
from mailer.send.letters import Letters
from mailer.send.relays import Parcel
from mailer.send.retry import Try
from mailer.send.senders import Begun
from mailer.store.engine import Store
from mailer.store.tables import Mailing, Subscriber
from mailer.tokens import Keys

log = logging.getLogger("mailer.send")
LOAD = 1000
Result = tuple[Try, Kind, Settled]


@dataclass
class House:
    """What the parts of a worker share."""

    store: Store
    config: Config
    keys: Keys
    name: str


@dataclass(frozen=True)
class Terms:
    """What the mailing of a batch says about trying again."""

    paused_seconds: int
    may_retry: bool


@dataclass(frozen=True)
class Turn:
    """What one transaction gave: rows to write now, how far the batch was read, whether it is at its end."""

    begun: list[Begun]
    last_id: int
    drained: bool
    breaker: Breaker


class Exchange:
    """The synchronous half of a lane; runs in the lane's own thread, one transaction a call."""

    def __init__(self, house: House, relay: str) -> None:
        self._house, self._relay = house, relay
        self._letters = Letters(house.config, house.keys)
        self._breakers: dict[int, Breaker] = {}

    def turn(
        self,
        session: Session,
        mine: Lease,
        results: Sequence[Result],
        waiting: deque[Row[Any]],
        last_id: int,
        wanted: int,
    ) -> Turn:
        """Settle the results, then begin up to ``wanted`` rows of the batch behind ``last_id``."""
        self._hold_people(session, mine, results)
        ledger.settle(session, mine.lane, [settled for _, _, settled in results])
        breaker = self._take_effect(session, mine, results)
        if wanted and not waiting:
            rows = ledger.waiting_rows(session, mine, last_id, LOAD)
            waiting.extend(rows)
            last_id = rows[-1].id if rows else last_id
        chosen = [waiting[index] for index in range(min(wanted, len(waiting)))]
        begun = self._begin(session, mine, chosen) if chosen else []
        for _ in chosen:
            waiting.popleft()
        return Turn(begun, last_id, bool(wanted) and not chosen, breaker)

    def keep(self, mine: Lease, turn: Turn) -> None:
        """Remember what a turn counted, now that its transaction is written."""
        self._breakers[mine.mailing_id] = turn.breaker

    def _begin(self, session: Session, mine: Lease, chosen: Sequence[Row[Any]]) -> list[Begun]:
        terms = self._terms(session, mine)
        if mine.lane == "mailing":
            self._letters.fetch(session, {row.edition_id for row in chosen})
        attempt, dates = ledger.begin(session, mine, [row.id for row in chosen], self._relay)
        ready = []
        for row in chosen:
            if row.id in dates:
                trial = self._try(mine, row, attempt, dates[row.id], terms)
                parcel = self._parcel(session, mine, row, trial, dates[row.id])
                if parcel:
                    ready.append(Begun(trial, parcel))
        return ready

    def _parcel(self, session: Session, mine: Lease, row: Row[Any], trial: Try, date: datetime) -> Parcel | None:
        """Make the message; one that cannot be made is refused with the reason, the others go on."""
        try:
            if mine.lane == "notice":
                return self._letters.notice(session, row, date)
            return self._letters.delivery(row, date)
        except Exception as error:
            # Whatever is wrong with one message, the thousand behind it must not wait for it.
            log.error("%s %s cannot be written", mine.lane, row.id, exc_info=not isinstance(error, MailerError))
            why = " ".join(f"the message cannot be made: {error}".split())[:200]
            refused = Settled(trial.row_id, trial.attempt, "refused", why, verdict="refused", worker=mine.owner)
            ledger.settle(session, mine.lane, [refused])
            return None

    def _try(self, mine: Lease, row: Row[Any], attempt: int, date: datetime, terms: Terms) -> Try:
        patience = timedelta(hours=self._house.config.send.deadline_hours, seconds=terms.paused_seconds)
        doubted = row.again or row.state == "uncertain"
        return Try(
            row_id=row.id,
            attempt=attempt,
            tries=row.tries + 1,
            relay=self._relay,
            worker=mine.owner,
            deadline=date + patience,
            may_retry=terms.may_retry and not doubted,
            doubted=doubted,
        )

    def _terms(self, session: Session, mine: Lease) -> Terms:
        if not mine.mailing_id:
            return Terms(0, self._house.config.send.on_uncertain == "retry")
        mailing = session.get_one(Mailing, mine.mailing_id)
        return Terms(mailing.paused_seconds, mailing.on_uncertain == "retry")

    def _take_effect(self, session: Session, mine: Lease, results: Sequence[Result]) -> Breaker:
        """Let refusals change what we know; return the breaker as it stands after them."""
        for trial, kind, settled in results:
            if kind == "gone":
                events.refused_by_relay(session, mine.lane, trial.row_id, detail=settled.text or settled.why)
        # A copy: what a transaction that fails has counted must not count.
        breaker = copy.deepcopy(self._breakers.get(mine.mailing_id) or Breaker())
        for _, kind, settled in results:
            if breaker.count(kind) and mine.mailing_id:
                mailing = session.get_one(Mailing, mine.mailing_id, populate_existing=True)
                if mailing.state == "sending":
                    mailings.pause(session, mailing, f"receivers refuse us: {settled.why}"[:400])
                    log.error("mailing %s paused: %s", mailing.id, mailing.why)
                return Breaker()
        return breaker

    def _hold_people(self, session: Session, mine: Lease, results: Sequence[Result]) -> None:
        """Take the people whose mailbox is gone before their rows: whoever leaves takes them in this order too."""
        rows = leases.TABLES[mine.lane]
        gone = [trial.row_id for trial, kind, _ in results if kind == "gone"]
        if gone:
            held = select(Subscriber.id).join(rows, rows.c.subscriber_id == Subscriber.id).where(rows.c.id.in_(gone))
            session.execute(held.order_by(Subscriber.id).with_for_update(of=Subscriber)).all()
