"""Plain text without markup: its paragraphs, lists, quotes and headings are seen as a reader sees them."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from mailer.compose import headings, links
from mailer.compose.blocks import Block, Heading, Items, Paragraph, Quote, Rule, Table

# In text wrapped by hand a line ends because the next word did not fit; a line far shorter than that was
# ended on purpose (a signature, an address, a verse).
_NARROWEST, _WIDEST, _UNWRAPPED = 40, 72, 120
_UNDERLINE = re.compile(r"^\s*(={3,}|-{3,}|~{3,}|\*{3,}|_{3,}|—{3,}|–{3,})\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=~]\s?){3,}$|^\s*[—–]{3,}\s*$")
_BULLET = re.compile(r"^(\s*)([-*+•·‣▪●◦–])[ \t\u00a0]+(?=\S)")
_NUMBER = re.compile(r"^(\s*)\(?(\d{1,3})[.)][ \t\u00a0]+(?=\S)")
_INDENT = re.compile(r"^[ \t]+|^[ \t]*\S{1,4}\t+")
_CELLS = re.compile(r"\t| {2,}")
_QUOTED = re.compile(r"^\s{0,3}>[ ]?")
_DEEPEST = 8


def paragraphs(text: str) -> list[list[str]]:
    """Return the groups of lines between blank lines; a heading with its underline is a group of its own."""
    groups: list[list[str]] = [[]]
    for line in text.split("\n"):
        # Tabs that part columns are kept until the table is seen; those before a line only indent it.
        line = _INDENT.sub(lambda found: found.group().expandtabs(4), line)
        # "--" alone is the sign before a signature; a mail program would hide all that follows it.
        if line.strip() and line.rstrip() != "--":
            groups[-1].append(line.rstrip())
        elif groups[-1]:
            groups.append([])
    return [part for group in groups for part in _parted(group) if part]


def wrap_width(groups: Iterable[Sequence[str]]) -> int:
    """Return the columns the text was wrapped at by hand, or 0 if its paragraphs are single long lines."""
    longest = max((len(line) for group in groups for line in group), default=0)
    if longest > _UNWRAPPED:
        return 0
    wrapped = max((len(line) for group in groups for line in group if len(group) > 1), default=0)
    return min(max(wrapped, _NARROWEST), _WIDEST)


def logical(lines: Sequence[str], width: int) -> list[list[str]]:
    """Return the lines in groups that are one line to a reader: only breaks made on purpose part them."""
    groups: list[list[str]] = []
    for line in lines:
        previous = groups[-1][-1].strip() if groups else ""
        needed = len(previous) + 1 + len(line.strip().split(" ", 1)[0])
        labelled = groups and headings.LABELLED.match(line.strip()) and headings.LABELLED.match(previous)
        if groups and width and needed > 0.75 * width and not labelled:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def joined(lines: Sequence[str], width: int) -> str:
    """Return the lines as running text in which only the breaks made on purpose are left."""
    return "\n".join(unbroken(group) for group in logical(lines, width))


def unbroken(lines: Sequence[str]) -> str:
    """Return the lines as one line."""
    return " ".join(" ".join(line.strip() for line in lines).replace("\t", " ").split(" "))


def underlined(group: Sequence[str]) -> str:
    """Return ``=`` or ``-`` (or what else was used) if the group is a heading with such a line under it."""
    if len(group) < 2 or not _UNDERLINE.match(group[-1]) or _list_mark(group[0]):
        return ""
    longest = max(len(line.strip()) for line in group[:-1])
    mark = group[-1].strip()
    return mark[0] if len(group) <= 4 and 2 * len(mark) >= longest else ""


def is_running(group: Sequence[str]) -> bool:
    """Say whether a group is running text: no list, quote or rule."""
    quoted = all(_QUOTED.match(line) for line in group)
    rule = len(group) == 1 and bool(_RULE.match(group[0]))
    return not (quoted or rule or _list_end(group, 0) or columns(group))


def columns(group: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rows of a table: lines parted by tabs or wide gaps into the same number of short cells."""
    if len(group) < 2 or any(_list_mark(line) or _QUOTED.match(line) for line in group):
        return []
    rows: list[tuple[str, ...]] = []
    for line in group:
        cells = tuple(cell.strip() for cell in (line.split("\t") if "\t" in line else _CELLS.split(line.strip())))
        # Some put two blanks between sentences.
        prose = "\t" not in line and any(cell.endswith(headings.SENTENCE_END) for cell in cells[:-1])
        if len(cells) < 2 or prose or max(map(len, cells)) > 60 or (rows and len(cells) != len(rows[0])):
            return []
        rows.append(cells)
    return rows


def blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a plain text; all its headings are of level 2."""
    groups = paragraphs(text)
    return _Reader(wrap_width(groups)).blocks(groups, 0)


def html(found: Iterable[Block]) -> str:
    """Return the blocks as HTML; addresses of pages and mailboxes become links."""
    return "\n".join(_html(block) for block in found)


class _Reader:
    """Turns groups of lines into blocks, knowing how wide the whole text was wrapped."""

    def __init__(self, width: int) -> None:
        self._width = width

    def blocks(self, groups: Sequence[Sequence[str]], depth: int) -> tuple[Block, ...]:
        found: list[Block] = []
        margin = _margin(groups)
        for group in groups:
            found += self._group(group, margin, depth)
        return tuple(headings.found_in(_merged(found)))

    def _group(self, group: Sequence[str], margin: int, depth: int) -> list[Block]:
        if depth < _DEEPEST and all(_QUOTED.match(line) for line in group):
            return [self._quote([_QUOTED.sub("", line) for line in group], depth)]
        if len(group) == 1 and _RULE.match(group[0]):
            return [Rule()]
        if rows := columns(group):
            return [Table(tuple(rows), _names_columns(rows))]
        if mark := underlined(group):
            return [Heading(2 if mark == "=" else 3, unbroken(group[:-1]))]
        found: list[Block] = []
        at = begun = 0
        while at < len(group):
            end = _list_end(group, at)
            if end == at:
                at += 1
                continue
            found += [*self._running(group[begun:at], margin, depth), self._items(group[at:end])]
            at = begun = end
        return found + self._running(group[begun:], margin, depth)

    def _quote(self, lines: Sequence[str], depth: int) -> Block:
        return Quote(self.blocks(paragraphs("\n".join(lines)), depth + 1))

    def _running(self, group: Sequence[str], margin: int, depth: int) -> list[Block]:
        if not group:
            return []
        if len(group) > 1 and headings.stands_above(group):
            return [Heading(2, group[0].strip().rstrip(" :")), *self._running(group[1:], margin, depth)]
        indented = min(len(line) - len(line.lstrip()) for line in group) - margin
        length = sum(len(line.strip()) for line in group)
        if depth < _DEEPEST and indented >= 2 and (len(group) > 1 or length >= 50) and "  " not in group[0].strip():
            return [Quote((Paragraph(joined(group, self._width)),))]
        if not self._width and len(group) > 1 and max(len(line) for line in group) > _UNWRAPPED:
            return [Paragraph(line.strip()) for line in group]
        return [Paragraph(joined(group, self._width))]

    def _items(self, lines: Sequence[str]) -> Items:
        kind = _list_mark(lines[0])
        grouped: list[list[str]] = []
        for line in lines:
            if _list_mark(line) == kind:
                grouped.append([_BULLET.sub("", _NUMBER.sub("", line) if kind == "1" else line)])
            else:
                grouped[-1].append(line)
        first = _NUMBER.match(lines[0])
        items = tuple((Paragraph(unbroken(group)),) for group in grouped)
        return Items(items, int(first.group(2)) if first and kind == "1" else None)


def _names_columns(rows: Sequence[tuple[str, ...]]) -> int:
    """Return 1 if the first row names the columns: it has no figures where those below it have some."""
    figures = [[any(letter.isdigit() for letter in cell) for cell in row[1:]] for row in rows]
    return int(not any(figures[0]) and any(map(any, figures[1:])))


def _parted(group: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in group:
        if not _UNDERLINE.match(line):
            parts[-1].append(line)
        elif underlined([*parts[-1], line]):
            parts[-1].append(line)
            parts.append([])
        else:
            parts.append([line])
    return [piece for part in parts for piece in _without_overline(part)]


def _without_overline(part: list[str]) -> list[list[str]]:
    if len(part) < 2 or not _UNDERLINE.match(part[0]):
        return [part]
    return [part[1:]] if underlined(part[1:]) else [part[:1], part[1:]]


def _list_mark(line: str) -> str:
    if _NUMBER.match(line):
        return "1"
    found = _BULLET.match(line)
    return found.group(2) if found else ""


def _list_end(lines: Sequence[str], start: int) -> int:
    """Return where the list that begins at a line ends, or ``start`` if none begins there.

    Numbers have to count up. A number or dash alone may be a date (“5. May …”) or a dash, and a mark within a
    paragraph needs a second one below it.
    """
    kind = _list_mark(lines[start])
    if not kind:
        return start
    marks, end = 0, len(lines)
    for at in range(start, len(lines)):
        if _list_mark(lines[at]) != kind:
            continue
        if kind == "1" and _number(lines[at]) != _number(lines[start]) + marks:
            end = at
            break
        marks += 1
    alone = kind not in ("1", "–") and start == 0
    return end if marks > 1 or alone else start


def _number(line: str) -> int:
    found = _NUMBER.match(line)
    return int(found.group(2)) if found else 0


def _margin(groups: Iterable[Sequence[str]]) -> int:
    return min((len(line) - len(line.lstrip()) for group in groups for line in group), default=0)


def _merged(found: Sequence[Block]) -> list[Block]:
    """Lists and quotes whose items stand apart with blank lines between them are one."""
    merged: list[Block] = []
    for block in found:
        last = merged[-1] if merged else None
        if isinstance(block, Items) and isinstance(last, Items) and _continues(last, block):
            merged[-1] = Items(last.items + block.items, last.start)
        elif isinstance(block, Quote) and isinstance(last, Quote):
            merged[-1] = Quote(last.blocks + block.blocks)
        else:
            merged.append(block)
    return merged


def _continues(last: Items, block: Items) -> bool:
    if last.start is None or block.start is None:
        return last.start is block.start
    return block.start == last.start + len(last.items)


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{_inline(text)}</h{level}>"
        case Items(items, start):
            tag = "ul" if start is None else "ol"
            number = f' start="{start}"' if start not in (None, 1) else ""
            inner = "\n".join(f"<li>{_item(item)}</li>" for item in items)
            return f"<{tag}{number}>\n{inner}\n</{tag}>"
        case Quote(inner_blocks):
            return f"<blockquote>\n{html(inner_blocks)}\n</blockquote>"
        case Table(rows, head):
            lines = [
                "".join(f"<{_cell(at, head)}>{_inline(cell)}</{_cell(at, head)}>" for cell in row)
                for at, row in enumerate(rows)
            ]
            return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
        case Rule():
            return "<hr>"
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case _:
            raise TypeError(f"plain text holds no {type(block).__name__}")


def _cell(at: int, head: int) -> str:
    return "th" if at < head else "td"


def _item(blocks: Sequence[Block]) -> str:
    return "<br>".join(_inline(block.text) for block in blocks if isinstance(block, Paragraph))


def _inline(text: str) -> str:
    linked = "".join(
        f'<a href="{escape(url)}">{escape(piece)}</a>' if url else escape(piece) for piece, url in links.bare(text)
    )
    return linked.replace("\n", "<br>\n")
