"""The pipeline against a real Postfix: plain, STARTTLS and TLS from the start, and a refusal among many."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvloop

from mailer.send.manners import Manners
from tests.relay import ScriptedRelay, relay
from tests.send.lines import LETTER, Desk, carry, settings
from tests.send.postfix import Postfix, postfix

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": uvloop.new_event_loop} if request.param == "uvloop" else {}


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[Postfix, ScriptedRelay]]:
    """Run Postfix before a relay that keeps what it lets through."""
    async with relay() as behind:
        held = postfix(behind.port)
        made = await asyncio.to_thread(held.__enter__)
        try:
            yield made, behind
        finally:
            await asyncio.to_thread(held.__exit__, None, None, None)


async def test_every_way_of_protection_carries_the_same_messages() -> None:
    async with served() as (server, behind):
        trust = {"host": "localhost", "ca_file": server.ca_file}
        ways = {
            "plain": settings(server.port),
            "starttls": settings(server.port, tls="starttls", **trust),
            "implicit": settings(server.wrapped, tls="implicit", **trust),
        }
        for way, relay_settings in ways.items():
            desk = await carry(relay_settings, *(f"{way}{number}" for number in range(20)))
            assert [kind for _, kind in desk.back] == ["accepted"] * 20, way
        assert len(behind.taken) == 60
        assert {item.message.split(b"\r\n\r\n", 1)[1] for item in behind.taken} == {LETTER.split(b"\r\n\r\n", 1)[1]}


@pytest.mark.parametrize("most", [0, 1, 2, 3])
async def test_a_refused_recipient_is_refused_in_its_place(most) -> None:
    async with served() as (server, behind):
        names = [f"r{number}" if number % 4 else "gone" for number in range(1, 25)]
        manners = Manners(most)
        desk: Desk = await carry(settings(server.port), *names, manners=manners)
        expected = [(name, "gone" if name == "gone" else "accepted") for name in names]
        assert (desk.back, manners.most) == (expected, most)
        assert behind.received() == [f"{name}@example.org" for name in names if name != "gone"]
