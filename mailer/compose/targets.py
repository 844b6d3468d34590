"""Judges where a link or image leads, by the look of its address: no server is asked."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from mailer.compose import wording
from mailer.compose.findings import Finding, found

_SCHEMES = ("http", "https", "mailto", "tel", "cid")


def judge(url: str, base_url: str, place: str) -> Iterator[Finding]:
    """Yield what is wrong with an address by its look alone; our own (below ``base_url``) are not judged."""
    if not url or url == "#":
        yield found("link.empty", place)
        return
    if base_url and (url + "/").startswith(base_url.rstrip("/") + "/"):
        return
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        yield found("link.scheme", place)
        return
    if not parts.scheme:
        yield found("link.relative", place)
    elif parts.scheme == "file":
        yield found("link.local", place)
    elif parts.scheme not in _SCHEMES:
        yield found("link.scheme", place)
    elif parts.scheme in ("http", "https"):
        yield from _host(host, url, parts.scheme, place)


def _host(host: str, url: str, scheme: str, place: str) -> Iterator[Finding]:
    if not host or _local(host):
        yield found("link.local", place)
        return
    if wording.STAGING.search(host.rsplit(".", 1)[0]):
        yield found("link.staging", place)
    if wording.EDITOR.search(url.split("://", 1)[1]):
        yield found("link.editor", place)
    if host.removeprefix("www.") in wording.SHORTENERS:
        yield found("link.shortener", place)
    if scheme == "http":
        yield found("link.insecure", place)


def _local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(wording.LOCAL_ENDINGS)
