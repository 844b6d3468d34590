"""A worker and the clock running beside a scripted relay, and what one asks of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from sqlalchemy import select

from mailer.config import Config
from mailer.duties import Duties
from mailer.mailing import mailings
from mailer.outcomes import account
from mailer.send.worker import Worker
from mailer.store.tables import Worker as WorkerRow
from tests.relay import ScriptedRelay


def quick(port: int, **send: object) -> Config:
    """Return a configuration without patience."""
    return Config.model_validate(
        {
            "relay": {"local": {"port": port, "ehlo_name": "us.test", "connections": 4, "data_seconds": 5}},
            "send": {
                "tick_seconds": 0.05, "lease_seconds": 2, "first_retry_seconds": 0.05, "uncertain_seconds": 0.05, **send
            },
        }
    )  # fmt: skip


@contextlib.asynccontextmanager
async def sending(store, config, keys) -> AsyncIterator[Worker]:
    """Run a worker and the clock's duties; both end in order."""
    worker = Worker(store, config, keys)
    duties = Duties(store, config, keys)
    task = asyncio.create_task(worker.run())
    ended = asyncio.Event()

    async def tick() -> None:
        while not ended.is_set():
            await asyncio.to_thread(duties.tick)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await ended.wait()

    ticking = asyncio.create_task(tick())
    try:
        yield worker
    finally:
        worker.stop()
        ended.set()
        await ticking
        await task


def figures(store, mailing_id: int) -> account.Account:
    """Return the account of a mailing."""
    with store.read() as session:
        return account.account(session, mailing_id)


def state_of(store, mailing_id: int) -> str:
    """Return the state of a mailing."""
    with store.read() as session:
        return mailings.need(session, mailing_id).state


async def sent(peer: ScriptedRelay, store, mailing_id: int) -> account.Account:
    """Wait until a mailing is sent and return its account."""
    await peer.until(lambda: state_of(store, mailing_id) == "sent")
    return figures(store, mailing_id)


async def act(store, mailing_id: int, verb: Callable) -> None:
    """Do something to a mailing in a transaction of its own."""

    def work() -> None:
        with store.write() as session:
            verb(session, mailings.need(session, mailing_id))

    await asyncio.to_thread(work)


def trouble(store, name: str) -> str:
    """Return what a worker says keeps it from sending."""
    with store.read() as session:
        return session.scalars(select(WorkerRow.trouble).where(WorkerRow.name == name)).first() or ""
