"""Parsed HTML: read it, see what is never shown, and the small steps of building a tree."""

import re
from typing import TypeAlias

from lxml import etree

from mailer.compose.characters import clean
from mailer.errors import BadInput

Element: TypeAlias = etree._Element

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_DROPPED = """
    script style template noscript noembed noframes title head iframe frame frameset object embed applet
    svg math canvas audio video map input button select option textarea datalist meter progress dialog
    link meta base
"""
DROPPED = frozenset(_DROPPED.split())
"""Elements that are removed with everything in them."""
_BREAKING = """
    p div section article main header footer aside nav body center address details summary fieldset
    legend form hgroup blockquote figure figcaption ul ol menu dir li dl dt dd pre listing xmp plaintext
    table caption thead tbody tfoot tr td th hr
"""
BREAKING = frozenset(_BREAKING.split()) | frozenset(HEADINGS)
"""Elements that begin a new line."""
BLANK = re.compile(r"[ \t\n\r\f]+")
_HTML = re.compile(r"<html[\s>]", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def parse_page(html: str) -> Element:
    """Return the root of a whole page, always with a body; BadInput if it is nested 2000 elements deep."""
    # huge_tree: pages of the nineties leave hundreds of elements open, and without it the parser ends at 255.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    page = clean(html)
    if not _HTML.search(page):
        page = f"<html>{page}"
    root = etree.fromstring(b"<!doctype html>\n" + page.encode(), parser)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise BadInput("the HTML is nested too deeply", cure="close the elements it opens")
    if root.find("body") is None:
        etree.SubElement(root, "body")
    return root


def parse(html: str) -> Element:
    """Return the body of a fragment; BadInput as in ``parse_page``."""
    found = parse_page(f"<body>{html}").find("body")
    assert found is not None  # parse_page promises it
    return found


def text_of(element: Element) -> str:
    """Return all text in an element."""
    return "".join(str(piece) for piece in element.itertext())


def dropped(element: Element) -> bool:
    """Say whether an element and all in it is never shown."""
    if not isinstance(element.tag, str) or element.tag in DROPPED:
        return True
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))


def remove(element: Element) -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    tail, before = element.tail, element.getprevious()
    parent.remove(element)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail


def put(target: Element, text: str | None) -> None:
    """Add text at the end of an element; blanks are one blank, except in ``pre``."""
    if not text:
        return
    # A reference such as &#128; makes characters that were not in the text when it was cleaned.
    text = clean(text) if target.tag == "pre" else BLANK.sub(" ", clean(text))
    last = last_child(target)
    before = (target.text if last is None else last.tail) or ""
    after_break = last is not None and last.tag == "br" and not before
    if target.tag != "pre" and (after_break or before.endswith(" ")):
        text = text.lstrip(" ")
    if last is None:
        target.text = before + text
    else:
        last.tail = before + text


def last_child(element: Element) -> Element | None:
    """Return the last child; unlike ``len`` this does not count them all."""
    return next(element.iterchildren(reversed=True), None)


def trim(element: Element) -> None:
    """Remove the blanks and line breaks at both ends of a block."""
    last = last_child(element)
    while last is not None and last.tag == "br" and not (last.tail or "").strip():
        element.remove(last)
        last = last_child(element)
    element.text = (element.text or "").lstrip(" ")
    if last is not None:
        last.tail = (last.tail or "").rstrip(" ")
    else:
        element.text = element.text.rstrip(" ")


def without_only_paragraph(element: Element) -> None:
    """Let the text stand bare if one paragraph is all the running text an element begins with."""
    paragraphs = element.findall("p")
    if len(paragraphs) != 1 or element.index(paragraphs[0]) or (element.text or "").strip():
        return
    only = paragraphs[0]
    element.text = only.text
    for at, child in enumerate(list(only)):
        element.insert(at, child)
    element.remove(only)


def shows_something(element: Element) -> bool:
    """Say whether an element has text, an image or a rule in it."""
    if any(str(piece).strip() for piece in element.itertext()):
        return True
    return element.find(".//img") is not None or element.find(".//hr") is not None


class Run:
    """The paragraph being filled in a target; two line breaks in a row end it."""

    def __init__(self, target: Element) -> None:
        self.target = target
        self._open: Element | None = None

    def open(self) -> Element:
        """Return the paragraph, begun if there is none."""
        if self._open is None:
            self._open = etree.SubElement(self.target, "p")
        return self._open

    def text(self, text: str | None) -> None:
        """Add text; blanks alone begin no paragraph."""
        if text and (self._open is not None or text.strip(" \t\n\r\f")):
            put(self.open(), text)

    def line_break(self) -> None:
        """Add a line break, or end the paragraph if one has just been added."""
        if self._open is None:
            return
        last = last_child(self._open)
        if last is not None and last.tag == "br" and not (last.tail or "").strip():
            self.end()
        else:
            etree.SubElement(self._open, "br")

    def end(self) -> None:
        """End the paragraph; one that shows nothing is taken out again."""
        if self._open is not None:
            trim(self._open)
            if not shows_something(self._open):
                remove(self._open)
        self._open = None
