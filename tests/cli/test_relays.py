"""`mailer relay check`, against a real SMTP server."""

import asyncio
import socket
from email import message_from_bytes, policy

import pytest

from tests.relay import relay

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def configure(house, port: int) -> None:
    (house.folder / "config.toml").write_text(f"[relay.main]\nport = {port}\nehlo_name = 'us.example'\n")


async def test_what_a_relay_offers_is_shown(house) -> None:
    async with relay() as peer:
        configure(house, peer.port)
        done = await asyncio.to_thread(house.do, "relay", "check", "main")
        facts = (await asyncio.to_thread(house.do, "relay", "check", "main", "--json")).json
    assert "  SIZE 1000000\n" in done.out
    assert facts["capabilities"].keys() == {"size", "8bitmime", "enhancedstatuscodes"}
    assert (facts["reply"], peer.mails) == ("", [])


async def test_one_letter_goes_through_it(house) -> None:
    house.list()
    async with relay() as peer:
        configure(house, peer.port)
        done = await asyncio.to_thread(house.do, "relay", "check", "main", "--to", "eva@linden.example")
        await asyncio.to_thread(
            house.do, "relay", "check", "main", "--to", "eva@linden.example", "--from", "x@y.example"
        )
    assert done.out.endswith("it took the letter: 250 2.0.0 taken\n")
    assert [(item.mail_from, item.rcpt) for item in peer.taken] == [
        ("board@linden.example", "eva@linden.example"), ("x@y.example", "eva@linden.example"),
    ]  # fmt: skip
    letter = message_from_bytes(peer.taken[0].message, policy=policy.default)
    assert letter["Subject"] == "The relay main carries mail for Our organisation"
    assert letter["Auto-Submitted"] == "auto-generated"


async def test_a_letter_that_is_not_taken_is_a_refusal(house) -> None:
    async with relay(lambda stage, *_: "554 5.7.1 relay access denied" if stage == "rcpt" else None) as peer:
        configure(house, peer.port)
        line = await asyncio.to_thread(house.refused, "relay", "check", "main", "--to", "eva@linden.example")
    assert line.startswith("relay.main: did not take the letter (554 5.7.1 relay access denied); ")


async def test_a_relay_that_is_not_there(house) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    configure(house, port)
    line = await asyncio.to_thread(house.refused, "relay", "check", "main")
    cure = "check host, port, tls, username, password"
    assert line == f"relay.main: 127.0.0.1:{port}: Connection refused; {cure}"
    (house.folder / "config.toml").write_text(
        "[relay.main]\nhost = 'nowhere.invalid'\n[site]\nbase_url='https://a.example'\n"
    )
    line = await asyncio.to_thread(house.refused, "relay", "check", "main")
    assert line.startswith("relay.main: nowhere.invalid:25: ")
    assert line.count("nowhere") == 1
    line = await asyncio.to_thread(house.refused, "relay", "check", "mian")
    assert line == "relay: no relay is called 'mian'; there is main"
