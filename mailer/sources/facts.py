"""What a web page says about itself in its head: title, date, author, address, language."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from mailer.compose import links
from mailer.compose.characters import one_line
from mailer.compose.tree import Element, text_of
from mailer.sources import language

_SAVED = re.compile(
    r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://\S+)", re.IGNORECASE
)
_PUBLISHED = (
    "article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.date",
    "dcterms.created", "dcterms.issued", "pubdate", "publishdate", "publication_date",
    "og:published_time",
)  # fmt: skip
_DIVIDER = re.compile(r"\s+(?:[|»·•–—-]|::)\s+|\s*[|»]\s*")
_LONGEST = 200_000


@dataclass(frozen=True)
class Facts:
    """The facts, "" where the head says nothing; ``date`` is as written, ``base`` is for relative links.

    ``parts`` are what the title's dividers part, in small letters: the headline and the site, in either order.
    """

    title: str
    parts: frozenset[str]
    site: str
    date: str
    author: str
    source: str
    base: str
    language: str


def read(root: Element, markup: str) -> Facts:
    """Return what the page says about itself."""
    meta = _meta(root)
    linked = list(_linked_data(root))
    saved = _SAVED.search(markup[:5000])
    address = links.page(saved.group(1)) if saved else ""
    canonical = next(
        (each.get("href", "") for each in root.iter("link") if "canonical" in each.get("rel", "").lower().split()),
        "",
    )
    source = links.page(canonical, address) or links.page(meta.get("og:url", ""), address) or address
    href = next((each.get("href", "") for each in root.iter("base")), "")
    site = meta.get("og:site_name", "") or meta.get("application-name", "")
    return Facts(
        title=meta.get("og:title") or meta.get("twitter:title") or _without_site(_title(root), site),
        parts=frozenset(part.casefold() for part in _DIVIDER.split(_title(root)) if part),
        site=site,
        date=next((meta[name] for name in _PUBLISHED if name in meta), "") or _first(linked, "datePublished"),
        author=_author(meta) or _first(linked, "author"),
        source=source,
        base=links.page(_joined(source or address, href)) or source or address,
        language=_language(root, meta),
    )


def _meta(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = one_line(element.get("content", ""))
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _title(root: Element) -> str:
    return next((one_line(text_of(each)) for each in root.iter("title")), "")


def _without_site(title: str, site: str) -> str:
    """The name of the site at either end of the title is not part of it."""
    parts = [part for part in _DIVIDER.split(title) if part]
    if len(parts) < 2:
        return title
    if site and parts[0].casefold() == site.casefold():
        return title[title.index(parts[1], len(parts[0])) :]
    last, rest = parts[-1], title[: title.rindex(parts[-1])]
    # A bar parts a title from its site; a dash may be part of it, so a short title keeps it.
    named = last.casefold() == site.casefold() or rest.rstrip().endswith(("|", "»", "::"))
    if named or (len(last) <= 40 and len(rest) >= 15):
        return _DIVIDER.sub(" – ", rest).rstrip(" |»·•–—-:")
    return title


def _author(meta: dict[str, str]) -> str:
    for name in ("author", "article:author", "dc.creator", "dcterms.creator"):
        if meta.get(name) and "://" not in meta[name] and "@" not in meta[name]:
            return meta[name]
    return ""


def _language(root: Element, meta: dict[str, str]) -> str:
    stated = [
        root.get("lang", ""),
        root.get("{http://www.w3.org/XML/1998/namespace}lang", ""),
        root.get("xml:lang", ""),
    ]
    body = root.find("body")
    stated += [
        body.get("lang", "") if body is not None else "",
        meta.get("content-language", ""),
        meta.get("og:locale", ""),
    ]
    return next((tag for tag in map(language.tag, stated) if tag), "")


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href) if href else ""
    except ValueError:
        return ""


def _linked_data(root: Element) -> Iterator[dict[str, Any]]:
    """Yield the objects of the page's JSON-LD, those in a graph too; what cannot be read is left."""
    for script in root.iter("script"):
        text = script.text or ""
        if "ld+json" not in script.get("type", "") or len(text) > _LONGEST:
            continue
        try:
            waiting = [json.loads(text)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            each = waiting.pop(0)
            if isinstance(each, list):
                waiting += each[:50]
            elif isinstance(each, dict):
                yield each
                waiting += [each[name] for name in ("@graph", "mainEntity") if name in each]


def _first(linked: list[dict[str, Any]], name: str) -> str:
    for each in linked:
        value = each.get(name)
        people = value if isinstance(value, list) else [value]
        names = [person.get("name") if isinstance(person, dict) else person for person in people]
        text = ", ".join(one_line(found) for found in names if isinstance(found, str) and "://" not in found)
        if text:
            return text[:200]
    return ""
