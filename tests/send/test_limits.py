"""Limits of relays: no window holds more than the limit, whatever clocks, workers and machines do."""

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.config_sections import Relay
from mailer.send import limits
from mailer.send.limits import DAY, GO_SECONDS, SECOND, cap_of, draw, limits_of
from mailer.store.engine import Store
from mailer.store.tables import EPOCH

BEGINNING = 20_000 * DAY
_names = itertools.count()


@dataclass
class World:
    """True time, a database's clock that is set to and fro, machines that count from their own start."""

    now: int = BEGINNING
    offset: int = 0
    boots: dict[str, int] = field(default_factory=lambda: {"a": BEGINNING - 5 * SECOND, "b": BEGINNING - 900 * SECOND})
    here: str = "a"

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Put its clocks in the place of the real ones."""
        patch.setattr(limits, "_wall", lambda _session: EPOCH + timedelta(microseconds=self.now + self.offset))
        patch.setattr(limits, "boot_id", lambda: f"{self.here}{self.boots[self.here]}")
        patch.setattr(limits, "boottime", lambda: (self.now - self.boots[self.here]) / SECOND)


def busiest(used: list[int], seconds: int) -> int:
    """Return the most messages in any window."""
    used = sorted(used)
    most = first = 0
    for last, at in enumerate(used):
        while at - used[first] >= seconds * SECOND:
            first += 1
        most = max(most, last - first + 1)
    return most


steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 400, 1_000, 5_000, 30_000, 61_000, 900_000, 3_700_000, 80_000_000])),
    st.tuples(st.just("set the clock"), st.sampled_from([-7200, -3, 3, 61, 3601, 86_401, 10**7])),
    st.tuples(st.just("draw"), st.tuples(st.sampled_from("ab"), st.integers(1, 30), st.integers(0, 30))),
    st.tuples(st.just("start a machine anew"), st.sampled_from("ab")),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(plan=st.lists(steps, min_size=20, max_size=80), late=st.floats(0, GO_SECONDS))
def test_no_window_holds_more_than_its_limit(sqlite_store, plan, late) -> None:
    relay = Relay(per_minute=20, per_hour=60, per_day=150)
    world, used, name = World(), list[int](), f"relay{next(_names)}"
    was_set = False
    with pytest.MonkeyPatch.context() as patch, sqlite_store.write() as session:
        world.use(patch)
        for machine in "ab":
            world.here = machine
            used += [world.now] * draw(session, name, limits_of(relay, is_urgent=True), 1).count
        for what, value in plan:
            if what == "wait":
                world.now += value * 1000
            elif what == "set the clock":
                world.offset, was_set = world.offset + value * SECOND, True
            elif what == "start a machine anew":
                # It has nothing but the database's clock; if that was set meanwhile nobody can know.
                if not was_set:
                    world.here, world.boots[value] = value, world.now
                    used += [world.now] * draw(session, name, limits_of(relay, is_urgent=True), 1).count
            else:
                world.here, wanted, unused = value
                grant = draw(session, name, limits_of(relay, is_urgent=True), wanted)
                unused = min(unused, grant.count)
                used += [world.now + int(late * SECOND)] * (grant.count - unused)
                if unused:
                    draw(session, name, limits_of(relay, is_urgent=True), 0, {grant.moment: unused})
        assert busiest(used, 60) <= 20
        assert busiest(used, 3600) <= 60
        assert busiest(used, 86_400) <= 150
        # And nobody is held up for ever.
        world.now += 2 * DAY
        assert draw(session, name, limits_of(relay, is_urgent=True), 100).count == 20


@pytest.fixture(scope="module")
def sqlite_store(sqlite_template, tmp_path_factory):
    """Open one store for all examples."""
    path = tmp_path_factory.mktemp("limits") / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


def test_a_new_machine_takes_the_time_from_the_database_but_never_backwards(store, monkeypatch) -> None:
    world, found = World(), limits_of(Relay(per_minute=10), is_urgent=True)
    world.use(monkeypatch)
    with store.write() as session:
        assert draw(session, "main", found, 10).count == 10
    world.now += 70 * SECOND
    world.offset = -3600 * SECOND
    world.boots["a"] = world.now
    with store.write() as session:
        assert draw(session, "main", found, 10).count == 0
    # From now on it counts for itself, whatever that clock says.
    world.offset = 0
    world.now += 65 * SECOND
    with store.write() as session:
        assert draw(session, "main", found, 10).count == 10


def test_a_warm_up_rises_day_by_day_and_then_the_usual_limit_holds(store, monkeypatch) -> None:
    world = World(now=BEGINNING + DAY // 3)
    world.use(monkeypatch)
    first = (EPOCH + timedelta(microseconds=BEGINNING)).date().isoformat()
    found = limits_of(Relay(warm_up=(20, 50, 100), warm_up_from=first, per_day=400), is_urgent=True)
    given = []
    for _ in range(5):
        with store.write() as session:
            given.append(draw(session, "main", found, 1000).count)
        world.now += 25 * 3600 * SECOND
    assert given == [20, 50, 100, 400, 400]


def test_mailings_leave_something_of_a_limit_to_notices(store) -> None:
    relay = Relay(per_day=100)
    with store.write() as session:
        assert draw(session, "main", limits_of(relay, is_urgent=False), 1000).count == 98
        assert draw(session, "main", limits_of(relay, is_urgent=True), 1000).count == 2


def test_a_lowered_limit_counts_what_was_spent_before(store) -> None:
    with store.write() as session:
        assert draw(session, "main", limits_of(Relay(per_hour=100), is_urgent=True), 60).count == 60
        grant = draw(session, "main", limits_of(Relay(per_hour=50), is_urgent=True), 60)
    assert (grant.count, 3500 < grant.opens < 3700) == (0, True)


@pytest.mark.parametrize(("per_second", "seconds", "at_most"), [(20, 10, 220), (0.5, 60, 31), (2.5, 10, 27)])
def test_a_cap_gives_so_many_a_second(store, monkeypatch, per_second, seconds, at_most) -> None:
    world, cap = World(), (cap_of(per_second),)
    world.use(monkeypatch)
    count = 0
    with store.write() as session:
        for _ in range(seconds * 10):
            count += draw(session, "main gmail.com", cap, 3).count
            world.now += SECOND // 10
    assert at_most * 0.8 <= count <= at_most
