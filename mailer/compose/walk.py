"""Sanitised HTML is read block by block, for its plain-text part."""

import re

from mailer.compose.blocks import Block, Heading, Items, Paragraph, Quote, Rule, Table, Verbatim
from mailer.compose.plaintext import Notes
from mailer.compose.tree import BLANK, HEADINGS, Element, text_of

_BLOCK_NAMES = "p ul ol dl blockquote figure figcaption pre table hr"
_BLOCKS = frozenset(_BLOCK_NAMES.split()) | frozenset(HEADINGS)


def blocks(element: Element, notes: Notes) -> tuple[Block, ...]:
    """Return the blocks of an element; text that stands bare between them is a paragraph."""
    found: list[Block] = []
    bare = [_raw(element.text)]
    for child in element:
        if child.tag in _BLOCKS:
            found += _paragraph(bare)
            found += _block(child, notes)
            bare = [_raw(child.tail)]
        else:
            bare += [_one(child, notes), _raw(child.tail)]
    return tuple(found + _paragraph(bare))


def inline(element: Element, notes: Notes) -> str:
    """Return the running text of an element; ``\\n`` stands for a line break."""
    return _joined(
        [
            _raw(element.text),
            *(piece for child in element for piece in (_one(child, notes), _raw(child.tail))),
        ]
    )


def _block(element: Element, notes: Notes) -> list[Block]:
    match element.tag:
        case "ul" | "ol":
            start = int(element.get("start", "1")) if element.tag == "ol" else None
            return [Items(tuple(blocks(each, notes) for each in element if each.tag == "li"), start)]
        case "dl":
            return [_definition(each, notes) for each in element if each.tag in ("dt", "dd")]
        case "blockquote":
            return [Quote(blocks(element, notes))]
        case "pre":
            return [Verbatim(text_of(element))]
        case "hr":
            return [Rule()]
        case "table":
            caption = element.find("caption")
            above = _paragraph([inline(caption, notes)]) if caption is not None else []
            return [*above, _table(element, notes)]
        case "figure":
            return list(blocks(element, notes))
        case tag if tag in HEADINGS:
            return [Heading(HEADINGS[tag], inline(element, notes))]
        case _:
            return _paragraph([inline(element, notes)])


def _definition(element: Element, notes: Notes) -> Block:
    if element.tag == "dt":
        return Paragraph(inline(element, notes))
    return Items((blocks(element, notes),))


def _table(element: Element, notes: Notes) -> Table:
    rows = element.findall(".//tr")
    head = len(element.findall("thead/tr"))
    return Table(tuple(tuple(_cell(cell, notes) for cell in row) for row in rows), head)


def _cell(element: Element, notes: Notes) -> str:
    return inline(element, notes).replace("\n", " ")


def _one(element: Element, notes: Notes) -> str:
    match element.tag:
        case "br":
            return "\n"
        case "img":
            return notes.picture(element.get("alt", ""), element.get("src", ""))
        case "a":
            return notes.link(inline(element, notes), element.get("href", ""))
        case "pre":
            return text_of(element)
        case tag if tag in _BLOCKS or tag in ("li", "td", "th", "dt", "dd"):
            return f" {inline(element, notes)} "
        case tag:
            return mark(tag, inline(element, notes))


def mark(tag: str, text: str) -> str:
    """Return the text as plain text shows it where losing the markup would change what is said."""
    if not text.strip():
        return text
    match tag:
        case "del" | "s":
            return f"~~{text}~~"
        case "sup":
            return (
                text if text.startswith("[") or text in ("st", "nd", "rd", "th", "er", "re", "o", "a") else f"^{text}"
            )
        case "q":
            return f"“{text}”"
        case _:
            return text


def _raw(text: str | None) -> str:
    return BLANK.sub(" ", text or "")


def _joined(pieces: list[str]) -> str:
    return re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", "".join(pieces)))


def _paragraph(pieces: list[str]) -> list[Block]:
    text = _joined(pieces).strip()
    return [Paragraph(text)] if text else []
