"""Connections to one relay: what aiosmtplib tells becomes a Reply, never an exception."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from mailer.config_sections import Relay
from mailer.outcomes.verdict import Reply, Stage, printable

QUIT_SECONDS = 5.0
START_INPUT = 354


@dataclass(frozen=True)
class Parcel:
    """What goes to the relay for one row: envelope and bytes (RFC 5321 section 2.3.1)."""

    mail_from: str
    rcpt_to: str
    message: bytes


class RelayError(Exception):
    """No connection that can carry mail: what happened, and whether it is our login that was refused."""

    def __init__(self, what: str, *, login: bool = False) -> None:
        super().__init__(what)
        self.login = login


class Connection:
    """One connection; after anything out of step it is closed and says so."""

    def __init__(self, name: str, relay: Relay) -> None:
        self.name = name
        self._relay = relay
        self._client: aiosmtplib.SMTP | None = None
        self.carried = 0

    @property
    def is_open(self) -> bool:
        """Say whether another message can go this way."""
        worn = self.carried >= self._relay.messages_per_connection
        return self._client is not None and self._client.is_connected and not worn and not self._is_out_of_step

    @property
    def _is_out_of_step(self) -> bool:
        """Say whether something was said that nobody asked for: it would be taken for the next answer."""
        protocol = self._client.protocol if self._client else None
        return protocol is not None and bool(protocol._buffer)

    @property
    def capabilities(self) -> dict[str, str]:
        """Return what the server offered after the last EHLO, keyword → parameters."""
        return dict(self._client.esmtp_extensions) if self._client else {}

    async def open(self) -> None:
        """Connect, greet, protect, log in; RelayError with the reason in one line if that fails."""
        await self.close()
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            # In a thread: a slow resolver must not hold up the connections that work.
            local_hostname=relay.ehlo_name or await asyncio.to_thread(socket.getfqdn),
            timeout=relay.connect_seconds,
            use_tls=relay.tls == "implicit",
            start_tls=relay.tls == "starttls",
            tls_context=self._tls(),
        )
        try:
            async with asyncio.timeout(relay.connect_seconds):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await _greet(client)
                if relay.username:
                    await client.login(relay.username, relay.password.get_secret_value())
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            client.close()
            login = isinstance(error, aiosmtplib.SMTPAuthenticationError)
            raise RelayError(_reason(error, relay), login=login) from None
        self._client, self.carried = client, 0

    async def send(self, parcel: Parcel) -> Reply | None:
        """Carry one message; the Reply says at which stage the dialogue ended.

        Code 0 at stage ``end``: the message may or may not have arrived (RFC 1047). Code 0 before it:
        nothing was handed over. None: a used connection came to its end, which says nothing of this message.
        """
        reply = await self._dialogue(parcel)
        ended = reply.stage == "mail" and reply.code in (0, 421)
        return None if ended and self.carried > 1 else reply

    async def _dialogue(self, parcel: Parcel) -> Reply:
        client = self._client
        if client is None:
            return Reply(0, "the connection is closed", "connect")
        impossible = self._impossible(parcel)
        if impossible:
            return impossible
        self.carried += 1
        stage: Stage = "mail"
        encoding = "ascii" if parcel.rcpt_to.isascii() else "utf-8"
        try:
            patience = self._relay.command_seconds
            await client.mail(parcel.mail_from, options=self._options(parcel), encoding=encoding, timeout=patience)
            self._must_be_silent()
            stage = "rcpt"
            await client.rcpt(parcel.rcpt_to, encoding=encoding, timeout=patience)
            self._must_be_silent()
            stage = "data"
            go = await client.execute_command(b"DATA", timeout=patience)
            if go.code != START_INPUT:
                raise aiosmtplib.SMTPDataError(go.code, go.message)
            self._must_be_silent()
            stage = "end"
            done = await self._written(client, parcel.message)
            if done.code // 100 != 2:
                raise aiosmtplib.SMTPDataError(done.code, done.message)
        except SMTPResponseException as error:
            if error.code // 100 not in (4, 5):
                # Neither yes nor no where one was due: the next reply would be taken for another message's.
                self.abort()
                return Reply(0, f"out of step: {error.code} {error.message}", stage)
            return await self._refused(Reply(max(error.code, 0), error.message, stage))
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            self.abort()
            return Reply(0, _reason(error, self._relay), stage)
        return Reply(done.code, done.message, "end")

    def _must_be_silent(self) -> None:
        if self._is_out_of_step:
            raise SMTPResponseException(-1, "more than one answer to one command")

    async def _written(self, client: aiosmtplib.SMTP, message: bytes) -> aiosmtplib.SMTPResponse:
        """Write the message after 354 and return the answer; from the first byte on its fate may be unknown."""
        protocol = client.protocol
        if protocol is None or protocol.transport is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        protocol.write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return await protocol.read_response(timeout=self._relay.data_seconds)

    def abort(self) -> None:
        """Drop the connection without another word."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def close(self) -> None:
        """Say QUIT and close."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(QUIT_SECONDS):
                await client.quit()
        client.close()

    async def _refused(self, reply: Reply) -> Reply:
        """Leave the dialogue in order after a refusal: 421 and garbage close, all else is reset."""
        if reply.code in (0, 421):
            self.abort()
        elif self._client is not None:
            try:
                await self._client.rset(timeout=self._relay.command_seconds)
            except (SMTPException, OSError, TimeoutError):
                self.abort()
        return reply

    def _impossible(self, parcel: Parcel) -> Reply | None:
        """Return a refusal of our own where the server has said that it cannot take this (RFC 1870, 6531)."""
        offered = self.capabilities
        limit = offered.get("size", "").strip()
        if limit.isdigit() and 0 < int(limit) < len(parcel.message):
            return Reply(552, f"5.3.4 the message has {len(parcel.message)} bytes, the relay takes {limit}", "mail")
        if not parcel.rcpt_to.isascii() and not {"smtputf8", "8bitmime"} <= offered.keys():
            return Reply(550, "5.6.7 the relay cannot carry addresses with letters beyond ASCII", "rcpt")
        return None

    def _options(self, parcel: Parcel) -> list[str]:
        options = [f"SIZE={len(parcel.message)}"] if "size" in self.capabilities else []
        return options if parcel.rcpt_to.isascii() else [*options, "SMTPUTF8", "BODY=8BITMIME"]

    def _tls(self) -> ssl.SSLContext | None:
        if self._relay.tls == "none":
            return None
        try:
            return ssl.create_default_context(cafile=self._relay.ca_file)
        except OSError as error:
            raise RelayError(f"ca_file {self._relay.ca_file} cannot be read ({error.strerror or error})") from None


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Say EHLO, or HELO to a server that is too old for it (RFC 5321 section 3.2)."""
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code < 500:
            raise
        await client.helo()


def _reason(error: BaseException, relay: Relay) -> str:
    where = f"{relay.host}:{relay.port}"
    if isinstance(error, TimeoutError):
        return f"{where} did not answer in time"
    if isinstance(error, SMTPResponseException):
        return f"{where} said {error.code} {' '.join(printable(str(error.message)).split())}"
    text = " ".join(printable(str(error)).split()) or type(error).__name__
    return f"{where}: {text}"
