"""The queue as a state machine: two processes, a model of the relay, and whatever may happen between them.

The verbs, the store and the fence (hold.Hold) are the real ones; processes, time and relay are models. It must find
the bugs below when they are put in, or it proves nothing.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import literal, or_, select, text, update

from mailer import clock
from mailer.config import Config
from mailer.mailing import deliveries, mailings, starting
from mailer.outcomes import events
from mailer.send import leases, ledger, marks
from mailer.send.hold import Hold, boottime
from mailer.send.ledger import Settled
from mailer.store import engine
from mailer.store.engine import Store
from mailer.store.tables import Batch, Delivery, db_now
from tests.make import freeze_all, make_started

READERS = 3
NOW = timedelta(seconds=-1)
names = st.sampled_from(("one", "two"))
picks = st.integers(0, READERS - 1)


@dataclass
class Process:
    """What one sending process has in its memory: it is gone when the process is."""

    hold: Hold | None = None
    # Begun, its message not written yet; and written, the answer not written down yet.
    begun: dict[int, int] = field(default_factory=dict)
    written: dict[int, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Lose it."""
        self.hold, self.begun, self.written = None, {}, {}

    @property
    def is_idle(self) -> bool:
        """Say whether it has a batch, and nothing of it is on its way."""
        return self.hold is not None and not self.begun and not self.written


class Queue(RuleBasedStateMachine):
    """One mailing to three readers; every rule is a step some process may take, in any order."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="mailer-queue-"))
        shutil.copy(self.template, self.folder / "store.db")
        self.store = Store(f"sqlite:///{self.folder / 'store.db'}")
        with self.store.read() as session:
            rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        self.subscriptions = {row.id: row.subscription_id for row in rows}
        self.mailing_id = rows[0].mailing_id
        self.processes = {"one": Process(), "two": Process()}
        # The relay's truth, and who must not see MAIL FROM any more.
        self.accepted: Counter[int] = Counter()
        self.forbidden: set[int] = set()
        self.wrong: list[str] = []

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        shutil.rmtree(self.folder)

    # What a process does.

    @rule(name=names, is_quick=st.booleans())
    def fetch(self, name: str, is_quick: bool) -> None:
        """Lease a batch and read rows of it; unless it is quick, what it has read may be old when it begins them."""
        self.tick()
        process = self.processes[name]
        with self.store.write() as session:
            if process.hold is None and (lease := leases.lease(session, "mailing", name, 3600)):
                process.hold = Hold(lease, boottime() + 3600, 2.0)
            if (hold := process.hold) and not hold.rows:
                hold.rows.extend(ledger.waiting_rows(session, hold.lease, 0, 2))
        if is_quick and process.hold and process.hold.rows:
            self._begin(process)

    @precondition(lambda self: self.some(lambda process: process.hold and process.hold.rows))
    @rule(pick=picks)
    def begin(self, pick: int) -> None:
        ready = self.some(lambda process: process.hold and process.hold.rows)
        self._begin(ready[pick % len(ready)])

    def _begin(self, process: Process) -> None:
        ids = [row.id for row in process.hold.rows]
        process.hold.rows.clear()
        with self.store.write() as session:
            attempt, dates = ledger.begin(session, process.hold.lease, ids, "relay")
        process.begun |= dict.fromkeys(dates, attempt)

    @precondition(lambda self: self.some(lambda process: process.begun))
    @rule(pick=picks, is_accepted=st.booleans())
    def write(self, pick: int, is_accepted: bool) -> None:
        """Write one message, after the last look at the clock; the relay takes it or puts it off."""
        ready = self.some(lambda process: process.begun)
        process = ready[pick % len(ready)]
        row_id, attempt = process.begun.popitem()
        if not process.hold.is_ours:
            self._settle(row_id, attempt, "queued")
            return
        if row_id in self.forbidden:
            self.wrong.append(f"MAIL FROM for {row_id}, who had left")
        self.accepted[row_id] += is_accepted
        process.written[row_id] = attempt if is_accepted else -attempt

    @precondition(lambda self: self.some(lambda process: process.written))
    @rule(pick=picks, is_lost=st.booleans())
    def answer(self, pick: int, is_lost: bool) -> None:
        """Write down the answer, or that none came."""
        ready = self.some(lambda process: process.written)
        row_id, attempt = ready[pick % len(ready)].written.popitem()
        state = "uncertain" if is_lost else "accepted" if attempt > 0 else "waiting"
        self._settle(row_id, abs(attempt), state)

    @precondition(lambda self: self.some(lambda process: process.is_idle))
    @rule(pick=picks)
    def close(self, pick: int) -> None:
        ready = self.some(lambda process: process.is_idle)
        process = ready[pick % len(ready)]
        with self.store.write() as session:
            leases.close_batch(session, process.hold.lease)
        process.hold = None

    # What happens to it.

    @precondition(lambda self: self.some(lambda process: process.hold))
    @rule(pick=picks, meanwhile=st.sampled_from(("it died", "nothing", "somebody left")))
    def fall_silent(self, pick: int, meanwhile: str) -> None:
        """Let a lease run out; a frozen process goes on later with what it has in its memory, a dead one does not."""
        ready = self.some(lambda process: process.hold)
        process = ready[pick % len(ready)]
        with self.store.write() as session:
            mine = update(Batch).where(Batch.owner == process.hold.lease.owner)
            session.execute(mine.values(lease_until=db_now() - literal(1)))
        process.hold.until = boottime() - 1
        if meanwhile == "it died":
            process.forget()
        self.tick()
        if meanwhile == "somebody left" and process.begun:
            self._leave([*process.begun][-1])

    def tick(self) -> None:
        with self.store.write() as session:
            leases.rescue(session, clock.now() + NOW)
            deliveries.regroup_due(session, self.mailing_id)
            if mailings.need(session, self.mailing_id).state == "stopped":
                deliveries.sweep_stopped(session, self.mailing_id)
            leases.close_stopped(session)
            starting.finish(session, self.mailing_id)

    # What people do.

    @precondition(lambda self: self.some(lambda process: process.begun))
    @rule(pick=picks)
    def leave(self, pick: int) -> None:
        """Let somebody leave whose mail some process is about to write, or thinks so."""
        ready = self.some(lambda process: process.begun)
        self._leave([*ready[pick % len(ready)].begun][-1])

    def _leave(self, row_id: int) -> None:
        with self.store.write() as session:
            answer = events.leave(session, self.subscriptions[row_id], why="left by the link", actor="reader")
        if row_id not in answer.begun:
            self.forbidden.add(row_id)

    @precondition(lambda self: len(self.forbidden) > 1)
    @rule()
    def stop(self) -> None:
        with self.store.write() as session:
            if mailings.need(session, self.mailing_id).state == "sending":
                mailings.stop(session, mailings.need(session, self.mailing_id), "a person")

    # What must hold after every step.

    @invariant()
    def nobody_is_lost_and_copies_are_named(self) -> None:
        assert not self.wrong, self.wrong
        with self.store.read() as session:
            rows = session.scalars(select(Delivery)).all()
            state = mailings.need(session, self.mailing_id).state
        for row in rows:
            copies = self.accepted[row.id]
            assert copies or row.state != "accepted", f"{row.id} is lost: called accepted, and never arrived"
            is_named = row.again or row.state == "uncertain"
            assert copies <= 1 or is_named, f"{row.id} got {copies} and is not named"
            is_open = row.state in ("queued", "begun", "waiting")
            assert not (is_open and state == "sent"), f"the mailing is called sent, and {row.id} is {row.state}"
            if copies and not is_named:
                assert row.state in ("accepted", "begun"), f"{row.id} got it and is called {row.state}"

    def some(self, fits: Callable[[Process], object]) -> list[Process]:
        """Return the processes that are so."""
        return [process for process in self.processes.values() if fits(process)]

    def _settle(self, row_id: int, attempt: int, state: str) -> None:
        next_at = clock.now() + NOW if state in ("waiting", "uncertain") else None
        with self.store.write() as session:
            ledger.settle(session, "mailing", [Settled(row_id, attempt, state, why="told", next_at=next_at)])


@pytest.fixture(autouse=True)
def _no_power_cut_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk: the steps are what is tried."""
    monkeypatch.setattr(engine, "PRAGMAS", (*engine.PRAGMAS, "synchronous=OFF"))


