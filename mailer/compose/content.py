"""Markdown, HTML or plain text becomes a body: safe HTML and, from the source, its plain-text twin."""

from dataclasses import dataclass

import nh3

from mailer.compose import marked, plain, plaintext, tidy, tree, walk
from mailer.compose.blocks import relevelled
from mailer.compose.characters import clean

_BLOCK_TAGS = """
    p br hr h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre figure figcaption table caption thead tbody tr th td img
"""
_TAGS = {*_BLOCK_TAGS.split(), *tidy.INLINE}
_ATTRIBUTES = {
    "a": {"href"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}


@dataclass(frozen=True)
class Content:
    """A body twice: ``html`` is sanitised, ``text`` is written from the same source."""

    html: str
    text: str


def from_markdown(text: str, base_url: str = "") -> Content:
    """Return the body of a Markdown text (CommonMark, tables, strikethrough, bare links)."""
    text = clean(text)
    stream = marked.tokens(text)
    notes = plaintext.Notes(text)
    blocks = relevelled(marked.blocks(stream, base_url, notes))
    return Content(sanitise(marked.html(stream), base_url), plaintext.write(blocks, notes))


def from_html(html: str, base_url: str = "") -> Content:
    """Return the body of an HTML fragment or page; relative links are read against ``base_url``."""
    safe = sanitise(html, base_url)
    body = tree.parse(safe)
    notes = plaintext.Notes(tree.text_of(body))
    return Content(safe, plaintext.write(walk.blocks(body, notes), notes))


def from_plain(text: str) -> Content:
    """Return the body of a plain text, rewrapped, with its addresses as links."""
    blocks = relevelled(plain.blocks(clean(text)))
    return Content(sanitise(plain.html(blocks)), plaintext.write(blocks))


def sanitise(html: str, base_url: str = "") -> str:
    """Return HTML without anything active, remote but images, or styled; its headings begin at h2.

    Links keep http, https, mailto and tel, images http, https and cid; other addresses are dropped and
    their text stays.
    """
    small = tidy.inner_html(tidy.tidied(tree.parse(html), base_url))
    # The tree is already built from known parts; this second, independent reader is the lock on the door.
    return nh3.clean(
        small,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags=set(tree.DROPPED),
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel=None,
    )
