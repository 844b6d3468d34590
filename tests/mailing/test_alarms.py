"""Staff hear of an attack on the forms while it goes on, and its victim gets next to nothing."""

import itertools

import pytest

from mailer.config import Config
from mailer.duties import Duties
from mailer.mailing import alarms
from mailer.people import breaker, limits, signups
from mailer.staff import team
from mailer.store.tables import Notice
from tests.make import make_list

LISTS = ("press", "works", "board", "jobs", "water")
VICTIM = (
    "victim@gmail.com",
    "Victim+{0}@gmail.com",
    "v.ictim@googlemail.com",
    "VIC.TIM@gmail.com",
    "ｖictim@gmail.com",
)


@pytest.fixture
def duties(store, config, keys, moving_clock) -> Duties:
    with store.write() as session:
        for name in LISTS:
            make_list(session, name, title=name.title())
        team.add(session, name="Olga", address="olga@water.example", role="operator", actor="test")
        team.add(session, name="Wim", address="wim@water.example", role="writer", actor="test")
        gone = team.add(session, name="Gone", address="gone@water.example", role="operator", actor="test")
        team.disable(session, gone, actor="test")
    return Duties(store, config, keys)


def notices_of(store, kind: str) -> list[Notice]:
    with store.read() as session:
        return list(session.query(Notice).filter_by(kind=kind).order_by(Notice.id))


def attack(store, duties, clock, numbers, seconds: float) -> None:
    """Sign the victim up to every list, from another network and in another spelling each time; the clock ticks."""
    for number in numbers:
        with store.write() as session:
            text = VICTIM[number % len(VICTIM)].format(number)
            signups.write(
                session, address_text=text, lists=LISTS, network=f"203.{number >> 8}.{number & 255}.9", words="{list}"
            )
        clock.move(seconds=seconds)
        if number % 25 == 24:
            duties.tick()
    duties.tick()


def test_one_victim_all_lists_five_hundred_networks(store, duties, moving_clock) -> None:
    begun = moving_clock.now()
    attack(store, duties, moving_clock, range(500), 1.2)
    first = notices_of(store, "alarm")
    assert [(row.address, row.facts["title"]) for row in first[:1]] == [
        ("olga@water.example", "Somebody misuses the sign-up forms")
    ]
    assert (first[0].made_at - begun).total_seconds() <= 300
    text = "\n".join(row.facts["lines"] for row in first)
    assert "entered" in text
    assert "press: " in text
    assert "0 confirmed" in text
    assert len(first) <= 2, "one for the mailbox, one for all the forms together"
    with store.read() as session:
        assert all(breaker.asks_for_work(session, [name]) for name in LISTS)
    # Another day, and another: the attack goes on for a month.
    for day in range(1, 25):
        moving_clock.move(hours=24)
        attack(store, duties, moving_clock, range(day * 4, day * 4 + 4), 1)
    sent = [row.made_at for row in notices_of(store, "confirm")]
    assert len(sent) == 3
    assert min(later - earlier for earlier, later in itertools.pairwise(sent)) >= limits.DAY


def test_a_form_that_people_use_asks_nothing_of_them(store, duties, config, moving_clock) -> None:
    """A hundred sign-ups in an hour of which a third confirms, and a flood of thousands that does as well."""
    for number in range(100):
        with store.write() as session:
            breaker.note_asked(session, ["press"], str(number))
            if number % 3 == 0:
                breaker.note_confirmed(session, ["press"], "example.org")
        moving_clock.move(seconds=30)
        with store.write() as session:
            assert breaker.watch(session, config) == []
    assert notices_of(store, "alarm") == []


def test_the_breaker_waits_for_people_to_confirm_and_closes_an_hour_after_the_attack(
    store, config, keys, moving_clock
) -> None:
    with store.write() as session:
        for number in range(config.signup.breaker_signups):
            breaker.note_asked(session, ["press"], str(number))
        breaker.note_asked(session, ["works"], "x")
        assert breaker.watch(session, config) == []
        moving_clock.move(minutes=3)
        assert breaker.watch(session, config) == [breaker.Attack("press", config.signup.breaker_signups, 0)]
        assert breaker.asks_for_work(session, ["works", "press"])
        assert not breaker.asks_for_work(session, ["works"])
        moving_clock.move(minutes=30)
        assert breaker.watch(session, config) == [], "told once"
        moving_clock.move(minutes=40)
        assert breaker.watch(session, config) == []
        assert breaker.asks_for_work(session, ["press"]), "for an hour after the last bad look"
        moving_clock.move(minutes=30)
        assert not breaker.asks_for_work(session, ["press"])
        never = Config.model_validate({"signup": {"breaker_percent": 0, "breaker_signups": 1}})
        for number in range(100):
            breaker.note_asked(session, ["press"], str(number))
        moving_clock.move(minutes=3)
        assert breaker.watch(session, never) == []
        assert len(breaker.watch(session, config)) == 1


def test_few_at_each_of_many_forms_are_seen_too(store, config, moving_clock) -> None:
    names = [f"list{number}" for number in range(11)]
    with store.write() as session:
        for number in range(10):
            breaker.note_asked(session, names, str(number))
        moving_clock.move(minutes=3)
        assert [one.list_name for one in breaker.watch(session, config)] == sorted(names)
        moving_clock.move(hours=3)
        for number in range(10):
            breaker.note_asked(session, names, str(number))
            breaker.note_confirmed(session, names[:3], "x")
        moving_clock.move(minutes=3)
        assert breaker.watch(session, config) == []


def test_a_flood_is_not_waited_for(store, config, moving_clock) -> None:
    with store.write() as session:
        for number in range(config.signup.breaker_signups * breaker.FLOOD):
            breaker.note_asked(session, ["press"], str(number))
        assert [one.list_name for one in breaker.watch(session, config)] == ["press"]


def test_the_same_alarm_is_not_told_every_hour(store, config, keys, duties, moving_clock) -> None:
    told = []
    for _ in range(14):
        with store.write() as session:
            for number in range(config.signup.breaker_signups):
                breaker.note_asked(session, ["press"], str(number))
        moving_clock.move(minutes=10)
        with store.write() as session:
            told.append(alarms.watch_forms(session, config, keys))
        moving_clock.move(minutes=110)
    # The counted hour is over long before the next attack; what is fresh each time is told every six hours.
    assert told.count(True) == 5
    assert len(notices_of(store, "alarm")) == 5