@pytest.fixture(scope="module")
def started(tmp_path_factory, sqlite_template, keys) -> Path:
    """Make a store with a mailing that has just been frozen, to copy."""
    path = tmp_path_factory.mktemp("queue") / "store.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    freeze_all(store, make_started(store, Config(), keys, READERS), 100)
    store.close()
    return path


def run(template: Path, examples: int) -> None:
    """Try so many sequences of steps; raise what the first one that breaks a promise says."""
    machine = type("Queue", (Queue,), {"template": template})
    quick = settings(
        max_examples=examples, stateful_step_count=25, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate], print_blob=False,
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=quick)


def test_nothing_that_may_happen_breaks_a_promise(started) -> None:
    run(started, 30)


def checkpoint_at_fetch(patch: pytest.MonkeyPatch) -> None:
    """Put in the bug of a sender that calls rows done when it has read them."""
    waiting_rows = ledger.waiting_rows

    def fetch(session, mine, after, limit):
        rows = waiting_rows(session, mine, after, limit)
        done = update(Delivery).where(Delivery.id.in_([row.id for row in rows]))
        session.execute(done.values(state="accepted", first_begun_at=clock.now(), final_at=clock.now()))
        return rows

    patch.setattr(ledger, "waiting_rows", fetch)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    """Put in the bug of a process that does not look at its lease before it writes."""
    patch.setattr(Hold, "is_ours", True)


def lease_by_time_only(patch: pytest.MonkeyPatch) -> None:
    """Put in the bug of a lease that has a time and no owner: whoever comes late finds it valid."""
    leased = marks.is_leased
    patch.setattr(marks, "is_leased", lambda: or_(text("1 = 1"), leased()))
    # Those built before stay as they are.
    patch.setattr(marks, "begin", marks.begin.__wrapped__)
    no_fence(patch)


@pytest.mark.parametrize("bug", [checkpoint_at_fetch, no_fence, lease_by_time_only], ids=lambda bug: bug.__name__)
def test_it_finds(started, monkeypatch, bug) -> None:
    bug(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        run(started, 200)
