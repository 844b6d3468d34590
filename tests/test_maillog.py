"""The mail log: one line an event, and nobody's address in it."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer import maillog


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Catch what is written to the mail log."""
    caplog.set_level(logging.INFO, "mailer.mail")
    return caplog


def test_an_event_is_one_line_of_fields(log: pytest.LogCaptureFixture) -> None:
    maillog.note("accepted", "ann@example.org", mailing=7, relay="local", reply="250 2.0.0 queued as 4F2")
    assert log.messages == ['accepted to=a…n@example.org mailing=7 relay=local reply="250 2.0.0 queued as 4F2"']


def test_an_event_without_a_person_has_no_person(log: pytest.LogCaptureFixture) -> None:
    maillog.note("stopped", mailing=7)
    assert log.messages == ["stopped mailing=7"]


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <ann@example.org>: no such user",
        "550 5.1.1 ann@example.org unknown",
        "550 to=ann@example.org",
        "450 'ann@example.org' (try later)",
        "550 bounce+ann@example.org;ann@example.org,ann@example.org",
        "550 [ann@example.org]",
    ],
)
def test_the_address_in_a_reply_is_masked_too(log: pytest.LogCaptureFixture, reply: str) -> None:
    maillog.note("refused", "ann@example.org", reply=reply)
    assert "ann@" not in log.text
    assert "example.org" in log.text


@pytest.mark.parametrize("address", ["ann", "ann.example.org", "ann@", "@ann"])
def test_what_is_no_address_is_not_shown(log: pytest.LogCaptureFixture, address: str) -> None:
    maillog.note("refused", address)
    assert log.messages == ["refused to=…"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_no_value_ends_the_line_or_poses_as_a_field(log: pytest.LogCaptureFixture, value: str) -> None:
    log.clear()
    maillog.note("refused", reply=value, code=550)
    (line,) = log.messages
    assert line.isprintable()
    assert line.startswith("refused reply=")
    assert line.endswith(" code=550")
    inside = line.removeprefix("refused reply=").removesuffix(" code=550")
    plain = inside[1:-1] if inside.startswith('"') else inside
    assert '"' not in plain
    assert inside.startswith('"') or not set(inside) & set(" =")


def test_nothing_is_made_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "mailer.mail")
    maillog.note("accepted", "ann@example.org")
    assert not caplog.messages
