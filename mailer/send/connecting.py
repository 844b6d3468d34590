"""Open connections to a relay: aiosmtplib connects, greets, protects and logs in, and is let go."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from mailer.config_sections import Relay
from mailer.outcomes.verdict import printable


class RelayError(Exception):
    """No connection that can carry mail: what happened, and whether it is our login that was refused."""

    def __init__(self, what: str, *, is_login: bool = False) -> None:
        super().__init__(what)
        self.is_login = is_login


@dataclass(frozen=True)
class Opened:
    """A connection ready for MAIL, and what the server offered after the last EHLO: keyword → parameters."""

    transport: asyncio.Transport
    offered: Mapping[str, str]


async def connect(relay: Relay) -> Opened:
    """Connect, greet, protect, log in; RelayError with the reason in one line if that fails.

    The transport belongs to the caller, who gives it another protocol before anything else is awaited.
    """
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        # In a thread: a slow resolver must not hold up the connections that work.
        local_hostname=relay.ehlo_name or await asyncio.to_thread(socket.getfqdn),
        timeout=relay.connect_seconds,
        use_tls=relay.tls == "implicit",
        start_tls=relay.tls == "starttls",
        tls_context=_tls(relay),
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
        # A server that cannot ask for passwords just now (454) is not well; ours may be right.
        is_login = isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500
        raise RelayError(_reason(error, relay), is_login=is_login) from None
    offered = {keyword.lower(): parameters for keyword, parameters in client.esmtp_extensions.items()}
    # From here on nothing of aiosmtplib may touch the connection.
    transport, client.transport, client.protocol = client.transport, None, None
    if transport is None or transport.is_closing():
        raise RelayError(f"{relay.host}:{relay.port} closed the connection")
    # A cast, because the transports of uvloop are no instances of it.
    return Opened(cast(asyncio.Transport, transport), offered)


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Say EHLO, or HELO to a server that is too old for it (RFC 5321 section 3.2)."""
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code < 500:
            raise
        await client.helo()


def _tls(relay: Relay) -> ssl.SSLContext | None:
    if relay.tls == "none":
        return None
    try:
        return ssl.create_default_context(cafile=relay.ca_file)
    except OSError as error:
        raise RelayError(f"ca_file {relay.ca_file} cannot be read ({error.strerror or error})") from None


def _reason(error: BaseException, relay: Relay) -> str:
    where = f"{relay.host}:{relay.port}"
    if isinstance(error, TimeoutError):
        return f"{where} did not answer in time"
    if isinstance(error, SMTPResponseException):
        return f"{where} said {error.code} {' '.join(printable(str(error.message)).split())}"
    text = _system_says(error) or " ".join(printable(str(error)).split()) or type(error).__name__
    return f"{where}: {text}"


def _system_says(error: BaseException) -> str:
    """Return what the system says of a connection that was not made, or "": the rest only names the place again."""
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else None
    if not isinstance(cause, OSError) or isinstance(cause, ssl.SSLError) or not cause.errno:
        return ""
    # A name that is not found has no number of the system's own.
    return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
