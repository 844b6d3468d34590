"""Segments and aims: what each condition means on both stores, and what freezing makes of it."""

from datetime import timedelta

import pytest

from mailer import clock
from mailer.config import Config
from mailer.errors import BadInput, Refused
from mailer.mailing import aiming, approval, audience, mailings, press, segments
from mailer.mailing.aiming import Aim
from mailer.mailing.segments import Condition, Rules
from mailer.store.engine import Store
from mailer.store.tables import Delivery, Subscriber
from mailer.tokens import Keys
from tests.make import freeze_all, make_draft, make_list, make_reader, start

ATTRIBUTES = ["city"]
PEOPLE = {
    "ada@example.org": ("Ada", "en", "Upper Arden"),
    "bob@example.org": ("Bob 100%", "de", "Lower Arden"),
    "eve@example.org": ("", "de-AT", ""),
    "kim@example.org": ("Kim", "fr", "upper arden"),
}


@pytest.fixture
def sent(store: Store, config: Config, keys: Keys) -> int:
    """Make four readers of two lists, of whom one got an earlier mailing; return the number of that mailing."""
    with store.write() as session:
        press, works = make_list(session, "press"), make_list(session, "works")
        for address, (name, language, city) in PEOPLE.items():
            here = [press, works] if address.startswith("eve") else [press]
            person = make_reader(session, keys, address, *here, name=name)
            person.language, person.attributes = language, {"city": city} if city else {}
        person.created_at = clock.now() - timedelta(days=40)
        number = make_draft(session, config, ("works",)).id
    start(store, config, keys, number)
    freeze_all(store, number)
    with store.write() as session:
        for row in session.query(Delivery).filter_by(mailing_id=number):
            row.first_begun_at = row.begun_at = row.final_at = clock.now()
            row.state, row.attempt, row.worker, row.tries = "accepted", 1, "worker", 1
    return number


def found(store: Store, *conditions: Condition, match: str = "all") -> str:
    """Return the first letters of everybody the conditions hold for."""
    with store.read() as session:
        rules = segments.checked(session, Rules(match, conditions), ATTRIBUTES)
        assert segments.of_kept(rules.kept()).conditions == rules.conditions
        assert all(segments.words(session, rules, {"city": "Town"}))
        holds = segments.holds(rules, "Europe/London")
        people = session.query(Subscriber).filter(holds).order_by(Subscriber.address_key)
        return "".join(person.address[0] for person in people)


def test_each_condition_finds_whom_it_names(store: Store, sent: int) -> None:
    city, today = "attribute:city", clock.now().date().isoformat()
    with store.read() as session:
        works = str(mailings.lists_of(session, sent)[0].id)
    assert found(store) == "abek"
    assert found(store, Condition(city, "is", "Upper Arden")) == "ak"
    assert found(store, Condition(city, "is not", "Upper Arden")) == "be"
    assert found(store, Condition(city, "contains", "ARDEN")) == "abk"
    assert found(store, Condition(city, "is empty", "ignored")) == "e"
    assert found(store, Condition("name", "is filled")) == "abk"
    assert found(store, Condition("name", "contains", "0%")) == "b"
    assert found(store, Condition("name", "contains", "_")) == ""
    assert found(store, Condition("language", "is", "de")) == "be"
    assert found(store, Condition("language", "is not", "de")) == "ak"
    assert found(store, Condition("joined", "before", today)) == "k"
    assert found(store, Condition("joined", "within", "30")) == "abe"
    assert found(store, Condition("joined", "since", "2000-01-01")) == "abek"
    assert found(store, Condition("list", "on", works)) == "e"
    assert found(store, Condition("list", "not on", works)) == "abk"
    assert found(store, Condition("mailing", "received", str(sent))) == "e"
    assert found(store, Condition("mailing", "not received", str(sent))) == "abk"
    two = Condition("language", "is", "de"), Condition(city, "is filled")
    assert [found(store, *two, match=match) for match in segments.MATCHES] == ["b", "abek", ""]


