"""Several relays as one service: counted at the relays, while some are dead, silent, refuse us or ask for less."""

import asyncio
import socket
import time
from collections import Counter

import pytest
from sqlalchemy import select

from mailer.config import Config
from mailer.mailing import mailings
from mailer.store.tables import Attempt
from tests.make import make_draft, make_list, make_reader, make_started, start
from tests.relay import DROP, STALL, relay
from tests.send.running import act, figures, sending, sent, state_of, trouble
from tests.send.test_notice_lane import write_notice

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def several(relays: dict[str, dict[str, object]], **send: object) -> Config:
    """Return a configuration with these relays and without patience."""
    usual = {"ehlo_name": "us.test", "connections": 4, "data_seconds": 5}
    quick = {"tick_seconds": 0.05, "lease_seconds": 2, "first_retry_seconds": 0.05, "uncertain_seconds": 0.05}
    return Config.model_validate(
        {"relay": {name: {**usual, **given} for name, given in relays.items()}, "send": {**quick, **send}}
    )


def nobody_listens() -> int:
    """Return a port where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def make_mixed(store, config, keys, counts: dict[str, int], **sender: str) -> int:
    """Start a mailing to so many readers at each receiving domain; return its id."""
    with store.write() as session:
        mlist = make_list(session, **sender)
        for domain, count in counts.items():
            for number in range(count):
                make_reader(session, keys, f"reader{number}@{domain}", mlist)
        mailing_id = make_draft(session, config, (mlist.name,)).id
    start(store, config, keys, mailing_id)
    return mailing_id


def attempts(store) -> list[Attempt]:
    """Return every try that did not end in accepted."""
    with store.read() as session:
        return list(session.scalars(select(Attempt)))


async def test_a_limit_holds_for_two_workers_and_their_restart(store, keys) -> None:
    async with relay() as peer:
        config = several({"main": {"port": peer.port, "per_minute": 50, "per_day": 1000}})
        mailing_id = make_started(store, config, keys, readers=120)
        began = time.monotonic()
        async with sending(store, config, keys), sending(store, config, keys):
            await peer.until(lambda: len(peer.mails) >= 20)
        async with sending(store, config, keys) as one, sending(store, config, keys) as two:
            # One in fifty is kept for notices, and a busy machine may let some of what was drawn grow old.
            await peer.until(lambda: len(peer.mails) >= 40)
            stations = [worker._relays.stations["main"] for worker in (one, two)]
            await peer.until(lambda: any(station.is_dry(is_urgent=False) for station in stations))
            mails, lasted = len(peer.mails), time.monotonic() - began
        assert mails <= 50 or lasted > 60
        result = figures(store, mailing_id)
        assert (result.refused, result.uncertain, result.balanced) == (0, 0, True)


async def test_what_was_drawn_and_not_used_comes_back(store, keys) -> None:
    async with relay() as peer:
        peer.gate.clear()
        config = several({"main": {"port": peer.port, "per_day": 60, "connections": 4}})
        mailing_id = make_started(store, config, keys, readers=58)
        async with sending(store, config, keys) as worker:
            await peer.until(lambda: len(peer.written) == 4)
            await act(store, mailing_id, lambda session, mailing: mailings.pause(session, mailing, "a person"))
            worker.stop()
            peer.gate.set()
        await act(store, mailing_id, mailings.resume)
        async with sending(store, config, keys):
            assert (await sent(peer, store, mailing_id)).accepted == 58


async def test_a_dead_relay_and_a_silent_one_cost_nobody_anything(store, keys) -> None:
    async with relay() as good, relay(lambda stage, *_: STALL if stage == "connect" else None) as tarpit:
        config = several(
            {"dead": {"port": nobody_listens()}, "tarpit": {"port": tarpit.port}, "good": {"port": good.port}}
        )
        mailing_id = make_started(store, config, keys, readers=120)
        async with sending(store, config, keys):
            result = await sent(good, store, mailing_id)
        assert (result.accepted, result.balanced, len(good.taken)) == (120, True, 120)
        assert attempts(store) == []


async def test_what_a_tarpit_holds_goes_by_another_relay(store, keys) -> None:
    async with relay() as good, relay(lambda stage, *_: STALL if stage == "mail" else None) as tarpit:
        config = several({"tarpit": {"port": tarpit.port, "command_seconds": 1}, "good": {"port": good.port}})
        mailing_id = make_started(store, config, keys, readers=60)
        async with sending(store, config, keys):
            await good.until(lambda: len(good.taken) >= 60 - 4 * 4)
            result = await sent(good, store, mailing_id)
        assert (result.accepted, result.refused, result.uncertain) == (60, 0, 0)
        assert max(Counter(good.received()).values()) == 1


async def test_a_message_that_always_ends_its_connection_waits_in_the_end(store, keys, monkeypatch) -> None:
    monkeypatch.setattr("mailer.send.health.FIRST_PAUSE", 0.02)

    async with relay(lambda stage, *_: DROP if stage == "mail" else None) as touchy:
        config = several({"touchy": {"port": touchy.port, "connections": 1}}, first_retry_seconds=3600)
        mailing_id = make_mixed(store, config, keys, {"a.example": 1})
        async with sending(store, config, keys):
            await touchy.until(lambda: figures(store, mailing_id).waiting == 1)
    assert len(touchy.mails) == 5
    assert [attempt.verdict for attempt in attempts(store)] == ["later"]


async def test_an_uncertain_message_stays_with_its_relay(store, keys) -> None:
    def dropping(stage: str, rcpt: str, times: int) -> str | None:
        return DROP if stage == "end" and times == 1 else None

    async with relay(dropping) as doubtful, relay() as other:
        config = several({"doubtful": {"port": doubtful.port, "connections": 1}, "other": {"port": other.port}})
        mailing_id = make_started(store, config, keys, readers=12)
        async with sending(store, config, keys):
            assert (await sent(other, store, mailing_id)).accepted == 12
        lost = {item.rcpt for item in doubtful.written}
        assert lost
        assert not lost & set(other.received())


async def test_a_wrong_password_rests_the_relay_and_fails_nobody(store, keys) -> None:
    offers = ("AUTH PLAIN", "8BITMIME")
    password = {"username": "us", "password": "wrong"}
    async with relay(lambda stage, *_: "535 5.7.8 no" if stage == "auth" else None, capabilities=offers) as wrong:
        async with relay() as good:
            config = several({"wrong": {"port": wrong.port, **password}, "good": {"port": good.port}})
            mailing_id = make_started(store, config, keys, readers=40)
            async with sending(store, config, keys) as worker:
                assert (await sent(good, store, mailing_id)).accepted == 40
                await good.until(lambda: "535" in trouble(store, worker.name))
        assert (attempts(store), wrong.mails) == ([], [])
        assert sum(line.startswith("AUTH") for line in wrong.commands) <= 4


async def test_a_relay_that_asks_for_a_login_at_mail_rests_and_the_mailing_goes_on(store, keys) -> None:
    async with relay(lambda stage, *_: "530 5.7.0 Authentication required" if stage == "mail" else None) as closed:
        async with relay() as good:
            config = several({"closed": {"port": closed.port}, "good": {"port": good.port}})
            mailing_id = make_started(store, config, keys, readers=100)
            async with sending(store, config, keys):
                result = await sent(good, store, mailing_id)
        assert (result.accepted, result.refused, attempts(store)) == (100, 0, [])
        assert len(closed.mails) < 20


async def test_a_relay_that_is_away_holds_up_only_what_it_alone_may_carry_and_comes_back(store, keys) -> None:
    away = True

    def greeting(stage: str, rcpt: str, times: int) -> str | None:
        return "421 4.3.2 come back later" if stage == "connect" and away else None

    async with relay(greeting) as first, relay() as second:
        config = several(
            {
                "first": {"port": first.port, "domains": ["one.example"]},
                "second": {"port": second.port, "domains": ["two.example"]},
            }
        )
        # More than one batch: what waits must not keep the other mailing from being leased.
        ours = make_mixed(store, config, keys, {"a.example": 30, "b.example": 30}, from_address="us@one.example")
        theirs = make_mixed(store, config, keys, {"a.example": 30}, name="second", from_address="us@two.example")
        async with sending(store, config, keys):
            assert (await sent(second, store, theirs)).accepted == 30
            assert figures(store, ours).accepted == 0
            away = False
            assert (await sent(first, store, ours)).accepted == 60
        assert len(first.taken) == 60
        assert attempts(store) == []


async def test_a_domain_that_asks_for_less_slows_itself_and_nobody_else(store, keys) -> None:
    def throttling(stage: str, rcpt: str, times: int) -> str | None:
        asks = stage == "rcpt" and rcpt.endswith("@slow.example") and times == 1 and rcpt.startswith("reader1")
        return "450 4.7.1 slow down" if asks else None

    async with relay(throttling) as peer:
        config = several({"main": {"port": peer.port}})
        mailing_id = make_mixed(store, config, keys, {"slow.example": 40, "quick.example": 40})
        async with sending(store, config, keys) as worker:
            pace = worker._relays.stations["main"].pace
            await peer.until(lambda: pace.allowed("slow.example") is not None)
            result = await sent(peer, store, mailing_id)
            assert pace.allowed("quick.example") is None
        assert (result.accepted, result.refused) == (80, 0)


async def test_a_configured_pace_holds_and_lets_the_others_pass(store, keys) -> None:
    times: list[float] = []

    def noting(stage: str, rcpt: str, _times: int) -> str | None:
        if stage == "rcpt" and rcpt.endswith("@capped.example"):
            times.append(time.monotonic())
        return None

    async with relay(noting) as peer:
        config = several({"main": {"port": peer.port, "pace": {"capped.example": 8}}})
        mailing_id = make_mixed(store, config, keys, {"capped.example": 40, "free.example": 60})
        async with sending(store, config, keys), sending(store, config, keys):
            await peer.until(lambda: sum(one.endswith("free.example") for one in peer.received()) == 60)
            assert len(times) < 40
            result = await sent(peer, store, mailing_id)
        assert result.accepted == 100
        # Forty in slots of a second with eight each: the first and the last may be cut short.
        assert times[-1] - times[0] > 3
        assert peer.connections <= 8


async def test_notices_pass_a_mailing_that_used_up_its_limit(store, keys) -> None:
    async with relay() as peer:
        config = several({"main": {"port": peer.port, "per_day": 100}})
        mailing_id = make_started(store, config, keys, readers=120)
        async with sending(store, config, keys):
            # What was drawn and grew old on a busy machine counts as spent: not always the last of 98.
            await peer.until(lambda: len(peer.taken) >= 80)
            await asyncio.to_thread(write_notice, store, keys)
            await peer.until(lambda: "newcomer@example.org" in peer.received())
            assert len(peer.taken) <= 99
            assert state_of(store, mailing_id) == "sending"


async def test_a_notice_goes_by_the_relay_of_its_lists_sender(store, keys) -> None:
    async with relay() as right, relay() as wrong:
        config = several(
            {
                "wrong": {"port": wrong.port, "domains": ["art.example"]},
                "right": {"port": right.port, "domains": ["water.example"]},
            }
        )
        await asyncio.to_thread(write_notice, store, keys)
        async with sending(store, config, keys):
            await right.until(lambda: right.received() == ["newcomer@example.org"])
        assert wrong.mails == []
