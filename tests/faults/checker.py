"""Compares what a relay accepted with what our tables say, and prints one line; says which promise is broken.

``python -m tests.faults.checker STORE_URL MAILING TRUTH…`` judges a run of any installation whose relays were ours.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from mailer.mailing import mailings
from mailer.outcomes import account
from mailer.store.engine import Store
from mailer.store.tables import Attempt, Delivery, Suppression

FINAL = ("accepted", "refused", "left_out")


@dataclass
class Truth:
    """What relays wrote down, by recipient: when MAIL FROM was seen, and every copy they accepted."""

    mails: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    # What came unprotected to a relay that offers protection.
    clear: list[str] = field(default_factory=list)


def read(files: Iterable[Path]) -> Truth:
    """Read the truth of every relay; a last line that is not whole yet is not read."""
    truth = Truth()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                continue
            fact = json.loads(line)
            if fact["kind"] == "mail":
                truth.mails[fact["rcpt"]].append(fact["at"])
            elif fact["kind"] == "clear":
                truth.clear.append(fact["said"])
            else:
                truth.copies[fact["rcpt"]].append((fact["id"], fact["hash"]))
    return truth


@dataclass
class Verdict:
    """The figures of a run, and a sentence for each promise that is broken."""

    lost: int = 0
    dup: int = 0
    # How often a row was begun and nobody knows what came of it: each may make one copy too many.
    begun: int = 0
    after_leave: int = 0
    suppressed: int = 0
    broken: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return the one line."""
        wrong = "; ".join(self.broken)
        return (
            f"lost={self.lost} dup={self.dup} begun={self.begun} after_leave={self.after_leave} "
            f"suppressed={self.suppressed} account={'ok' if not wrong else f'BROKEN: {wrong}'}"
        )


def check(store: Store, mailing_id: int, truth: Truth, left: Mapping[str, float] | None = None) -> Verdict:
    """Judge a mailing that has ended.

    ``left``: address → when the answer to leaving was given, unless it said that a mail is on its way.
    """
    verdict = Verdict()
    with store.read() as session:
        mine = select(Delivery).where(Delivery.mailing_id == mailing_id)
        rows = {row.address: row for row in session.scalars(mine).all()}
        state, chosen = mailings.need(session, mailing_id).state, mailings.need(session, mailing_id).chosen
        if not account.account(session, mailing_id).balanced or chosen != len(rows):
            verdict.broken.append(f"{chosen} were chosen and there are {len(rows)} rows")
        doubts = select(func.count()).select_from(Attempt).join(Delivery, Delivery.id == Attempt.row_id)
        doubts = doubts.where(Delivery.mailing_id == mailing_id, Attempt.lane == "mailing")
        verdict.begun = session.scalar(doubts.where(Attempt.verdict == "uncertain")) or 0
        since = {row.address_hash: row.made_at.timestamp() for row in session.scalars(select(Suppression)).all()}
    for address, row in rows.items():
        _judge(verdict, row, truth, is_ended=state in ("sent", "stopped"))
        blocked = since.get(row.address_hash, float("inf"))
        verdict.suppressed += sum(at > blocked for at in truth.mails[address])
    for address, at in (left or {}).items():
        verdict.after_leave += sum(mail > at for mail in truth.mails[address])
    if strangers := (truth.mails.keys() | truth.copies.keys()) - rows.keys():
        verdict.broken.append(f"{len(strangers)} got mail without a row, such as {min(strangers)}")
    if truth.clear:
        verdict.broken.append(f"{len(truth.clear)} times {truth.clear[0]} came unprotected")
    if verdict.dup > verdict.begun:
        verdict.broken.append(f"{verdict.dup} copies too many after {verdict.begun} doubts")
    for name in ("lost", "after_leave", "suppressed"):
        if getattr(verdict, name):
            verdict.broken.append(name)
    return verdict


def _judge(verdict: Verdict, row: Delivery, truth: Truth, *, is_ended: bool) -> None:
    """Compare one row with what arrived."""
    copies = truth.copies[row.address]
    has_end = row.state in (*FINAL, "uncertain")
    verdict.lost += (row.state == "accepted" and not copies) or (is_ended and not has_end)
    verdict.dup += max(len(copies) - 1, 0)
    # Named: called uncertain now, or sent again after it was.
    is_named = row.again or row.state == "uncertain"
    if len(copies) > 1 and not is_named:
        verdict.broken.append(f"{row.address} got {len(copies)} and is not named")
    if copies and row.state not in ("accepted", "begun") and not is_named:
        verdict.broken.append(f"{row.address} got it and is called {row.state}")
    if len(set(copies)) > 1:
        verdict.broken.append(f"the copies of {row.address} differ")


def main() -> int:
    """Print the line; 1 if a promise is broken."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("store")
    asked.add_argument("mailing", type=int)
    asked.add_argument("truth", nargs="+", type=Path)
    options = asked.parse_args()
    store = Store(options.store)
    verdict = check(store, options.mailing, read(options.truth))
    store.close()
    sys.stdout.write(verdict.line() + "\n")
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
