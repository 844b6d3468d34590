"""From which network a request comes, believing only the proxies the operator named."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from mailer.errors import ConfigError
from mailer.people import limits

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# What proxies write when they pass a request on.
PASSED_ON = ("x-forwarded-for", "forwarded", "via", "x-forwarded-host", "x-real-ip")


def trusted(proxies: Sequence[str]) -> tuple[Network, ...]:
    """Return the proxies' addresses or networks; ConfigError for what is neither."""
    try:
        return tuple(ipaddress.ip_network(one, strict=False) for one in proxies)
    except ValueError as error:
        raise ConfigError(str(error), place="web.trusted_proxies", cure="write addresses like 10.0.0.2") from None


def of(request: Request, proxies: tuple[Network, ...]) -> str:
    """Return the IPv4 address or the IPv6 /64 the request comes from."""
    return limits.network(address(request, proxies))


def is_from(request: Request, proxies: tuple[Network, ...], allowed: Sequence[str]) -> bool:
    """Say whether the request comes from this machine or from one of the addresses, and nobody passed it on unnamed.

    A proxy on this machine that the operator did not name would make everybody look as if they were here.
    """
    peer = request.client.host if request.client else ""
    if any(name in request.headers for name in PASSED_ON) and not _is_one_of(peer, proxies):
        return False
    return _is_one_of(address(request, proxies), (*LOOPBACK, *trusted(allowed)))


def address(request: Request, proxies: tuple[Network, ...]) -> str:
    """Return the address the request comes from, "" if it has none.

    X-Forwarded-For is read from its right end, because everything left of the first address that is not
    a trusted proxy was written by whoever asked.
    """
    peer = request.client.host if request.client else ""
    if _is_one_of(peer, proxies):
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([one.strip() for one in forwarded if one.strip()]):
            if not _is_address(hop):
                break
            peer = hop
            if not _is_one_of(hop, proxies):
                break
    return peer


def _is_one_of(text: str, proxies: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in network for network in proxies)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
