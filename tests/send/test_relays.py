"""One connection: what the relay says becomes a Reply, and the dialogue stays in order."""

import socket
import ssl

import pytest
import trustme

from mailer.config_sections import Relay
from mailer.outcomes.verdict import judge
from mailer.send.relays import Connection, Parcel, RelayError
from tests.relay import DROP, STALL, relay

pytestmark = pytest.mark.anyio
LETTER = b"Subject: hello\r\n\r\nwords\r\n.leading dot\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def settings(port: int, **more: object) -> Relay:
    return Relay.model_validate(
        {
            "port": port, "ehlo_name": "us.test", "connect_seconds": 5, "command_seconds": 0.5, "data_seconds": 0.5,
            **more,
        }
    )  # fmt: skip


def parcel(rcpt: str = "ann@example.org", message: bytes = LETTER) -> Parcel:
    return Parcel("bounces@water.example", rcpt, message)


async def test_messages_go_one_after_the_other_over_one_connection() -> None:
    async with relay() as peer:
        connection = Connection("local", settings(peer.port))
        await connection.open()
        for name in ("ann", "bob"):
            reply = await connection.send(parcel(f"{name}@example.org"))
            assert (reply.code, reply.stage, judge(reply)) == (250, "end", "accepted")
        await connection.close()
        assert peer.received() == ["ann@example.org", "bob@example.org"]
        assert peer.connections == 1
        assert peer.taken[0].message.replace(b"\r\n..", b"\r\n.") == LETTER


@pytest.mark.parametrize(
    ("stage", "said", "kind", "open_after"),
    [
        ("mail", "450 4.7.1 slow down", "later", True),
        ("mail", "550 5.7.1 we do not like you", "policy", True),
        ("mail", "530 5.7.0 log in first", "authentication", True),
        ("rcpt", "550 5.1.1 no such user", "gone", True),
        ("rcpt", "452 4.2.2 mailbox full", "full", True),
        ("rcpt", "421 4.3.2 closing", "later", False),
        ("data", "451 4.3.0 try later", "later", True),
        ("end", "554 5.7.1 spam", "policy", True),
        ("end", "421 4.3.2 closing", "later", False),
        ("mail", DROP, "later", False),
        ("rcpt", DROP, "later", False),
        ("rcpt", STALL, "later", False),
        ("end", DROP, "uncertain", False),
        ("end", STALL, "uncertain", False),
        ("end", "rubbish", "uncertain", False),
        ("rcpt", "252 2.1.5 maybe", "later", False),
        ("data", "250 2.0.0 why not", "later", False),
        ("data", DROP, "later", False),
        ("data", "354 go on\r\n250 2.0.0 already", "later", False),
        ("rcpt", "250 2.1.5 ok\r\n550 5.1.1 no such user", "later", False),
        ("end", "354 go on", "uncertain", False),
        ("end", "251 2.1.5 will forward", "accepted", True),
        ("end", "250 2.0.0 ok\r\n550 5.1.1 no such user", "accepted", False),
    ],
)
async def test_every_refusal_is_a_reply_and_the_next_message_goes(stage, said, kind, open_after) -> None:
    def behave(at: str, rcpt: str, times: int) -> str | None:
        first = len(peer.mails) == 1
        return said if at == stage and first else None

    async with relay(behave) as peer:
        connection = Connection("local", settings(peer.port))
        await connection.open()
        reply = await connection.send(parcel())
        assert judge(reply) == kind
        assert connection.is_open is open_after
        if not connection.is_open:
            await connection.open()
        again = await connection.send(parcel("bob@example.org"))
        assert judge(again) == "accepted"
        assert peer.received() == [*(["ann@example.org"] if kind == "accepted" else []), "bob@example.org"]
        await connection.close()


async def test_a_server_too_old_for_ehlo_is_greeted_with_helo() -> None:
    async with relay(lambda stage, *_: "502 5.5.1 what?" if stage == "ehlo" else None) as peer:
        connection = Connection("local", settings(peer.port))
        await connection.open()
        assert judge(await connection.send(parcel())) == "accepted"
        await connection.close()


async def test_a_used_connection_that_ends_says_nothing_of_the_next_message() -> None:
    async with relay(
        lambda stage, _, times: "421 enough for today" if stage == "mail" and times == 2 else None
    ) as peer:
        connection = Connection("local", settings(peer.port))
        await connection.open()
        assert judge(await connection.send(parcel())) == "accepted"
        assert await connection.send(parcel("bob@example.org")) is None
        assert not connection.is_open


async def test_a_message_too_large_for_the_relay_never_leaves() -> None:
    async with relay(capabilities=("SIZE 100",)) as peer:
        connection = Connection("local", settings(peer.port))
        await connection.open()
        assert judge(await connection.send(parcel(message=b"x" * 101))) == "size"
        assert peer.mails == []
        await connection.close()


async def test_an_international_address_goes_only_where_it_is_understood() -> None:
    async with relay() as plain, relay(capabilities=("SMTPUTF8", "8BITMIME")) as able:
        refusing, taking = Connection("a", settings(plain.port)), Connection("b", settings(able.port))
        await refusing.open()
        await taking.open()
        assert judge(await refusing.send(parcel("jürgen@example.org"))) == "refused"
        assert judge(await taking.send(parcel("jürgen@example.org"))) == "accepted"
        assert (plain.mails, able.received()) == ([], ["jürgen@example.org"])
        await refusing.close()
        await taking.close()


async def test_after_so_many_messages_a_connection_is_worn() -> None:
    async with relay() as peer:
        connection = Connection("local", settings(peer.port, messages_per_connection=2))
        await connection.open()
        for _ in range(2):
            await connection.send(parcel())
        assert not connection.is_open
        await connection.close()


async def test_nobody_there_is_said_in_one_line() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free_port = listener.getsockname()[1]
    with pytest.raises(RelayError, match=f"127.0.0.1:{free_port}"):
        await Connection("local", settings(free_port)).open()


async def test_a_greeting_of_554_is_trouble_of_the_relay() -> None:
    async with relay(lambda stage, *_: "554 no service" if stage == "connect" else None) as peer:
        with pytest.raises(RelayError, match="554 no service"):
            await Connection("local", settings(peer.port)).open()


async def test_starttls_that_is_not_offered_is_refused() -> None:
    async with relay() as peer:
        with pytest.raises(RelayError):
            await Connection("local", settings(peer.port, tls="starttls")).open()


async def test_the_certificate_is_checked_and_an_authority_of_ones_own_is_believed(tmp_path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with relay(tls=context) as peer:
        wanted = {"tls": "implicit", "host": "localhost"}
        with pytest.raises(RelayError, match="certificate"):
            await Connection("local", settings(peer.port, **wanted)).open()
        connection = Connection("local", settings(peer.port, ca_file=tmp_path / "ca.pem", **wanted))
        await connection.open()
        assert judge(await connection.send(parcel())) == "accepted"
        await connection.close()
