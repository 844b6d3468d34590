"""A statement as Markdown, with or without front matter."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from mailer.compose import content, marked
from mailer.compose.characters import clean, one_line
from mailer.compose.statement import Statement
from mailer.errors import BadInput
from mailer.sources import dates, head, language, matter

_HEAD_BLOCKS = 10
_NUMBERED = re.compile(r" {0,3}\d{1,2}\.[ \t]")


def statement(text: str, name: str) -> Statement:
    """Return the statement; what the front matter says stands above what is guessed from the text.

    Raises BadInput naming ``name`` if the front matter is wrong, or if there is no title or no text.
    """
    stated, body = matter.split(clean(text), name)
    body = _dates_kept(body)
    date = matter.checked_date(stated.get("date", ""), name)
    tag = matter.checked_language(stated.get("language", ""), name)
    source = matter.checked_source(stated.get("source", ""), name)
    found, rest = _head(body, stated.get("title", ""), decked="deck" not in stated)
    if not found.title:
        raise BadInput(
            "no title found",
            place=name,
            cure='begin with a line "# Title" or write "title: …" in the front matter',
        )
    source = source if "source" in stated else found.source
    made = content.from_markdown(rest, source)
    if not made.text.strip():
        raise BadInput("there is a title but no text below it", place=name, cure="add the text of the statement")
    deck = stated.get("deck", found.deck)
    return Statement(
        title=one_line(found.title),
        deck=one_line(deck),
        date=date if "date" in stated else found.date or dates.of_text(made.text, found.title, found.deck),
        language=tag or language.guess(f"{found.title}\n{deck}\n{made.text}"),
        author=one_line(stated.get("author", found.author)),
        source=source,
        note=stated.get("note", found.note),
        body_html=made.html,
        body_text=made.text,
    )


def _dates_kept(text: str) -> str:
    """Markdown takes “3. Mai 2026” for the third item of a list; standing alone it is a date."""
    lines = text.split("\n")
    numbered = [bool(_NUMBERED.match(line)) for line in lines]
    for at, line in enumerate(lines):
        alone = not any(numbered[max(at - 1, 0) : at] + numbered[at + 1 : at + 2])
        if numbered[at] and alone and dates.of_line(line):
            lines[at] = line.replace(".", "\\.", 1)
    return "\n".join(lines)


def _head(text: str, title: str, *, decked: bool) -> tuple[head.Head, str]:
    """Read the head and return it with the Markdown below it."""
    placed = _units(marked.tokens(text))
    first = next((at for at, (unit, _, _) in enumerate(placed) if unit.level == 1), None)
    if first is not None and (not title or one_line(placed[first][0].text).casefold() == title.casefold()):
        placed.insert(0, placed.pop(first))
        title = ""
    stated = bool(title)
    found = head.read([unit for unit, _, _ in placed], title, decked=decked and not stated)
    lines = text.split("\n")
    moved: list[str] = []
    for at, (_, start, end) in enumerate(placed[: found.taken]):
        if at in found.moved:
            moved += ["", *lines[start:end]]
        lines[start:end] = [""] * (end - start)
    return found, "\n".join(lines + moved)


def _units(stream: Sequence[Token]) -> list[tuple[head.Unit, int, int]]:
    """The first blocks, each with its first line and the line after it."""
    placed: list[tuple[head.Unit, int, int]] = []
    for at, token in enumerate(stream):
        if token.level or token.nesting < 0 or token.map is None or len(placed) >= _HEAD_BLOCKS:
            continue
        start, end = token.map
        if token.type in ("heading_open", "paragraph_open"):
            inline = stream[at + 1]
            level = int(token.tag[1:]) if token.type == "heading_open" else 0
            unit = head.Unit(one_line(marked.plain(inline)), level, italic=_italic(inline))
            placed.append((unit if unit.text else head.Unit("", plain=False), start, end))
        elif token.type != "html_block" or not token.content.strip().startswith("<!--"):
            placed.append((head.Unit("", plain=False), start, end))
    return placed


def _italic(inline: Token) -> bool:
    children = inline.children or []
    if len(children) < 3 or children[0].type != "em_open" or children[-1].type != "em_close":
        return False
    return all(child.level > 0 for child in children[1:-1])
