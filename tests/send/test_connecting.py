"""Opening a connection: what can go wrong is said in one line, and nothing travels unprotected."""

import socket
import ssl

import pytest
import trustme

from mailer.send.connecting import RelayError, connect
from tests.relay import relay
from tests.send.lines import carry, settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_server_too_old_for_ehlo_is_greeted_with_helo() -> None:
    async with relay(lambda stage, *_: "502 5.5.1 what?" if stage == "ehlo" else None) as peer:
        assert (await carry(settings(peer.port), "ann")).back == [("ann", "accepted")]


async def test_nobody_there_is_said_in_one_line() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free_port = listener.getsockname()[1]
    with pytest.raises(RelayError, match=f"127.0.0.1:{free_port}"):
        await connect(settings(free_port))


async def test_a_greeting_of_554_is_trouble_of_the_relay() -> None:
    async with relay(lambda stage, *_: "554 no service" if stage == "connect" else None) as peer:
        with pytest.raises(RelayError, match="554 no service"):
            await connect(settings(peer.port))


async def test_starttls_that_is_not_offered_is_refused() -> None:
    async with relay() as peer:
        with pytest.raises(RelayError):
            await connect(settings(peer.port, tls="starttls"))


async def test_the_certificate_is_checked_and_an_authority_of_ones_own_is_believed(tmp_path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with relay(tls=context) as peer:
        wanted = {"tls": "implicit", "host": "localhost"}
        with pytest.raises(RelayError, match="certificate"):
            await connect(settings(peer.port, **wanted))
        trusting = settings(peer.port, ca_file=tmp_path / "ca.pem", **wanted)
        assert (await carry(trusting, "ann", "bob")).back == [("ann", "accepted"), ("bob", "accepted")]
