"""A page fetched from the web, and never one of our own network: what a name means is asked once and kept to."""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from mailer.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Gateways of a network's own (RFC 8215), IPv4 in IPv6 as it was once written (RFC 4291), relays of 6to4 (RFC 7526).
_NOBODYS = tuple(ipaddress.ip_network(each) for each in ("64:ff9b:1::/48", "::/96", "192.88.99.0/24"))
_CURE = "open the page yourself, and paste its text"
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.I)
_HEAD = re.compile(rb"<head(\s[^>]*)?>", re.I)
_MOVED = (301, 302, 303, 307, 308)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the open web, also where it carries another one in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        inner += [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if address in _NAT64 else []
        if not all(is_public(each) for each in inner if each is not None):
            return False
        # Neither of these is anybody's page, and ipaddress calls the old ones global.
        if address.is_site_local or address.ipv4_mapped is not None:
            return address.ipv4_mapped is not None
    if any(address.version == network.version and address in network for network in _NOBODYS):
        return False
    return address.is_global and not address.is_multicast


@dataclass(frozen=True)
class Guard:
    """What may be fetched, and how much of it."""

    allows: Callable[[Address], bool] = is_public
    ports: frozenset[int] | None = frozenset({80, 443})
    seconds: float = 15
    largest: int = 5 * 1024 * 1024
    redirects: int = 5


GUARD = Guard()


@dataclass(frozen=True)
class Fetched:
    """A page as it came, and the address it came from in the end."""

    url: str
    data: bytes


def page(url: str, guard: Guard | None = None) -> Fetched:
    """Return the page at an address; BadInput for one that may not or cannot be fetched."""
    guard = guard or GUARD
    at = url.strip()
    for _ in range(guard.redirects + 1):
        answer = _once(at, guard)
        if isinstance(answer, Fetched):
            return answer
        at = answer
    raise BadInput("leads on and on", place="address", cure="name the page it leads to")


def _once(url: str, guard: Guard) -> Fetched | str:
    """Return the page, or the address it leads to."""
    host, port, secure, path = _parts(url, guard)
    found = _resolved(host, port, guard)
    try:
        with _connected(host, port, found, secure, guard) as line:
            fields = {"User-Agent": "mailer", "Accept": "text/html, text/plain, text/markdown", "Connection": "close"}
            line.request("GET", path, headers=fields)
            return _read(url, line.getresponse(), guard)
    except ssl.SSLError as problem:
        raise BadInput(
            f"its certificate is refused: {problem.reason or problem}", place="address", cure=_CURE
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        why = "it took too long" if isinstance(problem, TimeoutError) else str(problem) or type(problem).__name__
        raise BadInput(f"cannot be fetched: {why}", place="address", cure=_CURE) from None


def _parts(url: str, guard: Guard) -> tuple[str, int, bool, str]:
    try:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        named = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError):
        raise BadInput("is no address of a page", place="address", cure="write it with https:// in front") from None
    if parts.scheme not in ("http", "https") or not host or len(url) > 2000:
        raise BadInput("is no address of a page", place="address", cure="write it with https:// in front")
    if parts.username or parts.password or (guard.ports is not None and port not in guard.ports):
        raise BadInput("asks for a name or another port", place="address", cure="name a page everybody can open")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
    return named, port, secure, f"{path}?{query}" if query else path


def _resolved(host: str, port: int, guard: Guard) -> list[str]:
    """Return the addresses a name has; every one must be allowed."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadInput(f"there is no {host}", place="address", cure="check how it is written") from None
    found = [str(row[4][0]) for row in rows]
    if not found or not all(guard.allows(ipaddress.ip_address(each.partition("%")[0])) for each in found):
        raise BadInput("is in a network of its own, not on the web", place="address", cure=_CURE)
    return list(dict.fromkeys(found))


def _called(found: list[str], port: int, seconds: float) -> socket.socket:
    """Connect to the first that answers, of the addresses that were checked and of no others."""
    for at, address in enumerate(found, 1):
        try:
            return socket.create_connection((address, port), timeout=seconds / len(found))
        except OSError:
            if at == len(found):
                raise
    raise OSError("there is nothing to connect to")


@contextmanager
def _connected(
    host: str, port: int, found: list[str], secure: bool, guard: Guard
) -> Iterator[http.client.HTTPConnection]:
    """Connect to the address that was checked, under the name that was asked for; cut when the time is over."""
    line = http.client.HTTPConnection(host, port, timeout=guard.seconds)
    plain = _called(found, port, guard.seconds)
    plain.settimeout(guard.seconds)
    late = threading.Event()

    def cut() -> None:
        late.set()
        # TLS takes the connection over: the one that was opened is an empty shell then.
        for each in (line.sock, plain):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(guard.seconds, cut)
    timer.start()
    try:
        line.sock = plain
        if secure:
            context = ssl.create_default_context()
            line.sock = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            line.sock.do_handshake()
        yield line
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
        line.close()
        plain.close()


def _read(url: str, answer: http.client.HTTPResponse, guard: Guard) -> Fetched | str:
    if answer.status in _MOVED and (to := answer.getheader("location", "")):
        return urljoin(url, to)
    if answer.status != 200:
        raise BadInput(f"the site answers {answer.status} {answer.reason}"[:80], place="address", cure=_CURE)
    kind = answer.getheader("content-type", "text/html")
    if not re.match(r"\s*(?:text/(?:html|plain|markdown|x-markdown)|application/xhtml\+xml)\b", kind, re.I):
        raise BadInput("is no page of text", place="address", cure="name the page, not a file or a picture")
    data = answer.read(guard.largest + 1)
    if len(data) > guard.largest:
        raise BadInput("is larger than 5 MB", place="address", cure=_CURE)
    if found := _CHARSET.search(kind):
        with suppress(LookupError, UnicodeDecodeError):
            data = data.decode(found.group(1)).encode()
    return Fetched(url, _based(data, url) if "html" in kind.lower() else data)


def _based(data: bytes, url: str) -> bytes:
    """Let the page say where it is, so that its links lead where they led."""
    if re.search(rb"<base\s", data, re.I):
        return data
    base = f'<base href="{quote(url, safe=":/?#[]@!$&()*+,;=%~-._")}">'.encode()
    if _HEAD.search(data):
        return _HEAD.sub(lambda found: found.group() + base, data, count=1)
    return b"<html><head>" + base + b"</head>" + data
