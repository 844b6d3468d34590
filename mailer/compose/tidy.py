"""Any HTML becomes the small HTML a mail can carry: known tags, absolute links, text in paragraphs."""

import re

from lxml import etree

from mailer.compose import links
from mailer.compose.blocks import levels
from mailer.compose.characters import one_line
from mailer.compose.tree import (
    BREAKING,
    DROPPED,
    HEADINGS,
    Element,
    Run,
    dropped,
    last_child,
    put,
    remove,
    shows_something,
    text_of,
    trim,
    without_only_paragraph,
)

_INLINE_NAMES = "a b strong em i u s del ins sub sup small mark abbr code kbd q cite bdi bdo"
INLINE = frozenset(_INLINE_NAMES.split())
_RENAMED = {"strike": "s", "tt": "code", "samp": "code", "var": "i", "dfn": "i"}
_KNOWN = INLINE | BREAKING | DROPPED | {*_RENAMED, "br", "img"}
_VERBATIM = ("pre", "listing", "xmp", "plaintext")
# A page saved by a browser points at a folder beside it that no reader has.
_SAVED_BESIDE = re.compile(r"^(?:\./)?[^/:]+(?:_files|-Dateien|_fichiers|_archivos)/", re.IGNORECASE)
_DEEPEST = 60


def tidied(source: Element, base: str = "") -> Element:
    """Return a new body built only from what a mail can carry; the source is used up.

    Relative links are read against ``base``; the highest heading is h2 and no level is skipped.
    """
    body = etree.Element("body")
    _Builder(source, base).flow(source, body, 0)
    headings = [element for element in body.iter() if element.tag in HEADINGS]
    for element, level in zip(headings, levels([HEADINGS[each.tag] for each in headings]), strict=True):
        element.tag = f"h{level}"
    return body


def inner_html(body: Element) -> str:
    """Return the markup of the blocks in a body, one to a line."""
    return "\n".join(str(etree.tostring(child, encoding="unicode", method="html", with_tail=False)) for child in body)


