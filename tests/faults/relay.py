# size: one program in one file, so that it can be copied to where it is needed
"""A mail server as a process of its own that misbehaves as it is told, and writes down the truth.

``python tests/faults/relay.py TRUTH`` prints ``{"port": …, "control": …}`` and ends with its standard input.

A *mode* is a step, an act, and how often: ``rcpt550``, ``endaccrst``, ``mail421x3``. A recipient brings theirs in the
local part (``rcpt450x2.17@…`` is put off twice); the control port takes one JSON a line: ``{"tell": "mail421x3"}``
for whoever comes next, ``{"hold": true}`` keeps back the answers to the ends of messages, ``{"slow": 0}`` is as
``--slow``. A new act is a function below, with ``@act`` above it.

TRUTH grows by one JSON line for each MAIL FROM (when it was seen, and for whom) and for each message accepted,
written before the answer is. One that answers ``end`` with a refusal, or ends the connection, accepted nothing;
``acc`` before the act says that it did. With ``--tls`` it also grows by a line for every AUTH and MAIL FROM that came
unprotected, or under a certificate nobody should believe: those in the folder are called like the acts of ``tls``.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
import ssl
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

STEPS = ("connect", "ehlo", "starttls", "tls", "auth", "mail", "rcpt", "data", "end", "quit")
TEXTS = {
    "421": "4.3.2 closing", "454": "4.7.0 not now", "502": "5.5.1 what?", "530": "5.7.0 log in first",
    "450": "4.2.1 busy", "451": "4.7.1 greylisted", "452": "4.5.3 too many recipients",
    "535": "5.7.8 bad login", "550": "5.1.1 no such user", "551": "5.1.6 moved", "552": "5.2.2 mailbox full",
    "553": "5.1.3 bad address", "554": "5.7.1 we do not want this",
}  # fmt: skip
Act = Callable[["Talk", str], Awaitable[None]]
ACTS: dict[str, Act] = {}


class Over(Exception):
    """This connection has ended."""


def act(function: Act) -> Act:
    """Make a function an act: it is given the talk and the usual answer."""
    ACTS[function.__name__] = function
    return function


@act
async def rst(talk: "Talk", usual: str) -> None:
    """Tear the connection down."""
    talk.writer.transport.abort()
    raise Over


@act
async def fin(talk: "Talk", usual: str) -> None:
    """Close the connection without an answer."""
    raise Over


@act
async def hang(talk: "Talk", usual: str) -> None:
    """Neither answer nor read any more, until the other side gives up."""
    await talk.writer.wait_closed()
    raise Over


@act
async def strip(talk: "Talk", usual: str) -> None:
    """Offer neither protection nor a login, as somebody on the way would have it."""
    await talk.write("\r\n".join(line for line in usual.split("\r\n") if not re.search("STARTTLS|AUTH", line)))


@act
async def inject(talk: "Talk", usual: str) -> None:
    """Answer, and behind it, unprotected as well, what would be the answers to EHLO and AUTH."""
    await talk.write(f"{usual}\r\n250-injected.test\r\n250 AUTH PLAIN\r\n535 5.7.8 injected")


@act
async def late(talk: "Talk", usual: str) -> None:
    """Answer after half a second."""
    await asyncio.sleep(0.5)
    await talk.write(usual)


@act
async def drip(talk: "Talk", usual: str) -> None:
    """Answer byte by byte."""
    for letter in f"{usual}\r\n".encode():
        talk.writer.write(bytes([letter]))
        await asyncio.sleep(0.002)


@act
async def lines(talk: "Talk", usual: str) -> None:
    """Answer in three lines."""
    await talk.write(f"{usual[:3]}-first\r\n{usual[:3]}-second\r\n{usual}")


@act
async def garbage(talk: "Talk", usual: str) -> None:
    """Answer with what is no reply."""
    await talk.write("\x00\x01 what?")


@act
async def nocode(talk: "Talk", usual: str) -> None:
    """Answer without a code."""
    await talk.write("ok, fine")


@act
async def latin(talk: "Talk", usual: str) -> None:
    """Answer in another encoding, which is allowed."""
    talk.writer.write(usual.encode() + b" Gr\xfc\xdfe\r\n")


@act
async def lonecr(talk: "Talk", usual: str) -> None:
    """Answer with a CR inside a line, which is odd and harmless."""
    await talk.write(f"{usual} a\rb")


@act
async def twice(talk: "Talk", usual: str) -> None:
    """Answer, and then once more."""
    await talk.write(f"{usual}\r\n{usual}")


@act
async def endless(talk: "Talk", usual: str) -> None:
    """Answer with a reply without end."""
    for _ in range(100_000):
        await talk.write(f"{usual[:3]}-and more")
    raise Over


@act
async def nolf(talk: "Talk", usual: str) -> None:
    """Answer with 200 kB without a line end."""
    talk.writer.write(b"250 " + b"x" * 200_000)
    await talk.writer.drain()
    await talk.writer.wait_closed()
    raise Over


# A handshake with a certificate that is too old, is for somebody else, or comes from nobody that is known.
CERTIFICATES = ("good", "expired", "other", "unknown")
MODE = re.compile(rf"({'|'.join(STEPS)})((?:acc)?(?:\d\d\d|{'|'.join((*ACTS, *CERTIFICATES))}))(?:x(\d+))?")


class Relay:
    """What all connections share: what was told, who came how often, the truth."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.truth = os.open(options.truth, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.told: dict[str, tuple[str, int]] = {}
        self.came: Counter[tuple[str, str]] = Counter()
        self.talks: set[asyncio.Task[None] | None] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.certificates = dict(self._certificates())

    def _certificates(self) -> Iterator[tuple[str, ssl.SSLContext]]:
        for name in CERTIFICATES if self.options.tls else ():
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(f"{self.options.certificates}/{name}.pem")
            yield name, context

    def note(self, **fact: object) -> None:
        """Write a line of truth."""
        os.write(self.truth, f"{json.dumps(fact)}\n".encode())

    def act(self, step: str, rcpt: str) -> str:
        """Return the act for this step: the one that was told, or the recipient's, as long as its times last."""
        name, left = self.told.get(step, ("", 0))
        if left:
            self.told[step] = name, left - 1
            return name
        mode = MODE.fullmatch(rcpt.partition("@")[0].partition(".")[0])
        if mode is None or mode[1] != step:
            return ""
        self.came[step, rcpt] += 1
        return mode[2] if self.came[step, rcpt] <= int(mode[3] or 1) else ""

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take orders."""
        while line := await reader.readline():
            order = json.loads(line)
            if "tell" in order and (mode := MODE.fullmatch(order["tell"])):
                self.told[mode[1]] = mode[2], int(mode[3] or 1)
            if "hold" in order:
                (self.gate.clear if order["hold"] else self.gate.set)()
            self.options.slow = order.get("slow", self.options.slow)
            writer.write(f"{json.dumps(self.told)}\n".encode())
        writer.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one connection."""
        # A task that waits for nothing but its own end would be forgotten.
        self.talks.add(asyncio.current_task())
        with contextlib.suppress(Over, OSError, EOFError, asyncio.LimitOverrunError):
            await Talk(self, reader, writer).run()
        self.talks.discard(asyncio.current_task())
        with contextlib.suppress(OSError):
            writer.close()


