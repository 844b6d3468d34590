"""From which network a request comes, believing only the proxies the operator named."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from mailer.errors import ConfigError
from mailer.people import limits

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def trusted(proxies: Sequence[str]) -> tuple[Network, ...]:
    """Return the proxies' addresses or networks; ConfigError for what is neither."""
    try:
        return tuple(ipaddress.ip_network(one, strict=False) for one in proxies)
    except ValueError as error:
        raise ConfigError(str(error), place="web.trusted_proxies", cure="write addresses like 10.0.0.2") from None


def of(request: Request, proxies: tuple[Network, ...]) -> str:
    """Return the IPv4 address or the IPv6 /64 the request comes from.

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
    return limits.network(peer)


def _is_one_of(text: str, proxies: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in network for network in proxies)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
