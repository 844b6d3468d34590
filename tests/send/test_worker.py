"""A whole sending process against a relay that misbehaves: counted at the relay, not in our tables."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mailer.mailing import mailings
from mailer.outcomes import account, events
from mailer.people import suppression
from mailer.send import exchange, lane
from mailer.store.tables import Attempt, Delivery, Mailing, Subscriber
from tests.make import make_draft, make_list, make_reader, make_started, start
from tests.relay import DROP, STALL, ScriptedRelay, relay
from tests.send.running import act, figures, quick, sending, sent, state_of, trouble

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_everybody_gets_it_once(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=60)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert Counter(peer.received()) == Counter(f"reader{n}@example.org" for n in range(60))
        assert (result.chosen, result.accepted, result.balanced) == (60, 60, True)
        assert peer.connections <= 4


async def test_an_international_address_gets_its_mail_where_the_relay_can(store, keys) -> None:
    async with relay(capabilities=("SMTPUTF8", "8BITMIME")) as peer:
        config = quick(peer.port)
        with store.write() as session:
            make_reader(session, keys, "jürgen@bücher.example", make_list(session), name="Jürgen")
            mailing_id = make_draft(session, config).id
        start(store, config, keys, mailing_id)
        async with sending(store, config, keys):
            assert (await sent(peer, store, mailing_id)).accepted == 1
        assert peer.received() == ["jürgen@xn--bcher-kva.example"]


async def test_a_temporary_refusal_is_tried_again_with_the_same_bytes(store, keys) -> None:
    def greylist(stage: str, rcpt: str, times: int) -> str | None:
        return "KEEP 451 4.7.1 greylisted" if stage == "end" and times == 1 else None

    async with relay(greylist) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=3)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, result.balanced) == (3, True)
        copies: dict[str, set[bytes]] = {}
        for item in peer.written:
            copies.setdefault(item.rcpt, set()).add(item.message)
        assert [len(found) for found in copies.values()] == [1, 1, 1]
        assert len(peer.written) == 6
        with store.read() as session:
            tries = session.scalars(select(Attempt)).all()
        assert {(row.verdict, row.code, row.status) for row in tries} == {("later", 451, "4.7.1")}


async def test_a_mailbox_that_is_gone_is_refused_and_never_written_to_again(store, keys) -> None:
    def gone(stage: str, rcpt: str, times: int) -> str | None:
        return "550 5.1.1 no such user" if stage == "rcpt" and rcpt.startswith("reader1@") else None

    async with relay(gone) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=3)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, result.refused) == (2, 1)
        with store.read() as session:
            people = account.people(session, mailing_id, "refused")
            assert [(who.address, who.reply) for who in people] == [("reader1@example.org", "550 5.1.1 no such user")]
            hashed = keys.address_hash("reader1@example.org")
            assert suppression.is_suppressed(session, hashed, for_mailings=False)


async def test_after_the_deadline_a_temporary_refusal_is_final(store, keys) -> None:
    async with relay(lambda stage, *_: "450 4.2.1 busy" if stage == "rcpt" else None) as peer:
        config = quick(peer.port, deadline_hours=0.0001)
        mailing_id = make_started(store, config, keys, readers=2)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.refused, result.balanced) == (2, True)
        assert min(Counter(peer.rcpts).values()) >= 2
        with store.read() as session:
            assert "tried until the deadline" in account.people(session, mailing_id, "refused")[0].why


async def test_an_unknown_fate_is_tried_once_more_and_named(store, keys) -> None:
    def cut(stage: str, rcpt: str, times: int) -> str | None:
        return DROP if stage == "end" and rcpt.startswith("reader0@") else None

    async with relay(cut) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=3)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, result.uncertain, result.balanced) == (2, 1, True)
        copies = [item.message for item in peer.written if item.rcpt.startswith("reader0@")]
        assert len(copies) == 2
        assert copies[0] == copies[1]
        with store.read() as session:
            assert account.possibly_twice(session, mailing_id) == 1
            assert [who.address for who in account.people(session, mailing_id, account.TWICE)] == [
                "reader0@example.org"
            ]


async def test_on_hold_an_unknown_fate_is_never_tried_twice(store, keys) -> None:
    async with relay(lambda stage, *_: DROP if stage == "end" else None) as peer:
        config = quick(peer.port, on_uncertain="hold")
        mailing_id = make_started(store, config, keys, readers=2)
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.uncertain, len(peer.written)) == (2, 2)


async def test_who_left_is_not_begun_after_the_answer(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=400)
        async with sending(store, config, keys):
            await peer.until(lambda: len(peer.taken) >= 20)
            peer.gate.clear()
            left, begun, answered_at = await asyncio.to_thread(leave_the_last, store, mailing_id, peer)
            peer.gate.set()
            await sent(peer, store, mailing_id)
        late = [name for name in peer.rcpts[answered_at:] if name in left and name not in begun]
        assert late == []
        result = figures(store, mailing_id)
        assert result.balanced
        assert result.accepted + result.left_out == 400
        assert result.left_out > 0


def leave_the_last(store, mailing_id: int, peer: ScriptedRelay) -> tuple[set[str], set[str], int]:
    """Let the last fifty readers leave while the mailing runs."""
    left, begun = set(), set()
    with store.read() as session:
        last = select(Delivery).where(Delivery.mailing_id == mailing_id).order_by(Delivery.id.desc()).limit(50)
        people = session.scalars(last).all()
    for person in people:
        with store.write() as session:
            answer = events.leave(session, person.subscription_id, why="left by the link", actor="reader")
        left.add(person.address)
        begun |= {person.address} if answer.begun else set()
    return left, begun, len(peer.rcpts)


async def test_pause_resume_and_stop(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=300)
        async with sending(store, config, keys):
            await peer.until(lambda: len(peer.taken) >= 10)
            peer.gate.clear()
            await act(store, mailing_id, lambda session, mailing: mailings.pause(session, mailing, "a person"))
            peer.gate.set()
            await peer.until(lambda: figures(store, mailing_id).begun == 0)
            so_far = len(peer.taken)
            assert so_far < 300
            # Closed before it goes on, or a quick relay could have taken everything by the time the test looks again.
            peer.gate.clear()
            await act(store, mailing_id, mailings.resume)
            await peer.until(lambda: len(peer.written) > so_far)
            await act(store, mailing_id, lambda session, mailing: mailings.stop(session, mailing, "a person"))
            peer.gate.set()
            await peer.until(lambda: figures(store, mailing_id).queued == figures(store, mailing_id).begun == 0)
            result = figures(store, mailing_id)
        assert result.accepted == len(peer.taken) < 300
        assert (result.accepted + result.left_out, result.balanced) == (300, True)


async def test_a_relay_that_is_away_costs_nobody_anything(store, keys) -> None:
    away = True

    def greeting(stage: str, rcpt: str, times: int) -> str | None:
        return "421 4.3.2 come back later" if stage == "connect" and away else None

    async with relay(greeting) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=5)
        async with sending(store, config, keys) as worker:
            await peer.until(lambda: peer.connections >= 4)
            await peer.until(lambda: "421" in trouble(store, worker.name))
            away = False
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, result.refused, result.uncertain) == (5, 0, 0)
        with store.read() as session:
            assert session.scalars(select(Attempt)).all() == []


async def test_receivers_who_refuse_us_pause_the_mailing_and_suppress_nobody(store, keys) -> None:
    async with relay(lambda stage, *_: "554 5.7.1 we do not want this" if stage == "end" else None) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=100)
        async with sending(store, config, keys):
            await peer.until(lambda: state_of(store, mailing_id) == "paused")
            await peer.until(lambda: figures(store, mailing_id).begun == 0)
        assert len(peer.written) < 60
        with store.read() as session:
            assert "refuse us" in mailings.need(session, mailing_id).why
            people = session.scalars(select(Subscriber)).all()
            assert not any(suppression.is_suppressed(session, who.address_hash, for_mailings=True) for who in people)


async def test_a_store_that_fails_stops_the_sending_and_loses_nobody(store, keys, monkeypatch) -> None:
    broken = False
    settle = exchange.ledger.settle

    def failing(*args: object) -> None:
        if broken:
            raise OSError(28, "No space left on device")
        settle(*args)

    monkeypatch.setattr(exchange.ledger, "settle", failing)
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=300)
        async with sending(store, config, keys) as worker:
            await peer.until(lambda: len(peer.taken) >= 10)
            peer.gate.clear()
            broken = True
            peer.gate.set()
            await peer.until(lambda: "No space left" in trouble(store, worker.name))
            stopped_at = len(peer.taken)
            assert figures(store, mailing_id).begun + figures(store, mailing_id).accepted >= stopped_at
            broken = False
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, result.balanced) == (300, True)
        assert max(Counter(peer.received()).values()) == 1


async def test_stopping_gives_back_what_was_not_written(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=200)
        async with sending(store, config, keys) as worker:
            await peer.until(lambda: len(peer.taken) >= 10)
            peer.gate.clear()
            worker.stop()
            peer.gate.set()
        result = figures(store, mailing_id)
        assert result.begun == result.uncertain == 0
        assert result.accepted == len(peer.taken) < 200
        async with sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, max(Counter(peer.received()).values())) == (200, 1)


async def test_stopping_does_not_wait_for_ever_for_a_relay_that_stalls(store, keys, monkeypatch) -> None:
    monkeypatch.setattr(lane, "STOP_SECONDS", 0.2)
    async with relay(lambda stage, *_: STALL if stage == "end" else None) as peer:
        config = quick(peer.port, lease_seconds=60)
        mailing_id = make_started(store, config, keys, readers=10)
        async with asyncio.timeout(20):
            async with sending(store, config, keys):
                await peer.until(lambda: len(peer.written) >= 4)
        result = figures(store, mailing_id)
        assert (result.uncertain, result.begun, result.balanced) == (len(peer.written), 0, True)


async def test_two_workers_send_nothing_twice(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=300)
        async with sending(store, config, keys), sending(store, config, keys):
            result = await sent(peer, store, mailing_id)
        assert (result.accepted, len(peer.taken)) == (300, 300)
        assert max(Counter(peer.received()).values()) == 1


async def test_deadlines_stand_still_while_paused(store, keys, moving_clock) -> None:
    async with relay(lambda stage, *_: "450 4.2.1 busy" if stage == "rcpt" else None) as peer:
        config = quick(peer.port, deadline_hours=1, first_retry_seconds=600)
        mailing_id = make_started(store, config, keys, readers=1)
        async with sending(store, config, keys):
            await peer.until(lambda: figures(store, mailing_id).waiting == 1)
            with store.write() as session:
                session.execute(update(Mailing).values(paused_seconds=int(timedelta(hours=5).total_seconds())))
            moving_clock.move(hours=3)
            await peer.until(lambda: len(peer.rcpts) == 2 and figures(store, mailing_id).waiting == 1)
            moving_clock.move(hours=9)
            assert (await sent(peer, store, mailing_id)).refused == 1