class _Builder:
    """Copies a tree block by block; inline content that stands bare gets a paragraph."""

    def __init__(self, source: Element, base: str) -> None:
        self._base = base
        for element in source.iter():
            if dropped(element):
                element.tag = "template"
        # Stripped at once: text put together piece by piece costs the square of its length.
        etree.strip_tags(source, *({str(element.tag) for element in source.iter()} - _KNOWN))
        self._with_blocks: set[Element] = set()
        for element in source.iter(*BREAKING):
            above: Element | None = element
            while above is not None and above not in self._with_blocks:
                self._with_blocks.add(above)
                above = above.getparent()

    def flow(self, source: Element, target: Element, depth: int) -> None:
        """Copy what is in source as blocks."""
        run = Run(target)
        self._flow(source, run, depth)
        run.end()

    def _flow(self, source: Element, run: Run, depth: int) -> None:
        run.text(source.text)
        for child in source:
            if dropped(child):
                pass
            elif child.tag == "br":
                run.line_break()
            elif child in self._with_blocks and depth < _DEEPEST:
                run.end()
                self._block(child, run, depth + 1)
                run.end()
            else:
                self._inline(child, run.open(), depth + 1)
            run.text(child.tail)

    def _block(self, child: Element, run: Run, depth: int) -> None:
        tag, target = child.tag, run.target
        if tag in HEADINGS or (tag == "figcaption" and target.tag == "figure"):
            self._running(tag, child, target, depth)
        elif tag in ("ul", "ol", "menu", "dir"):
            self._list(child, target, depth)
        elif tag == "dl":
            self._definitions(child, target, depth)
        elif tag in _VERBATIM:
            kept = etree.SubElement(target, "pre")
            put(kept, _lines(child))
            _unless_empty(kept)
        elif tag == "hr":
            etree.SubElement(target, "hr")
        elif tag == "table" and not _only_places(child):
            self._table(child, target, depth)
        elif tag in ("blockquote", "figure"):
            kept = etree.SubElement(target, tag)
            self.flow(child, kept, depth)
            if tag == "figure":
                without_only_paragraph(kept)
            _unless_empty(kept)
        else:
            self._flow(child, run, depth)

    def _running(self, tag: str, child: Element, target: Element, depth: int) -> None:
        """Keep a block that holds running text."""
        kept = etree.SubElement(target, tag)
        self._children(child, kept, depth)
        trim(kept)
        _unless_empty(kept)

    def _mixed(self, tag: str, child: Element, target: Element, depth: int) -> Element:
        """Keep a block that holds either running text or blocks."""
        kept = etree.SubElement(target, tag)
        if depth < _DEEPEST and any(each in self._with_blocks for each in child):
            self.flow(child, kept, depth)
            without_only_paragraph(kept)
        else:
            self._children(child, kept, depth)
            trim(kept)
        return kept

    def _list(self, child: Element, target: Element, depth: int) -> None:
        kept = etree.SubElement(target, "ol" if child.tag == "ol" else "ul")
        start = child.get("start", "")
        if child.tag == "ol" and re.fullmatch(r"[1-9]\d{0,4}", start) and start != "1":
            kept.set("start", start)
        for each in child:
            if dropped(each):
                continue
            last = last_child(kept)
            if each.tag in ("ul", "ol") and last is not None and depth < _DEEPEST:
                self._list(each, last, depth + 1)
            else:
                _unless_empty(self._mixed("li", each, kept, depth + 1))
        _unless_empty(kept)

    def _definitions(self, child: Element, target: Element, depth: int) -> None:
        kept = etree.SubElement(target, "dl")
        for each in child.iter("dt", "dd"):
            if not dropped(each) and next(each.iterancestors("dl"), None) is child:
                _unless_empty(self._mixed(each.tag, each, kept, depth + 1))
        _unless_empty(kept)

    def _table(self, child: Element, target: Element, depth: int) -> None:
        kept = etree.SubElement(target, "table")
        for each in child.findall("caption")[:1]:
            self._running("caption", each, kept, depth + 1)
        for row in child.iter("tr"):
            cells = [each for each in row if each.tag in ("td", "th") and not dropped(each)]
            part = _part(kept, row, cells)
            line = etree.SubElement(part, "tr")
            for cell in cells:
                copy = self._mixed(cell.tag, cell, line, depth + 1)
                for name in ("colspan", "rowspan"):
                    if re.fullmatch(r"[2-9]|[1-9]\d", cell.get(name, "")):
                        copy.set(name, cell.get(name, ""))
        _unless_empty(kept)

    def _children(self, source: Element, target: Element, depth: int) -> None:
        put(target, source.text)
        for child in source:
            if not dropped(child):
                self._inline(child, target, depth + 1)
            put(target, child.tail)

    def _inline(self, child: Element, target: Element, depth: int) -> None:
        tag = _RENAMED.get(child.tag, child.tag)
        if depth > 2 * _DEEPEST:
            put(target, _lines(child))
        elif tag == "br":
            etree.SubElement(target, "br")
        elif tag == "img":
            self._image(child, target)
        elif tag in INLINE:
            self._marked(tag, child, target, depth)
        else:
            # A block inside a line of text leaves at least a blank, so that no words grow together.
            put(target, " ")
            self._children(child, target, depth)
            put(target, " ")

    def _marked(self, tag: str, child: Element, target: Element, depth: int) -> None:
        href = links.absolute(child.get("href", ""), self._base) if tag == "a" else ""
        if tag == "a" and child.get("href", "").startswith("#") and not re.search(r"\w", text_of(child)):
            return  # the arrow back from a footnote leads nowhere in a mail
        within = target.tag == "a" or any(True for _ in target.iterancestors("a"))
        if tag == "a" and (not href or within):
            self._children(child, target, depth)
            return
        kept = etree.SubElement(target, tag)
        if href:
            kept.set("href", href)
        if tag == "abbr" and child.get("title"):
            kept.set("title", one_line(child.get("title", "")))
        self._children(child, kept, depth)
        _unless_empty(kept)

    def _image(self, child: Element, target: Element) -> None:
        sizes = {name: child.get(name, "").strip().removesuffix("px") for name in ("width", "height")}
        if any(size in ("0", "1", "2") for size in sizes.values()):
            return  # a counting pixel, not a picture
        alt = one_line(child.get("alt", ""))
        src = _picture(child, self._base)
        if not src:
            put(target, f"[{alt}]" if alt else "")
            return
        kept = etree.SubElement(target, "img", src=src, alt=alt)
        for name, size in sizes.items():
            if re.fullmatch(r"\d{1,4}", size):
                kept.set(name, size)


def _part(table: Element, row: Element, cells: list[Element]) -> Element:
    """The head or body a row belongs to; rows of th above all others are the head."""
    above = row.getparent()
    titles = bool(cells) and all(each.tag == "th" for each in cells)
    titles = titles or (above is not None and above.tag == "thead")
    wanted = "thead" if titles and table.find("tbody") is None else "tbody"
    found = table.find(wanted)
    return etree.SubElement(table, wanted) if found is None else found


def _unless_empty(element: Element) -> None:
    """Take the element out again if it shows nothing; a blank in it still parts words."""
    if shows_something(element):
        return
    parent, blank = element.getparent(), text_of(element)
    remove(element)
    if blank and parent is not None and parent.tag not in ("body", "ul", "ol", "dl", "blockquote", "figure"):
        put(parent, " ")


def _lines(element: Element) -> str:
    """The text of an element with its line breaks, without what is never shown."""
    pieces: list[str] = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        if event == "end":
            pieces.append(each.tail or "" if each is not element else "")
        elif each is not element and dropped(each):
            walker.skip_subtree()
        else:
            pieces.append("\n" if each.tag == "br" else each.text or "")
    return "".join(pieces)


def _only_places(table: Element) -> bool:
    """Say whether a table only places things on the page: no table to a reader."""
    if table.get("role") in ("presentation", "none") or table.find(".//table") is not None:
        return True
    rows = table.findall(".//tr")
    return max((sum(1 for cell in row if cell.tag in ("td", "th")) for row in rows), default=0) < 2


def _picture(child: Element, base: str) -> str:
    srcset = [entry.split()[0] for entry in child.get("srcset", "").split(",") if entry.strip()]
    places = [child.get("src", ""), child.get("data-src", ""), *srcset]
    found = [links.image(place, base) for place in places if place.strip() and not _SAVED_BESIDE.match(place)]
    return next((url for url in found if url), "")
