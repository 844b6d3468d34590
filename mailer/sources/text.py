"""A statement as plain text, such as one copied from a web page or written in a mail."""

import re
from collections.abc import Sequence

from mailer.compose import content, plain
from mailer.compose.characters import clean, one_line
from mailer.compose.statement import Statement
from mailer.errors import BadInput
from mailer.sources import head, language

_HEAD_GROUPS = 12
_ITALIC = re.compile(r"^(?P<mark>[*_/])(?![*_/\s])(?P<inner>.+)(?<![*_/\s])(?P=mark)$", re.DOTALL)


def statement(text: str, name: str) -> Statement:
    """Return the statement; raises BadInput naming ``name`` if there is no title or no text below it."""
    groups = plain.paragraphs(clean(text))
    width = plain.wrap_width(groups)
    units: list[head.Unit] = []
    lines: list[list[str]] = []
    for group in groups[:_HEAD_GROUPS]:
        for unit, own in _units(group, width, first=not units):
            units.append(unit)
            lines.append(own)
    found = head.read(units)
    if not found.title:
        raise BadInput("no title found", place=name, cure="put the title on the first line and a blank line below it")
    body = content.from_plain(_rest(groups, lines, found))
    if not body.text.strip():
        raise BadInput("there is a title but no text below it", place=name, cure="add the text of the statement")
    return Statement(
        title=one_line(found.title),
        deck=one_line(found.deck),
        date=found.date,
        language=language.guess(f"{found.title}\n{found.deck}\n{body.text}"),
        author=one_line(found.author),
        source=found.source,
        note=found.note,
        body_html=body.html,
        body_text=body.text,
    )


def _units(group: Sequence[str], width: int, *, first: bool) -> list[tuple[head.Unit, list[str]]]:
    if mark := plain.underlined(group):
        return [(head.Unit(plain.unbroken(group[:-1]), level=1 if mark == "=" else 2), list(group))]
    if not plain.is_running(group):
        return [(head.Unit(plain.unbroken(group), plain=False), list(group))]
    found = []
    for own in _whole_title(plain.logical(group, width)) if first else plain.logical(group, width):
        text = plain.unbroken(own)
        italic = _ITALIC.match(text)
        found.append((head.Unit(italic.group("inner") if italic else text, italic=bool(italic)), own))
    return found


def _whole_title(lines: list[list[str]]) -> list[list[str]]:
    """A title broken over two lines goes on with a small letter."""
    whole: list[list[str]] = []
    for line in lines:
        if whole and line[0].strip()[0].islower():
            whole[-1] = whole[-1] + line
        else:
            whole.append(line)
    return whole


def _rest(groups: Sequence[Sequence[str]], lines: Sequence[Sequence[str]], found: head.Head) -> str:
    """The text below the head, with the lines that were moved below it."""
    taken = sum(len(own) for own in lines[: found.taken])
    rest: list[str] = []
    for group in groups:
        rest += ["", *group[taken:]]
        taken = max(0, taken - len(group))
    for place in found.moved:
        rest += ["", *lines[place]]
    return "\n".join(rest)
