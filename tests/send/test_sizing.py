"""What `mailer check` says of relays that cannot carry what the lists need."""

from datetime import date

import pytest

from mailer.config import Config
from mailer.config_sections import Relay
from mailer.mailing import capacity
from mailer.send import sizing
from tests.make import make_list, make_reader


def configured(**relays: dict[str, object]) -> Config:
    """Return a configuration with these relays."""
    return Config.model_validate({"relay": relays})


def test_a_sender_no_relay_serves_is_named_with_its_list(store) -> None:
    with store.write() as session:
        make_list(session)
        make_list(session, "museum", from_address="museum@art.example")
        found = list(sizing.warnings(session, configured(main={"domains": ["water.example"]})))
        assert found == [
            "list museum: no relay carries mail from art.example; add it to the domains of one of main",
        ]
        assert list(sizing.warnings(session, configured(main={}))) == []


def test_limits_that_make_the_largest_list_take_longer_than_a_day_are_named(store, keys) -> None:
    with store.write() as session:
        press, small = make_list(session), make_list(session, "small")
        for number in range(30):
            make_reader(session, keys, f"reader{number}@example.org", press, *([small] if number < 5 else []))
        found = list(sizing.warnings(session, configured(one={"per_day": 6}, two={"per_day": 6})))
        assert found == [
            "list press: its 30 readers take 2.5 days, for one, two may carry 12 messages a day; "
            "raise the limits, or add a relay"
        ]
        assert list(sizing.warnings(session, configured(one={"per_day": 6}, two={}))) == []
        assert list(sizing.warnings(session, configured(one={"per_day": 30}))) == []


@pytest.mark.parametrize(
    ("relay", "most"),
    [
        (Relay(), None),
        (Relay(per_minute=2), 2880),
        (Relay(per_minute=2, per_hour=100), 2400),
        (Relay(warm_up=(200, 500), warm_up_from="2027-03-01"), 500),
        (Relay(warm_up=(200, 500), warm_up_from="2027-03-02", per_day=300), 200),
        (Relay(warm_up=(200,), warm_up_from="2027-02-01", per_day=300), 300),
    ],
)
def test_what_a_relay_may_carry_in_a_day(relay, most) -> None:
    assert capacity.a_day(relay, date(2027, 3, 2)) == most
