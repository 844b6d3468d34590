"""The house's own letters: in a lane of their own, beside a mailing of any size."""

import asyncio
from email import message_from_bytes

import pytest
from sqlalchemy import select

from mailer.mailing import notices
from mailer.store.tables import Notice
from tests.make import make_list, make_reader, make_started
from tests.relay import relay
from tests.send.running import quick, sending

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_notice_does_not_wait_behind_a_mailing(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        make_started(store, config, keys, readers=400)
        async with sending(store, config, keys):
            await peer.until(lambda: len(peer.taken) >= 5)
            before = len(peer.taken)
            await asyncio.to_thread(write_notice, store, keys)
            await peer.until(lambda: "newcomer@example.org" in peer.received())
            assert peer.received().index("newcomer@example.org") - before < 390
        letter = next(item for item in peer.taken if item.rcpt == "newcomer@example.org")
        parsed = message_from_bytes(letter.message)
        assert parsed["Auto-Submitted"] == "auto-generated"
        assert parsed["List-Unsubscribe-Post"] is None


def write_notice(store, keys) -> None:
    with store.write() as session:
        mlist = make_list(session, "museum")
        person = make_reader(session, keys, "newcomer@example.org", mlist)
        facts = {"lists": mlist.title}
        notices.to_person(session, "already", person, [mlist], facts, {"manage": "http://127.0.0.1:8000/m/x"})


async def test_a_notice_that_cannot_be_made_is_refused_with_the_reason(store, keys) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        with store.write() as session:
            person = make_reader(session, keys, "ann@example.org", make_list(session))
            notices.to_person(session, "no-such-template", person, [], {}, {})
            notices.to_person(session, "already", person, [], {"lists": "x"}, {"manage": "http://127.0.0.1:8000/m/x"})
        async with sending(store, config, keys):
            await peer.until(lambda: peer.received() == ["ann@example.org"])
            await peer.until(lambda: states(store) == ["refused", "accepted"])


def states(store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Notice.state).order_by(Notice.id)))


async def test_a_fault_in_one_message_does_not_hold_up_the_others(store, keys, monkeypatch) -> None:
    compile_row = notices.compile_notice_row

    def faulty(session, config, keys, row):
        if row.kind == "welcome":
            raise KeyError("a fault of ours")
        return compile_row(session, config, keys, row)

    monkeypatch.setattr(notices, "compile_notice_row", faulty)
    async with relay() as peer:
        config = quick(peer.port)
        with store.write() as session:
            person = make_reader(session, keys, "ann@example.org", make_list(session))
            notices.to_person(session, "welcome", person, [], {"lists": "x"}, {"manage": "http://127.0.0.1:8000/m/x"})
            notices.to_person(session, "already", person, [], {"lists": "x"}, {"manage": "http://127.0.0.1:8000/m/x"})
        async with sending(store, config, keys):
            await peer.until(lambda: states(store) == ["refused", "accepted"])
        assert peer.received() == ["ann@example.org"]
