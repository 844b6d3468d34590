"""The whole house running: pages, clock, sending process and a relay, in one thread beside the test."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from mailer import clock
from mailer.config import Config
from mailer.duties import Duties
from mailer.mailing import mailings
from mailer.send.worker import Worker
from mailer.staff import first_link
from mailer.store.engine import Store
from mailer.tokens import Keys
from mailer.web.site import make_site
from tests.relay import ScriptedRelay, relay


@dataclass
class Running:
    """What a test asks of it: where it is, the printed link, what the relay took."""

    base: str
    link: str
    taken: ScriptedRelay
    store: Store
    loop: asyncio.AbstractEventLoop

    def begin(self, mailing_id: int) -> None:
        """Let the hold of a mailing be over now."""
        with self.store.write() as session:
            mailings.need(session, mailing_id).due_at = clock.now()

    def wait_until_taken(self, number: int) -> None:
        """Wait until the relay took so many messages."""
        waiting = self.taken.until(lambda: len(self.taken.taken) >= number)
        asyncio.run_coroutine_threadsafe(waiting, self.loop).result(30)


@contextlib.contextmanager
def running(path: Path, keys: Keys, **send: float) -> Iterator[Running]:
    """Run everything on a free port until the block ends."""
    store = Store(f"sqlite:///{path}")
    ready: list[Running] = []
    up, loops, stops = threading.Event(), [], []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        stop = asyncio.Event()
        stops.append(stop)
        async with relay() as scripted:
            config = Config.model_validate(
                {
                    "site": {"name": "Arden Valley Water", "zone": "Europe/London"},
                    "relay": {"local": {"port": scripted.port, "ehlo_name": "us.test", "connections": 2}},
                    "send": {"tick_seconds": 0.1, **send},
                }
            )
            await _run(config, store, keys, stop, lambda base: _say(base, config, scripted))

    def _say(base: str, config: Config, scripted: ScriptedRelay) -> None:
        with store.write() as session:
            printed = first_link(session, config) or ""
        ready.append(Running(base, base + urlsplit(printed).path, scripted, store, loops[0]))
        up.set()

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="house")
    thread.start()
    assert up.wait(20), "the house did not open"
    try:
        yield ready[0]
    finally:
        loops[0].call_soon_threadsafe(stops[0].set)
        thread.join(20)
        store.close()


async def _run(config: Config, store: Store, keys: Keys, stop: asyncio.Event, say: object) -> None:
    site = make_site(config, store, keys)
    server = uvicorn.Server(uvicorn.Config(site, port=0, log_config=None, access_log=False, ws="none"))
    worker, duties = Worker(store, config, keys), Duties(store, config, keys)
    duties.start()
    sending, serving = asyncio.create_task(worker.run()), asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    await asyncio.to_thread(say, f"http://{host}:{port}")  # type: ignore[arg-type]
    await stop.wait()
    worker.stop()
    server.should_exit = True
    await asyncio.gather(sending, serving)
    await duties.stop()
