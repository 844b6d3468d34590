"""Everything that can happen to people, in any order: nobody is ever active against their will."""

import itertools
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from mailer import address, clock, tokens
from mailer.config import Config
from mailer.errors import NotFound, Refused
from mailer.outcomes import erasure, events
from mailer.people import (
    confirmation,
    consent,
    lists,
    purge,
    roster,
    signups,
    subscribers,
    subscriptions,
    suppression,
)
from mailer.people.roster_file import Row
from mailer.store.engine import Store
from mailer.store.tables import Consent, Signup, Subscriber, Subscription
from tests.make import make_list

# Two spellings of one mailbox, and somebody else.
SPELLINGS = ("Ann@Bücher.example", "ann@xn--bcher-kva.example", "bea@example.org")
LISTS = ("press", "news")
KEYS = tokens.new_keys()
CONFIG = Config.model_validate(
    {"signup": {"per_address_day": 20, "per_address_pending": 100, "per_network_hour": 10000}}
)
AGREED = ("confirmed", "added", "imported")

spellings = st.sampled_from(SPELLINGS)
names = st.sampled_from(LISTS)
any_one = st.integers(0, 30)


class Story(RuleBasedStateMachine):
    """People ask, confirm, leave, undo, are brought in, suppressed, erased; time goes on."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "story.db")
        self.store = Store(f"sqlite:///{self.folder / 'story.db'}")
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self._clock, clock.now = clock.now, lambda: self.moment
        self.links: list[tuple[int, int]] = []
        self.lines = itertools.count(2)
        with self.store.write() as session:
            for name in LISTS:
                make_list(session, name)

    def teardown(self) -> None:
        """Put the clock back and remove the store."""
        clock.now = self._clock
        self.store.close()
        shutil.rmtree(self.folder)

    def pick(self, session: Any, number: int) -> Subscription | None:
        """Return one of the subscriptions there are."""
        found = session.scalars(select(Subscription).order_by(Subscription.id)).all()
        return found[number % len(found)] if found else None

    @rule(minutes=st.sampled_from((1, 60, 60 * 24, 60 * 24 * 8, 60 * 24 * 31)))
    def time_goes_on(self, minutes: int) -> None:
        """Let time pass, and do what the clock does then."""
        self.moment += timedelta(minutes=minutes)
        with self.store.write() as session:
            subscriptions.resume_due(session)
            purge.forget_pending(session, self.moment - timedelta(days=30))

    @rule(spelled=spellings, wanted=st.lists(names, min_size=1, max_size=2))
    def sign_up(self, spelled: str, wanted: list[str]) -> None:
        """Fill in the form; sometimes a confirm mail follows."""
        with self.store.write() as session:
            signups.write(session, address_text=spelled, lists=wanted, words="I want {list}")
            for followup in signups.take(session, KEYS, CONFIG):
                if followup.kind == "confirm":
                    self.links.append((followup.subscriber_id, consent.minute(followup.asked_at)))

    @precondition(lambda self: self.links)
    @rule(number=any_one)
    def press_confirm(self, number: int) -> None:
        """Press the button of some confirm mail, perhaps an old one."""
        self.attempt(confirmation.confirm, CONFIG, *self.links[number % len(self.links)])

    @precondition(lambda self: self.links)
    @rule(number=any_one)
    def press_not_me(self, number: int) -> None:
        """Press "that was not me" in some confirm mail."""
        self.attempt(events.not_me, *self.links[number % len(self.links)], actor="link")

    @rule(number=any_one)
    def leave(self, number: int) -> None:
        """Leave one list, perhaps again."""
        with self.store.write() as session:
            if one := self.pick(session, number):
                assert events.leave(session, one.id, why=events.BY_LINK, actor="link").begun == ()
                assert session.get_one(Subscription, one.id).state == "ended"

    @rule(number=any_one)
    def leave_everything(self, number: int) -> None:
        """Leave everything."""
        with self.store.write() as session:
            if one := self.pick(session, number):
                events.leave_all(session, one.subscriber_id, actor="choices")
                assert not self.running(session, one.subscriber_id)

    @rule(number=any_one)
    def undo(self, number: int) -> None:
        """Take a leaving back, where that is possible."""
        with self.store.read() as session:
            one = self.pick(session, number)
        if one:
            self.attempt(events.undo_leave, one.id, actor="link")

    @rule(number=any_one)
    def pause(self, number: int) -> None:
        """Pause a subscription, where that is possible."""
        self.attempt(self._pause, number)

    def _pause(self, session: Any, number: int) -> None:
        if one := self.pick(session, number):
            subscriptions.pause(session, one, self.moment + timedelta(days=30))

    @rule(brought=st.lists(spellings, min_size=1, max_size=3, unique_by=lambda one: address.parse(one).key), name=names)
    def bring_in(self, brought: list[str], name: str) -> None:
        """Import a file: nobody who ended or is suppressed or is pending comes to it by that."""
        rows = [Row(next(self.lines), one, address.parse(one)) for one in brought]
        with self.store.write() as session:
            before = self.states(session)
            mlist = lists.named(session, name)
            held = {one for one in brought if suppression.find(session, KEYS, address.parse(one).key)}
            run = roster.begin(session, mlist, file="x.csv", statement="on paper", actor="cli")
            judged = roster.judge_chunk(session, KEYS, mlist, rows)
            assert roster.import_chunk(session, KEYS, mlist, rows, run) == judged
            after = self.states(session)
        assert {key: after[key] for key in before} == before
        added = {one.address for one in judged if one.result == "added"}
        assert len(after) - len(before) == len(added)
        assert not added & held

    @rule(spelled=spellings, name=names)
    def operator_adds(self, spelled: str, name: str) -> None:
        """Add somebody on paper; refused for who left or is suppressed."""
        self.attempt(self._add, spelled, name)

    def _add(self, session: Any, spelled: str, name: str) -> None:
        person = subscribers.find_or_make(session, KEYS, address.parse(spelled))
        subscriptions.add_confirmed(session, person, lists.named(session, name), statement="on paper", actor="cli")

    @rule(spelled=spellings, scope=st.sampled_from(("all", "mailings")))
    def suppress(self, spelled: str, scope: str) -> None:
        """Let an operator, a bounce or a complaint suppress an address."""
        with self.store.write() as session:
            suppression.suppress(session, KEYS, address.parse(spelled).key, scope=scope, reason="by the operator")

    @rule(spelled=spellings)
    def lift(self, spelled: str) -> None:
        """Let an operator lift what holds for scope all."""
        with self.store.write() as session:
            suppression.lift(session, KEYS, address.parse(spelled).key, why="by mistake", scope="all")

    @rule(spelled=spellings)
    def erase(self, spelled: str) -> None:
        """Erase somebody we know."""
        with self.store.write() as session:
            person = subscribers.find(session, spelled)
            if person:
                erasure.erase(session, KEYS, person.id, actor="choices")
                assert subscribers.find(session, spelled) is None
                assert suppression.is_suppressed(session, person.address_hash, for_mailings=True)

    def attempt(self, verb: Any, *given: Any, **named: Any) -> None:
        """Do it; a refusal must change nothing."""
        with self.store.write() as session:
            before = self.states(session)
            try:
                verb(session, *given, **named)
            except (NotFound, Refused):
                # Not found: the link of somebody who was forgotten meanwhile.
                session.flush()
                assert self.states(session) == before

    def states(self, session: Any) -> dict[int, str]:
        """Return the state of every subscription."""
        return {one.id: one.state for one in session.execute(select(Subscription.id, Subscription.state))}

    def running(self, session: Any, subscriber_id: int) -> list[str]:
        """Return the open states of a person."""
        found = select(Subscription.state).where(
            Subscription.subscriber_id == subscriber_id, Subscription.state.in_(subscriptions.OPEN)
        )
        return list(session.scalars(found))

    @invariant()
    def nobody_is_active_without_agreeing_after_their_last_no(self) -> None:
        """Fold every history: a yes, a no, and an undone no that had a yes before."""
        with self.store.read() as session:
            agreed: dict[tuple[int, int], list[bool]] = {}
            for row in session.scalars(select(Consent).order_by(Consent.id)):
                said = agreed.setdefault((row.subscriber_id, row.list_id), [False])
                if row.kind in AGREED:
                    said.append(True)
                elif row.kind in ("withdrawn", "not me"):
                    said.append(False)
                elif row.kind == "undone":
                    assert said.pop() is False
            for one in session.scalars(select(Subscription).where(Subscription.state.in_(("active", "paused")))):
                assert agreed[one.subscriber_id, one.list_id][-1]

    @invariant()
    def one_person_for_each_mailbox_and_nobody_erased_gets_anything(self) -> None:
        """Spellings of a mailbox are one row; an erased one is empty and has nothing open."""
        with self.store.read() as session:
            people = session.scalars(select(Subscriber)).all()
            known = [one.address_key for one in people if not one.erased_at]
            assert set(known) <= {address.parse(one).key for one in SPELLINGS}
            for one in people:
                if one.erased_at:
                    assert (one.address, one.name, one.attributes) == ("", "", {})
                    assert not self.running(session, one.id)

    @invariant()
    def no_handled_sign_up_keeps_an_address(self) -> None:
        """What was typed is gone once it was handled."""
        with self.store.read() as session:
            assert (
                session.scalars(select(Signup.id).where(Signup.handled_at.is_not(None), Signup.address != "")).all()
                == []
            )


def test_nobody_is_ever_active_against_their_will(sqlite_template) -> None:
    machine = type("StoryHere", (Story,), {"template": sqlite_template})
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=30, deadline=None))
