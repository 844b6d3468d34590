"""Which addresses may stand behind a link, and where bare ones stand in a text."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

from mailer.compose.characters import clean

_BARE = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"“”„«»]{1,2000})"
    r"|(?P<www>(?<![\w@./-])www\.[a-z0-9-]+(?:\.[a-z0-9-]+){1,9}(?:[/?#][^\s<>\"“”„«»]{0,2000})?)"
    r"|(?P<box>(?<![\w.+/@-])[a-z0-9_][\w.+-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}[a-z]{2,24}\b(?!@))",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0]+")
_LINKS = ("http", "https", "mailto", "tel")
_IMAGES = ("http", "https", "cid")


def absolute(url: str, base: str = "", *, schemes: tuple[str, ...] = _LINKS) -> str:
    """Return an address that works in a mail (RFC 3986 section 5.2), or nothing if there is none."""
    url = _BLANKS.sub(" ", clean(url)).strip().replace(" ", "%20")
    if not url or url.startswith("#"):
        return ""
    try:
        whole = url if _SCHEME.match(url) or not base else urljoin(base, url)
        parts = urlsplit(whole)
        host = parts.hostname
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in schemes or (scheme in ("http", "https") and not host):
        return ""
    if scheme not in ("http", "https") and not parts.path:
        return ""
    return quote(whole, safe="!#$%&'()*+,/:;=?@[]~-._" + _letters(whole))


def image(url: str, base: str = "") -> str:
    """Return the address of an image a mail may show: http, https or cid; nothing otherwise."""
    return absolute(url, base, schemes=_IMAGES)


def page(url: str, base: str = "") -> str:
    """Return the address of a web page, absolute, or nothing."""
    return absolute(url, base, schemes=("http", "https"))


def bare(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text in pieces, each with the address it links to or ``""``."""
    at = 0
    for found in _BARE.finditer(text):
        shown = _without_tail(found.group())
        url = absolute(_prefix(found.lastgroup) + shown)
        if not url:
            continue
        if found.start() > at:
            yield text[at : found.start()], ""
        yield shown, url
        at = found.start() + len(shown)
    if at < len(text):
        yield text[at:], ""


def _prefix(kind: str | None) -> str:
    return {"www": "https://", "box": "mailto:"}.get(kind or "", "")


def _letters(url: str) -> str:
    # Letters beyond ASCII stay readable; a client encodes them when it follows the link.
    return "".join({letter for letter in url if ord(letter) > 0xA0})


def _without_tail(url: str) -> str:
    """Punctuation after an address belongs to the sentence, and so does a bracket it did not open."""
    while url and (url[-1] in ".,;:!?'’*_…" or (url[-1] in ")]}" and _unopened(url))):
        url = url[:-1]
    return url


def _unopened(url: str) -> bool:
    opening = {")": "(", "]": "[", "}": "{"}[url[-1]]
    return url.count(url[-1]) > url.count(opening)
