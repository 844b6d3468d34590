"""A pipeline beside a scripted relay: what one hands it, and what comes back."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from mailer.config_sections import Relay
from mailer.outcomes.verdict import Reply, judge
from mailer.send.connecting import connect
from mailer.send.envelope import Parcel
from mailer.send.hands import Hands
from mailer.send.manners import Manners
from mailer.send.pipeline import Pipeline

LETTER = b"Subject: hello\r\n\r\nwords\r\n"


def settings(port: int, **more: object) -> Relay:
    return Relay.model_validate(
        {"port": port, "ehlo_name": "us.test", "connect_seconds": 5, "command_seconds": 5, "data_seconds": 5, **more}
    )


def parcel(rcpt: str = "ann@example.org", message: bytes = LETTER, envid: str = "") -> Parcel:
    return Parcel("bounces@water.example", rcpt, message, envid)


@dataclass(frozen=True)
class Letter:
    parcel: Parcel


@dataclass
class Desk:
    """Hands letters to one line and keeps what came back: (recipient, verdict), unwritten where it is None."""

    waiting: deque[Letter] = field(default_factory=deque)
    back: list[tuple[str, str]] = field(default_factory=list)
    replies: list[Reply | None] = field(default_factory=list)
    ends: list[tuple[str, bool]] = field(default_factory=list)
    may_write: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hands(self) -> Hands[Letter]:
        return Hands(
            lambda: self.waiting.popleft() if self.waiting else None,
            lambda _: self.may_write,
            lambda _: False,
            self.finished,
            self.ended,
        )

    def finished(self, letter: Letter, reply: Reply | None) -> None:
        self.back.append((letter.parcel.rcpt_to.split("@")[0], judge(reply) if reply else "unwritten"))
        self.replies.append(reply)
        self.news.set()

    def ended(self, why: str, was_useless: bool) -> None:
        self.ends.append((why, was_useless))
        self.news.set()

    async def until(self, number: int) -> list[tuple[str, str]]:
        """Wait until so many came back, or the line ended."""
        async with asyncio.timeout(20):
            while len(self.back) < number and not self.ends:
                self.news.clear()
                await self.news.wait()
        return self.back

    async def until_ended(self) -> str:
        """Wait until the connection is gone, and return why."""
        async with asyncio.timeout(20):
            while not self.ends:
                self.news.clear()
                await self.news.wait()
        return self.ends[0][0]


@contextlib.asynccontextmanager
async def line(desk: Desk, relay: Relay, manners: Manners | None = None) -> AsyncIterator[Pipeline[Letter]]:
    """Open a line that begins with what waits at the desk, and look after its time limits."""
    opened = await connect(relay)
    pipeline = Pipeline(opened.transport, opened.offered, relay, manners or Manners(), desk.hands())

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.02)
            pipeline.tick(asyncio.get_running_loop().time())

    ticking = asyncio.create_task(tick())
    try:
        pipeline.more()
        yield pipeline
    finally:
        ticking.cancel()
        await pipeline.close()


async def carry(relay: Relay, *names: str, manners: Manners | None = None, **more: object) -> Desk:
    """Carry a letter to each name over one line; return the desk when all came back.

    If the line ends before, what it did not take comes back unwritten, as from a station.
    """
    desk = Desk(deque(Letter(parcel(f"{name}@example.org", **more)) for name in names))  # type: ignore[arg-type]
    async with line(desk, relay, manners):
        await desk.until(len(names))
    while desk.waiting:
        desk.finished(desk.waiting.popleft(), None)
    return desk
