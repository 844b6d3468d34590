"""Blocks become the plain-text part: at most 72 columns where words allow, links as numbered notes."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from mailer.compose.blocks import Block, Heading, Items, Paragraph, Quote, Rule, Table, Verbatim

WIDTH = 72
_UNDERLINES = {2: "=", 3: "-"}
_FOOTNOTE = re.compile(r"\[(\d{1,3})\]")
_SAME_PLACE = re.compile(r"^(?:https?://|mailto:|tel:)?(?:www\.)?(.*?)/?$", re.IGNORECASE)


class Notes:
    """The links of one text, numbered in the order met; numbers the text itself uses are left alone."""

    def __init__(self, source: str = "") -> None:
        used = [int(number) for number in _FOOTNOTE.findall(source)]
        self._first = max(used, default=0) + 1
        self._numbers: dict[str, int] = {}

    def link(self, label: str, url: str) -> str:
        """Return what stands in the text for a link: its label and the number of its note."""
        if not url or url.lower().startswith("tel:"):
            return label
        before, after = " " * label[:1].isspace(), " " * label[-1:].isspace()
        label = label.strip()
        shown = url[len("mailto:") :] if url.lower().startswith("mailto:") and "?" not in url else url
        if not label or _place(label) == _place(shown):
            return f"{before}{shown}{after}"
        number = self._numbers.setdefault(shown, self._first + len(self._numbers))
        return f"{before}{label} [{number}]{after}"

    def picture(self, alt: str, url: str) -> str:
        """Return what stands in the text for a picture: its description and where it can be seen; some have none."""
        if not alt.strip():
            return ""
        return self.link(f"[{alt.strip()}]", "" if url.startswith("cid:") else url)

    def lines(self) -> list[str]:
        """Return the notes as lines for the end of the text."""
        return [f"[{number}] {url}" for url, number in self._numbers.items()]


def write(blocks: Iterable[Block], notes: Notes | None = None) -> str:
    """Return the text of the blocks with the notes below, without a line break at its end."""
    lines = _blocks(tuple(blocks), WIDTH)
    collected = notes.lines() if notes else []
    if lines and collected:
        lines.append("")
    return "\n".join(lines + collected)


def _place(url: str) -> str:
    found = _SAME_PLACE.match(unquote(url.strip()))
    return found.group(1).casefold() if found else url


def _blocks(blocks: Sequence[Block], width: int, *, in_item: bool = False) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        written = _block(block, width)
        if not any(line.strip() for line in written):
            continue
        # Inside an item a list stands close under its line.
        if lines and not (in_item and isinstance(block, Items)):
            lines.append("")
        lines += written
    return lines


def _block(block: Block, width: int) -> list[str]:
    match block:
        case Paragraph(text):
            return _wrapped(text, width)
        case Heading(level, text):
            lines = _wrapped(" ".join(text.split()), width)
            underline = _UNDERLINES.get(level, "~") * max((len(line) for line in lines), default=0)
            return [*lines, underline]
        case Verbatim(text):
            return [f"    {line}".rstrip() for line in text.strip("\n").split("\n")]
        case Rule():
            return ["* * *"]
        case Quote(inner):
            return [f"> {line}".rstrip() for line in _blocks(inner, max(width - 2, 20))]
        case Items():
            return _items(block, width)
        case Table():
            return _table(block, width)


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for piece in text.strip().split("\n"):
        line = ""
        # Only blanks and tabs part words: a no-break space keeps "5 000" together.
        for word in re.findall(r"[^ \t\n]+", piece):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def _items(block: Items, width: int) -> list[str]:
    written = []
    for place, item in enumerate(block.items):
        mark = "- " if block.start is None else f"{block.start + place}. "
        lines = _blocks(item, max(width - len(mark), 20), in_item=True) or [""]
        written.append([(mark + lines[0]).rstrip()] + [(" " * len(mark) + line).rstrip() for line in lines[1:]])
    airy = any("" in lines for lines in written)
    flat: list[str] = []
    for lines in written:
        if flat and airy:
            flat.append("")
        flat += lines
    return flat


def _table(table: Table, width: int) -> list[str]:
    rows = [tuple(" ".join(cell.split()) for cell in row) for row in table.rows]
    columns = max((len(row) for row in rows), default=0)
    rows = [row + ("",) * (columns - len(row)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    if sum(widths) + 3 * (columns - 1) > width:
        return _records(rows, table.head, width)
    lines = [" | ".join(cell.ljust(widths[at]) for at, cell in enumerate(row)).rstrip() for row in rows]
    if 0 < table.head < len(lines):
        lines.insert(table.head, "-+-".join("-" * column for column in widths))
    return lines


def _records(rows: Sequence[tuple[str, ...]], head: int, width: int) -> list[str]:
    """A table too wide for the page is read row by row, each cell under its column's name."""
    names = rows[head - 1] if head else ("",) * len(rows[0])
    lines: list[str] = []
    for row in rows[head:] or rows:
        cells = [f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=True) if cell]
        if lines and cells:
            lines.append("")
        for at, cell in enumerate(cells):
            first, *more = _wrapped(cell, width - 2)
            lines += [("- " if at == 0 else "  ") + first] + [f"  {line}" for line in more]
    return lines
