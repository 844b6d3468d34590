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
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    # Answers go out in pieces of so many bytes, with a pause between them.
    piece: int = 0
    pause: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    # Closed, it keeps the answers to the ends of messages back: the moment a test acts in lasts as long as it needs.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    # The same before a letter is written; who waits at a door goes on waiting when another one is put in its place.
    door: asyncio.Event = field(default_factory=asyncio.Event)
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
        is_refused = has_sender = False
        while line := (await reader.readline()).decode("utf-8").strip():
            self.commands.append(line)
            verb = line.split(" ")[0].split(":")[0].upper()
            rest = line[line.find("<") + 1 : line.find(">")]
            if verb == "EHLO":
                go = await self._say(writer, "ehlo", "", 0, self._offer())
            elif verb == "MAIL":
                mail_from = rest
                self.mails.append(mail_from)
                said = self.behave("mail", "", len(self.mails)) or "250 2.1.0 ok"
                has_sender = said[0] not in "45"
                go = await self._say(writer, "", "", 0, said)
            elif verb in ("RCPT", "DATA") and not has_sender:
                go = await self._say(writer, "", "", 0, "503 5.5.1 need MAIL")
            elif verb == "RCPT":
                rcpt = rest
                self.rcpts.append(rcpt)
                times = self.rcpts.count(rcpt)
                said = self.behave("rcpt", rcpt, times) or "250 2.1.5 ok"
                is_refused = said[0] in "45"
                go = await self._say(writer, "", rcpt, times, said)
            elif verb == "DATA":
                go = await self._data(reader, writer, mail_from, rcpt)
            elif verb == "BDAT":
                message = await reader.readexactly(int(line.split(" ")[1]))
                if is_refused or not has_sender:
                    go = await self._say(writer, "bdat", rcpt, 0, "554 5.5.1 no valid recipients")
                else:
                    go = await self._end(writer, Taken(mail_from, rcpt, message))
            else:
                go = await self._say(writer, verb.lower(), "", 0, "221 bye" if verb == "QUIT" else "250 ok")
            if not go or verb == "QUIT":
                return

    def _offer(self) -> str:
        lines = ["relay.test", *self.capabilities]
        return "\r\n".join(f"250{'-' if at < len(lines) - 1 else ' '}{item}" for at, item in enumerate(lines))

    async def _data(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail_from: str, rcpt: str
    ) -> bool:
        times = self.rcpts.count(rcpt)
        await self.door.wait()
        refused = self.behave("data", rcpt, times)
        if not await self._say(writer, "", rcpt, times, refused or "354 go on"):
            return False
        if refused:
            return True
        first = await reader.readexactly(3)
        if first == b".\r\n":
            return await self._say(writer, "nobody", rcpt, times, "554 5.5.1 no valid recipients")
        message = first + await reader.readuntil(b"\r\n.\r\n")
        return await self._end(writer, Taken(mail_from, rcpt, message[:-3]))

    async def _end(self, writer: asyncio.StreamWriter, item: Taken) -> bool:
        times = self.rcpts.count(item.rcpt)
        self.written.append(item)
        self.news.set()
        await self.gate.wait()
        said = self.behave("end", item.rcpt, times)
        if said is None or said.startswith("2") or said.startswith("KEEP"):
            self.taken.append(item)
        self.news.set()
        return await self._say(writer, "", item.rcpt, times, (said or "250 2.0.0 taken").removeprefix("KEEP "))

    async def _say(self, writer: asyncio.StreamWriter, stage: str, rcpt: str, times: int, usual: str) -> bool:
        said = (self.behave(stage, rcpt, times) if stage else None) or usual
        self.news.set()
        if said == DROP:
            writer.transport.abort()
            return False
        if said == STALL:
            await asyncio.Event().wait()
        await self._write(writer, said.encode() + b"\r\n")
        return not said.startswith("421")

    async def _write(self, writer: asyncio.StreamWriter, said: bytes) -> None:
        size = self.piece or len(said)
        for start in range(0, len(said), size):
            writer.write(said[start : start + size])
            await writer.drain()
            if self.piece:
                await asyncio.sleep(self.pause)


@contextlib.asynccontextmanager
async def relay(
    behave: Behaviour = polite, tls: ssl.SSLContext | None = None, **settings: object
) -> AsyncIterator[ScriptedRelay]:
    """Run a scripted relay on a free port."""
    scripted = ScriptedRelay(behave=behave, **settings)  # type: ignore[arg-type]
    scripted.gate.set()
    scripted.door.set()
    server = await asyncio.start_server(scripted.talk, "127.0.0.1", 0, limit=2**24, ssl=tls)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        await scripted.hang_up()
        await server.wait_closed()