class Talk:
    """One connection."""

    def __init__(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.relay, self.reader, self.writer = relay, reader, writer
        self.since, self.rcpt = 0.0, ""
        self.has_sender = self.has_rcpt = False
        self.messages = 0
        # What it takes before mail is taken: each is true from the beginning where it is not asked for.
        self.is_safe, self.is_greeted, self.is_known = not relay.options.tls, False, not relay.options.login

    async def run(self) -> None:
        """Answer commands, one after the other."""
        if self.relay.options.tls == "implicit":
            await self.protect()
        await self.answer("connect", "220 relay.test ESMTP")
        while line := (await self.reader.readline()).decode("utf-8", "replace").strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            handler = getattr(self, f"on_{verb.lower()}", None)
            await (handler(line) if handler else self.write("250 2.0.0 ok"))

    async def on_ehlo(self, line: str) -> None:
        """Offer what the options say, a login only where nobody can read it."""
        self.is_greeted = True
        offered = ["8BITMIME", "ENHANCEDSTATUSCODES", *self.relay.options.offer]
        offered += [] if self.is_safe else ["STARTTLS"]
        offered += ["AUTH PLAIN"] if self.is_safe and self.relay.options.login else []
        await self.answer(
            "ehlo", "\r\n".join(["250-relay.test", *(f"250-{one}" for one in offered), "250 SIZE 9000000"])
        )

    async def on_starttls(self, line: str) -> None:
        """Protect the connection, and forget what was said before (RFC 3207 section 4.2)."""
        if await self.answer("starttls", "220 2.0.0 go on"):
            await self.protect()

    async def protect(self) -> None:
        """Do the handshake, or what the mode says instead."""
        name = self.relay.act("tls", "")
        if name in ACTS:
            await ACTS[name](self, "500 no handshake")
            raise Over
        await self.writer.start_tls(self.relay.certificates[name or "good"])
        self.is_safe, self.is_greeted = name in ("", "good"), False

    async def on_auth(self, line: str) -> None:
        """Let in who knows the password."""
        if not self.is_safe:
            self.relay.note(kind="clear", said="AUTH")
        wanted = base64.b64encode("\0{}\0{}".format(*self.relay.options.login.split(":")).encode()).decode()
        if line.split()[1:] != ["PLAIN", wanted]:
            await self.write("535 5.7.8 bad login")
        else:
            self.is_known = await self.answer("auth", "235 2.7.0 welcome")

    async def on_mail(self, line: str) -> None:
        """Begin a message, unless this connection had enough of them."""
        self.since, self.rcpt, self.has_rcpt = time.time(), "", False
        if not self.is_safe:
            self.relay.note(kind="clear", said="MAIL")
        if not (self.is_greeted and self.is_known):
            await self.write("530 5.7.0 log in first" if self.is_greeted else "503 5.5.1 EHLO first")
            return
        most = self.relay.options.per_connection
        if most and self.messages >= most:
            await self.write("421 4.7.0 too many messages on this connection")
            raise Over
        self.has_sender = await self.answer("mail", "250 2.1.0 ok")

    async def on_rcpt(self, line: str) -> None:
        """Take the recipient."""
        self.rcpt = line[line.find("<") + 1 : line.find(">")]
        if not self.has_sender:
            await self.write("503 5.5.1 need MAIL")
            return
        self.relay.note(kind="mail", at=self.since, rcpt=self.rcpt)
        self.has_rcpt = await self.answer("rcpt", "250 2.1.5 ok")

    async def on_data(self, line: str) -> None:
        """Read a message up to the lone dot."""
        if not self.has_rcpt:
            await self.write("554 5.5.1 no valid recipients")
        elif await self.answer("data", "354 go on"):
            first = await self.reader.readexactly(3)
            rest = b"" if first == b".\r\n" else await self.reader.readuntil(b"\r\n.\r\n")
            await self.end((first + rest)[:-3])

    async def on_bdat(self, line: str) -> None:
        """Read a message that comes as one chunk."""
        message = await self.reader.readexactly(int(line.split(" ")[1]))
        if self.has_rcpt:
            await self.end(message)
        else:
            await self.write("554 5.5.1 no valid recipients")

    async def on_rset(self, line: str) -> None:
        """Forget the message."""
        self.has_sender = self.has_rcpt = False
        await self.write("250 2.0.0 forgotten")

    async def on_quit(self, line: str) -> None:
        """Say good-bye."""
        await self.answer("quit", "221 2.0.0 bye")
        raise Over

    async def end(self, message: bytes) -> None:
        """Accept a message, or not, and say so, or something else."""
        await self.relay.gate.wait()
        await asyncio.sleep(self.relay.options.slow)
        name = self.relay.act("end", self.rcpt)
        if name.startswith("acc") or not (name in ("rst", "fin", "hang") or name[:1] in ("4", "5")):
            found = re.search(rb"^Message-ID: *<?([^>\r\n]+)", message, re.MULTILINE | re.IGNORECASE)
            self.relay.note(
                kind="accepted", at=time.time(), rcpt=self.rcpt, id=found[1].decode() if found else "",
                hash=hashlib.sha256(message).hexdigest(),
            )  # fmt: skip
        self.messages += 1
        self.has_sender = self.has_rcpt = False
        await self.do(name.removeprefix("acc"), "250 2.6.0 taken")

    async def answer(self, step: str, usual: str) -> bool:
        """Do what the mode says for this step; say whether the answer was a yes."""
        return await self.do(self.relay.act(step, self.rcpt), usual)

    async def do(self, name: str, usual: str) -> bool:
        """Write the usual answer, or a code, or do the act."""
        if name.isdigit():
            await self.write(f"{name} {TEXTS.get(name, 'as told')}")
            if name == "421":
                raise Over
            return name[0] in "23"
        await (ACTS[name](self, usual) if name else self.write(usual))
        return True

    async def write(self, text: str) -> None:
        """Write one answer."""
        if self.writer.is_closing():
            raise Over
        self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()


async def main() -> None:
    """Serve until standard input ends."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("truth")
    asked.add_argument("--offer", action="append", default=[], help="PIPELINING, CHUNKING, …")
    asked.add_argument("--slow", type=float, default=0.0, help="seconds before each answer to the end of a message")
    asked.add_argument("--tls", choices=("starttls", "implicit"), help="take nothing unprotected")
    asked.add_argument("--certificates", help="the folder with good.pem, expired.pem, other.pem, unknown.pem")
    asked.add_argument("--login", default="", help="NAME:PASSWORD to ask for")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--per-connection", type=int, default=0, help="messages before it says 421")
    relay = Relay(asked.parse_args())
    ports = {}
    for name, talk, port in (("port", relay.talk, relay.options.port), ("control", relay.control, 0)):
        server = await asyncio.start_server(talk, "127.0.0.1", port, limit=2**24)
        ports[name] = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"{json.dumps(ports)}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