def test_what_cannot_be_asked_is_refused(store: Store, sent: int) -> None:
    wrong = [
        Condition("attribute:salary", "is", "1"), Condition("text", "is", "x"), Condition("address_hash", "is", "x"),
        Condition("name", "like", "x"), Condition("name", "is", " "), Condition("joined", "within", "-3"),
        Condition("joined", "before", "tomorrow"), Condition("list", "on", "999"), Condition("list", "on", "1 OR 1"),
        Condition("mailing", "received", "9" * 30), Condition("language", "is", "Elvish tongue"),
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(BadInput, match="conditions"):
            found(store, each)
    with pytest.raises(BadInput, match="match"):
        found(store, match="some")
    with pytest.raises(BadInput, match="at most 20"):
        found(store, *[Condition("name", "is filled")] * 21)


def test_freezing_gives_everybody_a_row_with_the_reason(store: Store, config: Config, keys: Keys, sent: int) -> None:
    with store.write() as session:
        mailing = make_draft(session, config, ("works",))
        number, revision = mailing.id, mailing.revision
        rules = Rules("none", (Condition("name", "is", "kim"),))
        aim = Aim(["press"], ["works"], ("de", "fr"), rules)
        better = aiming.change(session, config, mailing, aim)
        assert mailing.revision == revision + 1
        assert aiming.change(session, config, mailing, aim) == better == aiming.of_mailing(session, number)
        assert mailing.revision == revision + 1
        reasons = audience.count(session, number)
        assert (reasons.chosen, reasons.written) == (4, 1)
        assert sorted(reasons.left_out) == ["excluded", "excluded: another language", "excluded: by the conditions"]
        shown = audience.sample(session, audience.whom(session, number))
        assert [person["address"] for person in shown] == ["bob@example.org"]
    start(store, config, keys, number)
    freeze_all(store, number)
    with store.read() as session:
        rows = session.query(Delivery).filter_by(mailing_id=number).order_by(Delivery.address)
        assert [(row.address[0], row.state, row.why) for row in rows] == [
            ("a", "left_out", "excluded: another language"),
            ("b", "queued", ""),
            ("e", "left_out", "excluded"),
            ("k", "left_out", "excluded: by the conditions"),
        ]
    with store.write() as session, pytest.raises(Refused, match="cannot be edited"):
        aiming.change(session, config, mailings.need(session, number), Aim(["press"]))


def test_an_approval_is_of_these_readers(store: Store, config: Config, keys: Keys, sent: int) -> None:
    seen = []
    with store.write() as session:
        mailing = make_draft(session, config, ("press",))
        one = Rules("all", (Condition("name", "is filled"),))
        for aim in (Aim(["press"]), Aim(["press"], rules=one), Aim(["press"], languages=("de",))):
            aiming.change(session, config, mailing, aim)
            seen += [approval.digest(session, press.proofread(session, config, keys, mailing.id)) for _ in range(2)]
    assert len(set(seen)) == 3


def test_an_aim_needs_a_list_that_is_not_left_out(store: Store, config: Config, sent: int) -> None:
    for aim in (Aim([]), Aim(["press"], ["press"]), Aim(["press"], languages=("Elvish tongue",))):
        with store.read() as session, pytest.raises(BadInput):
            aiming.checked(session, config, sent, aim)


def test_a_segment_is_kept_replaced_and_deleted(store: Store, sent: int) -> None:
    rules = Rules("any", (Condition("name", "is filled"),))
    with store.write() as session:
        first = segments.keep(session, " Named  people ", rules, actor="test")
        again = segments.keep(session, "Named people", Rules("none", rules.conditions), actor="test")
        assert first.id == again.id
        assert segments.of_kept(segments.need(session, first.id).rules).match == "none"
        for name, wrong in ((" ", rules), ("x", Rules())):
            with pytest.raises(BadInput):
                segments.keep(session, name, wrong, actor="test")
        segments.delete(session, first)
        assert not segments.every(session)
