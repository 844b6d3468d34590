"""The archive for feed readers: Atom (RFC 4287) and JSON Feed 1.1, each mailing whole."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from mailer.compose import links as pages
from mailer.mailing.copies import Copy, Feed

ATOM = "http://www.w3.org/2005/Atom"
KINDS = {"feed.xml": "application/atom+xml; charset=utf-8", "feed.json": "application/feed+json; charset=utf-8"}
COUNT, MOST = 20, 100
# What XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Addresses(Protocol):
    """Where the archive stands: on the site, or as files on another server."""

    base: str

    def archive(self, list_name: str) -> str:
        """Return the whole address of a list's archive."""

    def view(self, list_name: str, slug: str) -> str:
        """Return the whole address of a mailing."""

    def feed(self, list_name: str, name: str) -> str:
        """Return the whole address of a feed."""


def write(feed: Feed, name: str, to: Addresses, organisation: str) -> bytes:
    """Return a feed by the name of its file, ``feed.xml`` or ``feed.json``."""
    return (_atom if name == "feed.xml" else _json)(feed, to, organisation)


def changed_at(feed: Feed) -> datetime | None:
    """Return when something in the feed changed last, None for an empty one."""
    return max((copy.changed_at for copy in feed.copies), default=None)


def address_of(copy: Copy, to: Addresses) -> str:
    """Return the address that counts for a mailing: where its statement was published, else its own page."""
    return pages.page(copy.source) or to.view(copy.home, copy.slug)


def _atom(feed: Feed, to: Addresses, organisation: str) -> bytes:
    offer, root = feed.offer, ElementTree.Element("feed", {"xmlns": ATOM, _XML_LANG: feed.offer.language})
    _add(root, "title", offer.title)
    if offer.description:
        _add(root, "subtitle", offer.description)
    _add(root, "id", _lasting("list", to.base, offer.name))
    # A feed that has nothing yet was never changed.
    _add(root, "updated", _stamp(changed_at(feed) or datetime(1970, 1, 1, tzinfo=UTC)))
    _add(root, "link", rel="self", type="application/atom+xml", href=to.feed(offer.name, "feed.xml"))
    _add(root, "link", rel="alternate", type="text/html", href=to.archive(offer.name))
    _add(_add(root, "author"), "name", offer.from_name or organisation)
    for copy in feed.copies:
        _atom_entry(root, copy, to)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ElementTree.tostring(root)) + b"\n"


def _atom_entry(root: ElementTree.Element, copy: Copy, to: Addresses) -> None:
    entry = _add(root, "entry")
    entry.set(_XML_LANG, copy.language)
    _add(entry, "title", copy.title)
    _add(entry, "id", _lasting("mailing", copy.reference))
    _add(entry, "published", _stamp(copy.sent_at))
    _add(entry, "updated", _stamp(copy.changed_at))
    _add(entry, "link", rel="alternate", type="text/html", href=to.view(copy.offer.name, copy.slug))
    if source := pages.page(copy.source):
        _add(entry, "link", rel="canonical", href=source)
    for author in dict.fromkeys(text.author for text in copy.texts if text.author):
        _add(_add(entry, "author"), "name", author)
    if copy.preheader:
        _add(entry, "summary", copy.preheader)
    _add(entry, "content", _content(copy), type="html")


def _json(feed: Feed, to: Addresses, _organisation: str) -> bytes:
    offer = feed.offer
    found = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": offer.title,
        "home_page_url": to.archive(offer.name),
        "feed_url": to.feed(offer.name, "feed.json"),
        "description": offer.description,
        "language": offer.language,
        "authors": [{"name": offer.from_name}],
        "items": [_json_item(copy, to) for copy in feed.copies],
    }
    return json.dumps(_said(found), ensure_ascii=False, indent=1).encode() + b"\n"


def _json_item(copy: Copy, to: Addresses) -> dict[str, object]:
    authors = dict.fromkeys(text.author for text in copy.texts if text.author)
    return _said(
        {
            "id": _lasting("mailing", copy.reference),
            "url": to.view(copy.offer.name, copy.slug),
            "external_url": pages.page(copy.source),
            "title": copy.title,
            "summary": copy.preheader,
            "content_html": _content(copy),
            "content_text": "\n\n".join(text.body_text for text in copy.texts),
            "date_published": _stamp(copy.sent_at),
            "date_modified": _stamp(copy.changed_at),
            "language": copy.language,
            "authors": [{"name": name} for name in authors],
        }
    )


def _content(copy: Copy) -> str:
    """Return what was corrected and when, and the texts one after the other; of several, each with its title."""
    notes = [f"<p><em>{said.at:%Y-%m-%d}: {_escaped(said.note)}</em></p>" for said in copy.corrections]
    if len(copy.texts) == 1:
        return "\n".join([*notes, copy.texts[0].body_html])
    return "\n".join([*notes, *(f"<h2>{_escaped(text.title)}</h2>\n{text.body_html}" for text in copy.texts)])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(values: Mapping[str, object]) -> dict[str, object]:
    """Return what has a value: JSON Feed has no empty ones."""
    return {name: value for name, value in values.items() if value or name == "items"}


def _lasting(*parts: str) -> str:
    """Return an identifier that stays when titles and addresses change (RFC 4287 section 4.2.6)."""
    return uuid5(NAMESPACE_URL, "/".join(parts)).urn


def _stamp(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, {name: _NOT_XML.sub("", value) for name, value in attributes.items()})
    child.text = _NOT_XML.sub("", text) or None
    return child
