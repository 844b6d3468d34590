"""A real SMTP server on loopback that writes down everything and can be told how to behave."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

# What a behaviour is asked: (stage, recipient, how often this recipient came) → a reply, None for the usual one,
# or one of the acts below.
DROP, STALL = "DROP", "STALL"
Behaviour = Callable[[str, str, int], str | None]


def polite(stage: str, rcpt: str, times: int) -> str | None:
    """Take everything."""
    return None


@dataclass
class Taken:
    """One message the relay took responsibility for."""

    mail_from: str
    rcpt: str
    message: bytes


@dataclass
class ScriptedRelay:
    """What was said to the relay: MAIL FROM commands in order, messages accepted, connections made."""

    behave: Behaviour = polite
    capabilities: tuple[str, ...] = ("SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
    port: int = 0
    mails: list[str] = field(default_factory=list)
    rcpts: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    written: list[Taken] = field(default_factory=list)
    connections: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    # Closed, it keeps the answers to the ends of messages back: the moment a test acts in lasts as long as it needs.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    def received(self) -> list[str]:
        """Return the recipients of accepted messages, in order."""
        return [taken.rcpt for taken in self.taken]

    async def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is true; it is looked at after everything that happens at the relay."""
        async with asyncio.timeout(seconds):
            while not true():
                self.news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self.news.wait()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one connection."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._dialogue(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._talks.discard(task)

    async def hang_up(self) -> None:
        """End every connection."""
        talks = list(self._talks)
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say(writer, "connect", "", 0, "220 relay.test ESMTP"):
            return
        mail_from = rcpt = ""
        while line := (await reader.readline()).decode("utf-8").strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            rest = line[line.find("<") + 1 : line.find(">")]
            if verb == "EHLO":
                lines = ["relay.test", *self.capabilities]
                text = "\r\n".join(f"250{'-' if at < len(lines) - 1 else ' '}{item}" for at, item in enumerate(lines))
                go = await self._say(writer, "ehlo", "", 0, text)
            elif verb == "MAIL":
                mail_from = rest
                self.mails.append(mail_from)
                go = await self._say(writer, "mail", "", len(self.mails), "250 2.1.0 ok")
            elif verb == "RCPT":
                rcpt = rest
                self.rcpts.append(rcpt)
                go = await self._say(writer, "rcpt", rcpt, self.rcpts.count(rcpt), "250 2.1.5 ok")
            elif verb == "DATA":
                go = await self._data(reader, writer, mail_from, rcpt)
            elif verb == "QUIT":
                await self._say(writer, "quit", "", 0, "221 bye")
                return
            else:
                go = await self._say(writer, verb.lower(), "", 0, "250 ok")
            if not go:
                return

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail_from: str, rcpt: str
    ) -> bool:
        times = self.rcpts.count(rcpt)
        refused = self.behave("data", rcpt, times)
        if not await self._say(writer, "", rcpt, times, refused or "354 go on"):
            return False
        if refused:
            return True
        message = await reader.readuntil(b"\r\n.\r\n")
        item = Taken(mail_from, rcpt, message[:-3])
        self.written.append(item)
        self.news.set()
        await self.gate.wait()
        said = self.behave("end", rcpt, times)
        if said is None or said.startswith("2") or said.startswith("KEEP"):
            self.taken.append(item)
        self.news.set()
        return await self._say(writer, "", rcpt, times, (said or "250 2.0.0 taken").removeprefix("KEEP "))

    async def _say(self, writer: asyncio.StreamWriter, stage: str, rcpt: str, times: int, usual: str) -> bool:
        said = (self.behave(stage, rcpt, times) if stage else None) or usual
        self.news.set()
        if said == DROP:
            writer.transport.abort()
            return False
        if said == STALL:
            await asyncio.Event().wait()
        writer.write(said.encode() + b"\r\n")
        await writer.drain()
        return not said.startswith("421")


@contextlib.asynccontextmanager
async def relay(
    behave: Behaviour = polite, tls: ssl.SSLContext | None = None, **settings: object
) -> AsyncIterator[ScriptedRelay]:
    """Run a scripted relay on a free port."""
    scripted = ScriptedRelay(behave=behave, **settings)  # type: ignore[arg-type]
    scripted.gate.set()
    server = await asyncio.start_server(scripted.talk, "127.0.0.1", 0, limit=2**24, ssl=tls)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        await scripted.hang_up()
        await server.wait_closed()
