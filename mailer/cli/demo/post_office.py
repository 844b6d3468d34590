"""A real SMTP server on loopback that keeps every letter and lets a story wait for the one it expects."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

from mailer import clock
from mailer.errors import Refused
from mailer.web.inbox import Letter

LOOK_SECONDS = 0.05


class Unmet(Refused):
    """Something the demonstration expected did not happen."""


class Closed(Exception):
    """The demonstration was asked to end while its story waited."""


class PostOffice:
    """Takes everything, in the event loop; the story in its thread waits for letters to come."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.letters: list[Letter] = []
        self._news = threading.Condition()
        self._closed = False
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.listening.getsockname()[1])

    async def open(self) -> None:
        """Begin to take mail."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="post-office.example", enable_SMTPUTF8=True, loop=loop), sock=self.listening
        )

    def close(self) -> None:
        """Take no more mail, and let nobody wait for any."""
        if self._server is not None:
            self._server.close()
        with self._news:
            self._closed = True
            self._news.notify_all()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep one letter for every recipient."""
        message = envelope.content if isinstance(envelope.content, bytes) else b""
        with self._news:
            for rcpt in envelope.rcpt_tos:
                number = len(self.letters) + 1
                self.letters.append(Letter(number, clock.now(), envelope.mail_from or "", rcpt, message))
            self._news.notify_all()
        return "250 2.0.0 kept"

    def wait_for(
        self, what: str, wanted: Callable[[Letter], bool], number: int = 1, seconds: float = 20
    ) -> list[Letter]:
        """Return the letters that are wanted as soon as there are ``number``; Unmet, naming ``what``, if not."""
        end = time.monotonic() + seconds
        with self._news:
            while len(found := [letter for letter in self.letters if wanted(letter)]) < number:
                if self._closed:
                    raise Closed
                if not self._news.wait(max(end - time.monotonic(), 0)) and time.monotonic() >= end:
                    raise Unmet(f"{what}: {len(found)} of {number} came in {seconds:g} seconds", place="demo")
        return found

    def wait_until(self, true: Callable[[], bool], what: str, seconds: float = 20) -> None:
        """Return as soon as something is true, which is looked at again and again; Unmet, naming it, if not."""
        end = time.monotonic() + seconds
        while not true():
            with self._news:
                if self._closed:
                    raise Closed
                self._news.wait(LOOK_SECONDS)
            if time.monotonic() >= end:
                raise Unmet(f"not within {seconds:g} seconds: {what}", place="demo")
