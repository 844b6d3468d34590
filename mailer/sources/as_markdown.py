"""The small HTML of a statement as Markdown an editor can go on writing: read again it is the same HTML."""

import re
from collections.abc import Callable

from lxml import etree

from mailer.compose import content, tidy, tree
from mailer.compose.tree import HEADINGS, Element

_SPECIAL = re.compile(r"([\\`*_\[\]<>~])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
# What begins a block when a line begins with it.
_OPENS = re.compile(r"^[#+=-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d{4})[.)]", re.M)
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "s": "~~", "del": "~~"}
# Word processors write an item of a list as a paragraph that begins with a dot.
_BULLET = re.compile(r"^[·•▪]\s+", re.M)
_BETWEEN = re.compile(r"(?<=\n)(?P<item>[·•▪]\s[^\n]*\n)\n(?=[·•▪]\s)")
_TICKS = re.compile(r"`+")


def from_html(html: str) -> str:
    """Return a fragment of any HTML as Markdown: what a web page or a word processor puts on the clipboard."""
    return _BULLET.sub("- ", _BETWEEN.sub(r"\g<item>", from_safe(content.sanitise(html))))


def from_safe(html: str) -> str:
    """Return sanitised HTML as Markdown; a block Markdown cannot say stays HTML, so nothing is lost."""
    return "\n\n".join(_block(each) for each in tree.parse(html) if isinstance(each.tag, str)) + "\n"


def _block(element: Element) -> str:
    """Write a block, and read it again: whoever reads it otherwise gets the HTML itself."""
    raw = str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
    write = _BLOCKS.get(str(element.tag))
    if write is not None:
        written = write(element)
        if _same(content.from_markdown(written).html, content.sanitise(raw)):
            return written
    return re.sub(r"\n\s*\n", "\n", raw)


def _same(one: str, other: str) -> bool:
    # The level of a heading depends on those before it, so by itself it says nothing.
    return _levelled(one) == _levelled(other)


def _levelled(html: str) -> str:
    small = re.sub(r"(</?h)\d", r"\g<1>2", html)
    small = re.sub(r"\s+</pre>", "</pre>", small)
    small = re.sub(r"(</?)b>", r"\g<1>strong>", re.sub(r"(</?)i>", r"\g<1>em>", small))
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", re.sub(r"(</?)del>", r"\g<1>s>", small))).strip()


def _paragraph(element: Element) -> str:
    return _OPENS.sub(_guarded, _inline(element).strip())


def _guarded(found: re.Match[str]) -> str:
    return "\\" + found.group()


def _heading(element: Element) -> str:
    return "#" * HEADINGS[str(element.tag)] + " " + _inline(element).strip().replace("\\\n", " ")


def _items(element: Element) -> str:
    start = int(element.get("start", "1")) if element.tag == "ol" else 0
    written = []
    for number, item in enumerate(element.findall("li"), start):
        mark = f"{number}. " if element.tag == "ol" else "- "
        written.append(mark + _indented(_flow(item), len(mark)))
    loose = any(item.find("p") is not None for item in element.findall("li"))
    return ("\n\n" if loose else "\n").join(written)


def _flow(item: Element) -> str:
    """Write an item: running text, then the blocks in it."""
    running = etree.Element("p")
    running.text = item.text
    blocks = []
    for child in list(item):
        if str(child.tag) in _BLOCKS or child.tag in tree.BREAKING:
            blocks.append(_BLOCKS.get(str(child.tag), _paragraph)(child))
        elif not blocks:
            running.append(child)
    text = _paragraph(running)
    tight = text and all(str(child.tag) in ("ul", "ol") for child in item if str(child.tag) in _BLOCKS)
    return ("\n" if tight else "\n\n").join(each for each in (text, *blocks) if each)


def _indented(text: str, width: int) -> str:
    return text.replace("\n", "\n" + " " * width).replace("\n" + " " * width + "\n", "\n\n")


def _quote(element: Element) -> str:
    inner = "\n\n".join(_block(child) for child in element)
    return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))


def _verbatim(element: Element) -> str:
    text = tree.text_of(element).rstrip("\n")
    fence = "`" * max(3, 1 + max((len(found) for found in _TICKS.findall(text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _table(element: Element) -> str:
    rows = [[_inline(cell).strip().replace("|", "\\|") for cell in row] for row in element.iter("tr")]
    if not rows or element.find("thead") is None:
        return ""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _inline(element: Element) -> str:
    written = [_text(element.text)]
    for child in element:
        written += [_piece(child), _text(child.tail)]
    return "".join(written)


def _piece(child: Element) -> str:
    tag, inner = str(child.tag), _inline(child)
    if tag == "br":
        return "\\\n"
    if tag == "img":
        alt = _text(child.get("alt"))
        return f"![{alt}]({_address(child.get('src', ''))})"
    if tag == "a":
        url = child.get("href", "")
        return f"<{url}>" if tree.text_of(child) == url else f"[{inner}]({_address(url)})"
    if tag == "code" and not len(child):
        text = child.text or ""
        ticks = "`" * (1 + max((len(found) for found in _TICKS.findall(text)), default=0))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text}{pad}{ticks}"
    if tag in _MARKS and inner.strip():
        before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
        return f"{before}{_MARKS[tag]}{inner.strip()}{_MARKS[tag]}{after}"
    return f"<{tag}>{inner}</{tag}>" if tag in tidy.INLINE else inner


def _address(url: str) -> str:
    return f"<{url}>" if re.search(r"[\s()]", url) else url


def _text(text: str | None) -> str:
    plain = tree.BLANK.sub(" ", text or "")
    return _ENTITY.sub("&amp;", _SPECIAL.sub(r"\\\1", plain))


_BLOCKS: dict[str, Callable[[Element], str]] = {
    "p": _paragraph,
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), _heading),
    "ul": _items,
    "ol": _items,
    "blockquote": _quote,
    "pre": _verbatim,
    "hr": lambda _: "---",
    "table": _table,
}
