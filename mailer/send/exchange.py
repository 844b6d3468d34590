"""The turns of a lane: settle what came back, take the last look, begin what may go, give back, lease anew."""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from mailer import crash
from mailer.mailing import mailings
from mailer.outcomes import events
from mailer.send import leases, ledger
from mailer.send.breaker import Breaker
from mailer.send.doubts import Doubts
from mailer.send.hold import Hold, boottime
from mailer.send.making import Chosen, House, Maker, Result, Terms, Turn
from mailer.store.engine import StoreTrouble
from mailer.store.tables import Mailing, Subscriber

log = logging.getLogger("mailer.send")
# Rows read at a time; a batch has about as many.
LOAD = 1000
_TERMS = select(Mailing.id, Mailing.paused_seconds, Mailing.on_uncertain).where(
    Mailing.id.in_(bindparam("ids", expanding=True)), Mailing.state == "sending"
)


class Exchange:
    """The synchronous half of a lane; runs in the lane's own thread, one short transaction a turn."""

    def __init__(self, lane: str, house: House) -> None:
        self._lane, self._house = lane, house
        self._maker = Maker(lane, house)
        self._breakers: dict[int, Breaker] = {}
        self._doubts = Doubts(lane, house.name)
        self._last_mailing = 0
        self.holds: list[Hold] = []

    def turn(self, results: Sequence[Result], room: Mapping[str, int], ahead: int) -> Turn:
        """Do one turn: begin at most ``room`` rows by relay, and hold batches of ``ahead`` rows if there are any."""
        self._doubts.resolve(self._house.store, self.holds)
        chosen = self._choose(self._read_ahead(sum(room.values())), dict(room))
        avoid = self._avoid()
        wants = self._wants_lease(ahead, avoid)
        if not (results or chosen or wants or any(self._is_over(hold, (), ()) for hold in self.holds)):
            return Turn()
        try:
            return self._write(results, chosen, avoid, wants=wants)
        except StoreTrouble:
            self._doubts.note(chosen)
            raise

    def _write(self, results: Sequence[Result], chosen: Sequence[Chosen], avoid: leases.Avoid, *, wants: bool) -> Turn:
        self._house.store.step_aside()
        with self._house.store.write(quiet=True) as session:
            breakers = self._settle(session, results)
            terms = self._terms(session, chosen)
            for one in chosen:
                self._begin(session, one, terms)
            over = [hold for hold in self.holds if self._is_over(hold, results, chosen)]
            for hold in over:
                leases.close_batch(session, hold.lease)
            taken = self._lease(session, avoid) if wants else None
            crash.at("before begin commit", chosen)
            crash.at("before settle commit", results)
        crash.at("after lease", taken)
        crash.at("after begin commit", chosen)
        crash.at("after settle commit", results)
        # Only now is it written, and only now does it count.
        self._doubts.over()
        self._breakers |= breakers
        return self._keep(results, chosen, over, taken, terms)

    def finish(self, results: Sequence[Result]) -> None:
        """Write down the last results and give every batch back; of one with a row still begun the lease ends."""
        self._doubts.resolve(self._house.store, self.holds)
        with self._house.store.write(quiet=True) as session:
            self._settle(session, results)
            for hold in self.holds:
                leases.close_batch(session, hold.lease)
        self.holds.clear()

    # Before the transaction.

    def _read_ahead(self, wanted: int) -> list[Hold]:
        """Return the batches that have rows to begin, read as far as needed; no lock is held for it."""
        if wanted:
            thirsty = [hold for hold in self.holds if not hold.rows and not hold.is_drained]
            if thirsty:
                with self._house.store.read() as session:
                    for hold in thirsty:
                        self._load(session, hold)
        return [hold for hold in self.holds if hold.rows]

    def _load(self, session: Session, hold: Hold) -> None:
        rows = ledger.waiting_rows(session, hold.lease, hold.last_id, LOAD)
        hold.is_drained = not rows
        if rows:
            hold.rows.extend(rows)
            hold.last_id = rows[-1].id
            if self._lane == "mailing":
                self._maker.letters.fetch(session, {row.edition_id for row in rows})
            else:
                self._maker.letters.fetch_senders(session, {row.list_id for row in rows if row.list_id})

    def _choose(self, holds: Sequence[Hold], room: dict[str, int]) -> list[Chosen]:
        """Choose rows for the relays that have room, batches in turn; rows stay where they are until written."""
        chosen = list[Chosen]()
        for hold in holds:
            groups: dict[str, Chosen] = {}
            hold.is_stuck = False
            for row in hold.rows:
                only = row.relay if row.state == "uncertain" else ""
                name = self._relay_for(hold, row, room, only)
                if name:
                    room[name] -= 1
                    groups.setdefault(name, Chosen(hold, name)).rows.append(row)
                elif not only and not self._is_shut(row):
                    # Every relay has enough, or this receiving domain has.
                    break
                else:
                    hold.is_stuck = True
            hold.is_stuck = hold.is_stuck and not groups
            chosen += groups.values()
        return chosen

    def _relay_for(self, hold: Hold, row: Row[Any], room: Mapping[str, int], only: str) -> str:
        route = hold.lease.route if self._lane == "mailing" else ""
        return self._house.relays.choose(room, self._maker.letters.domain(row), only, route)

    def _is_shut(self, row: Row[Any]) -> bool:
        domain = self._maker.letters.domain(row)
        return self._house.relays.is_shut(domain, is_urgent=self._lane == "notice")

    @property
    def wanted(self) -> int:
        """Return how many rows may be begun of what is held, as far as it is known."""
        return sum(len(hold.rows) or LOAD for hold in self.holds if hold.rows or not hold.is_drained)

    def _avoid(self) -> leases.Avoid:
        """Return what of the batches there are would only wait in our hands, too."""
        if self._lane == "notice":
            return leases.Avoid()
        stuck = frozenset(hold.lease.mailing_id for hold in self.holds if hold.is_stuck)
        return leases.Avoid(frozenset(self._house.relays.held_up()), stuck)

    def _wants_lease(self, ahead: int, avoid: leases.Avoid) -> bool:
        if ahead <= 0:
            return False
        moving = [hold for hold in self.holds if not (hold.is_stuck or hold.lease.route in avoid.routes)]
        held = sum(len(hold.rows) if hold.last_id else LOAD for hold in moving if not hold.is_drained)
        if held >= ahead:
            return False
        with self._house.store.read() as session:
            return leases.is_any_free(session, self._lane, avoid)

    # In the transaction.

    def _settle(self, session: Session, results: Sequence[Result]) -> dict[int, Breaker]:
        self._hold_people(session, results)
        settled = [result.settled for result in results]
        if self._doubts.is_open:
            settled = ledger.unsettled(session, self._lane, settled)
        ledger.settle(session, self._lane, settled)
        for result in results:
            if result.kind == "gone":
                detail = result.settled.text or result.settled.why
                events.refused_by_relay(session, self._lane, result.trial.row_id, detail=detail)
        return self._count(session, results)

    def _count(self, session: Session, results: Sequence[Result]) -> dict[int, Breaker]:
        """Count refusals of us, mailing by mailing, and pause a mailing of which there are too many."""
        counted: dict[int, Breaker] = {}
        for result in results:
            mailing_id = result.hold.lease.mailing_id
            if not mailing_id:
                continue
            if mailing_id not in counted:
                # A copy: what a transaction that fails has counted must not count.
                counted[mailing_id] = self._breakers.get(mailing_id, Breaker()).copy()
            if counted[mailing_id].count(result.kind):
                mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
                if mailing.state == "sending":
                    mailings.pause(session, mailing, f"receivers refuse us: {result.settled.why}"[:400])
                    log.error("mailing %s paused: %s", mailing.id, mailing.why)
                counted[mailing_id] = Breaker()
        return counted

    def _terms(self, session: Session, chosen: Sequence[Chosen]) -> dict[int, Terms]:
        """Return what the mailings that are being sent say; one that is not has no terms."""
        ids = {one.hold.lease.mailing_id for one in chosen} - {0}
        rows = session.execute(_TERMS, {"ids": list(ids)}) if ids else ()
        terms = {row.id: Terms(row.paused_seconds, row.on_uncertain == "retry") for row in rows}
        return {0: Terms(0, self._house.config.send.on_uncertain == "retry"), **terms}

    def _begin(self, session: Session, one: Chosen, terms: Mapping[int, Terms]) -> None:
        if one.hold.lease.mailing_id in terms:
            ids = [row.id for row in one.rows]
            is_fresh = all(row.next_at is None and row.first_begun_at is None for row in one.rows)
            one.attempt, one.dates = ledger.begin(session, one.hold.lease, ids, one.relay, is_fresh=is_fresh)

    def _is_over(self, hold: Hold, results: Sequence[Result], chosen: Sequence[Chosen]) -> bool:
        """Say whether nothing of a batch is left to begin or to come back, once this turn is written."""
        if not hold.is_drained or hold.rows:
            return False
        back = sum(result.hold is hold for result in results)
        return hold.begun == back and not any(one.hold is hold for one in chosen)

    def _lease(self, session: Session, avoid: leases.Avoid) -> Hold | None:
        seconds = self._house.config.send.lease_seconds
        before = boottime()
        if self._lane == "notice":
            leases.gather_notices(session)
        lease = leases.lease(session, self._lane, self._house.name, seconds, self._last_mailing, avoid)
        return Hold(lease, before + seconds, min(2.0, seconds / 4)) if lease else None

    def _hold_people(self, session: Session, results: Sequence[Result]) -> None:
        """Take the people whose mailbox is gone before their rows: whoever leaves takes them in this order too."""
        rows = leases.TABLES[self._lane]
        gone = [result.trial.row_id for result in results if result.kind == "gone"]
        if gone:
            held = select(Subscriber.id).join(rows, rows.c.subscriber_id == Subscriber.id).where(rows.c.id.in_(gone))
            session.execute(held.order_by(Subscriber.id).with_for_update(of=Subscriber)).all()

    # After it.

    def _keep(
        self,
        results: Sequence[Result],
        chosen: Sequence[Chosen],
        over: Sequence[Hold],
        taken: Hold | None,
        terms: Mapping[int, Terms],
    ) -> Turn:
        """Remember what was written, and make the messages of what was begun."""
        for result in results:
            result.hold.begun -= 1
        for hold in over:
            self.holds.remove(hold)
        if taken:
            self.holds.append(taken)
            self._last_mailing = taken.lease.mailing_id
        turn = Turn(is_busy=bool(taken))
        for one in chosen:
            self._take_off(one, terms)
            one.hold.begun += len(one.dates)
            turn.is_busy = turn.is_busy or len(one.dates) < len(one.rows)
            if one.dates:
                self._maker.make(one, terms, turn)
        return turn

    def _take_off(self, one: Chosen, terms: Mapping[int, Terms]) -> None:
        """Take the rows off those that are to be begun."""
        if one.hold.lease.mailing_id not in terms:
            # Not being sent now: the batch goes back as it is.
            one.hold.let_go()
            return
        taken = {row.id for row in one.rows}
        one.hold.rows = deque(row for row in one.hold.rows if row.id not in taken)
