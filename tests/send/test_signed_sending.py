"""Signed on the way: what arrives at a relay verifies, on the first try and on every later one with the same bytes."""

import asyncio
from email import message_from_bytes

import pytest

from mailer.mailing import notices
from tests.make import make_list, make_reader, make_started
from tests.relay import relay
from tests.send.running import quick, sending, sent
from tests.send.signing import configured, keys_of, verified, with_keys

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def signing(port: int, folder):
    """Return a configuration without patience that signs."""
    keys = with_keys(folder)
    return quick(port).model_copy(update={"keys": keys.keys, "dkim": keys.dkim})


async def test_a_mailing_is_signed_and_the_second_try_has_the_same_bytes(store, keys, tmp_path) -> None:
    async with relay(lambda stage, _, times: "451 4.3.0 later" if (stage, times) == ("end", 1) else None) as peer:
        config = signing(peer.port, tmp_path)
        mailing_id = await asyncio.to_thread(make_started, store, config, keys, 3)
        async with sending(store, config, keys):
            done = await sent(peer, store, mailing_id)
    assert (done.accepted, len(peer.written)) == (3, 6)
    for rcpt in peer.received():
        first, second = (item.message for item in peer.written if item.rcpt == rcpt)
        assert first == second
        assert verified(first, keys_of(config)) == [True, True]
        assert message_from_bytes(first)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_a_notice_is_signed(store, keys, tmp_path) -> None:
    async with relay() as peer:
        config = signing(peer.port, tmp_path)
        with store.write() as session:
            person = make_reader(session, keys, "ann@example.org", make_list(session))
            notices.to_person(session, "already", person, [], {"lists": "x"}, {"manage": "http://127.0.0.1:8000/m/x"})
        async with sending(store, config, keys):
            await peer.until(lambda: peer.received() == ["ann@example.org"])
    assert verified(peer.taken[0].message, keys_of(config)) == [True, True]


async def test_lists_of_other_domains_go_out_unsigned(store, keys, tmp_path) -> None:
    async with relay() as peer:
        config = signing(peer.port, tmp_path)
        with store.write() as session:
            mlist = make_list(session, from_address="press@museum.example")
            person = make_reader(session, keys, "ann@example.org", mlist)
            notices.to_person(
                session, "already", person, [mlist], {"lists": "x"}, {"manage": "http://127.0.0.1:8000/m/x"}
            )
        async with sending(store, config, keys):
            await peer.until(lambda: peer.received() == ["ann@example.org"])
    assert peer.taken[0].message.startswith(b"Date: ")
    assert verified(peer.taken[0].message, keys_of(configured(config.keys.folder))) == []
