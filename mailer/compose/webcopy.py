"""A text as a page of our own shows it, and a letter as a page: with nothing fetched from elsewhere."""

import html as entities
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from lxml import etree

from mailer.compose import tree
from mailer.compose.tree import Element

_ANCHOR = re.compile(r"<a\b[^>]*?\bhref=(\"[^\"]*\"|'[^']*')[^>]*>.*?</a>(?:\s*<br\s*/?>)?", re.IGNORECASE | re.DOTALL)


def body(html: str, hosts: Sequence[str], picture: str, table: str) -> str:
    """Return a sanitised body for a page of ours.

    Pictures from other hosts become links, named by the word ``picture`` and what they show; a table that is
    wider than the screen scrolls by itself, also by keyboard, and is called ``table`` unless it has a caption.
    """
    root = tree.parse(html)
    for image in list(root.iter("img")):
        if not _is_ours(image.get("src", ""), hosts):
            _as_link(image, picture)
        else:
            image.set("loading", "lazy")
            image.set("alt", image.get("alt", ""))
    for each in list(root.iter("table")):
        _scrolling(each, table)
    for each in root.iter("pre"):
        each.set("tabindex", "0")
    for link in root.iter("a"):
        link.set("rel", "noreferrer")
    begin = entities.escape(root.text or "", quote=False)
    return begin + "".join(str(etree.tostring(child, encoding="unicode", method="html")) for child in root)


def without_links(html: str, addresses: Sequence[str]) -> str:
    """Return a letter without the links that lead to one of these addresses; an empty address is one without a place.

    By their letters, not by a parser: the comments for Outlook and the styles must stay as they were written.
    """

    def kept(found: re.Match[str]) -> str:
        return "" if entities.unescape(found[1][1:-1]).strip() in addresses else found[0]

    return _ANCHOR.sub(kept, html)


def _is_ours(url: str, hosts: Sequence[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and (parts.hostname or "") in hosts and parts.port in (None, 443)
    except ValueError:
        return False


def _as_link(image: Element, word: str) -> None:
    """Put a link in the place of a picture; inside a link, and for one that came with the mail, only its words."""
    alt, url = (image.get("alt") or "").strip(), image.get("src", "")
    linked = any(above.tag == "a" for above in image.iterancestors())
    shown = etree.Element("span" if linked or not url.startswith(("http:", "https:")) else "a")
    if shown.tag == "a":
        shown.set("href", url)
    shown.set("class", "picture")
    shown.text = f"{word}: {alt}" if alt else word
    shown.tail = image.tail
    parent = image.getparent()
    if parent is None:
        return
    if not alt and shown.tag == "span" and not linked:
        tree.remove(image)
        return
    parent.replace(image, shown)


def _scrolling(table: Element, word: str) -> None:
    frame = etree.Element("div")
    frame.set("class", "scroll")
    frame.set("role", "region")
    frame.set("tabindex", "0")
    caption = table.find("caption")
    frame.set("aria-label", (tree.text_of(caption).strip() if caption is not None else "") or word)
    frame.tail, table.tail = table.tail, None
    parent = table.getparent()
    if parent is not None:
        parent.replace(table, frame)
        frame.append(table)
