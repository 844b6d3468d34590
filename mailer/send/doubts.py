"""Transactions of a lane whose end nobody told us: what they may have written is looked up before anything else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from mailer import clock
from mailer.send import leases, ledger
from mailer.send.hold import Hold
from mailer.send.ledger import Settled
from mailer.send.making import Chosen
from mailer.send.retry import DOUBTED
from mailer.store.engine import Store


class Doubts:
    """Remembers what was under way when the store failed: a COMMIT without an answer may have been done, or not."""

    def __init__(self, lane: str, owner: str) -> None:
        self._lane, self._owner = lane, owner
        self._begun = list[Settled]()
        # Whether results may be written already: then each must count only once.
        self.is_open = False

    def note(self, chosen: Sequence[Chosen]) -> None:
        """A transaction failed that was to begin these rows; no message of them was written."""
        self.is_open = True
        self._begun += [self._untouched(one, row) for one in chosen if one.attempt for row in one.rows]

    def resolve(self, store: Store, holds: Sequence[Hold]) -> None:
        """Take back what was begun, and give up what was leased, that nobody knows of."""
        if self.is_open:
            with store.write(quiet=True) as session:
                ledger.settle(session, self._lane, self._begun)
                leases.give_up(session, self._lane, self._owner, [hold.lease.batch_id for hold in holds])
            for hold in holds:
                # What was read of them may have changed.
                hold.start_over()
            self._begun.clear()

    def over(self) -> None:
        """All is written, and that was answered."""
        self.is_open = False

    def _untouched(self, one: Chosen, row: Row[Any]) -> Settled:
        # As conclude() has it of a message that was not written.
        doubted = row.again or row.state == "uncertain"
        return Settled(
            row.id,
            one.attempt,
            "uncertain" if doubted else "queued",
            why=DOUBTED if doubted else "",
            next_at=clock.now() if doubted else None,
            verdict="unwritten",
            relay=one.relay,
            worker=self._owner,
        )
