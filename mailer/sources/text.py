"""A statement as plain text, such as one copied from a web page or written in a mail."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mailer.compose import content, plain
from mailer.compose.characters import clean, one_line
from mailer.compose.statement import Statement
from mailer.errors import BadInput
from mailer.sources import dates, head, language

_HEAD_GROUPS = 12
_SMALL_WORDS = """
    a an and as at by for from in of on or the to with und der die das den dem des für von vom im am zum zur mit
    le la les de du des et en à aux pour el los las y del con para e o il i di da do dos das em van het een op
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_ITALIC = re.compile(r"^(?P<mark>[*_/])(?![*_/\s])(?P<inner>.+)(?<![*_/\s])(?P=mark)$", re.DOTALL)


def statement(text: str, name: str) -> Statement:
    """Return the statement; raises BadInput naming ``name`` if there is no title or no text below it."""
    groups = plain.paragraphs(clean(text))
    width = plain.wrap_width(groups)
    units: list[head.Unit] = []
    lines: list[list[str]] = []
    for group in groups[:_HEAD_GROUPS]:
        for place, (unit, own) in enumerate(_units(group, width, first=not units)):
            units.append(replace(unit, close=place > 0))
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
        date=found.date or dates.of_text(body.text, found.title, found.deck),
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
    lines = [own for part in _at_facts(group) for own in plain.logical(part, width)]
    for own in _whole_title(lines) if first else lines:
        text = plain.unbroken(own)
        italic = _ITALIC.match(text)
        found.append((head.Unit(italic.group("inner") if italic else text, italic=bool(italic)), own))
    return found


def _at_facts(group: Sequence[str]) -> list[list[str]]:
    """A line that is known by its look stands alone, however narrow the text was wrapped."""
    parts: list[list[str]] = [[]]
    for line in group:
        if head.is_fact(line.strip()):
            parts += [[line], []]
        else:
            parts[-1].append(line)
    return [part for part in parts if part]


def _whole_title(lines: list[list[str]]) -> list[list[str]]:
    """A title broken over two lines goes on with a small letter, after one of its small words, or in capitals."""
    whole: list[list[str]] = []
    for line in lines:
        if whole and _goes_on(whole[-1][-1].strip(), line[0].strip()):
            whole[-1] = whole[-1] + line
        else:
            whole.append(line)
    return whole


def _goes_on(line: str, following: str) -> bool:
    if head.is_fact(line) or head.is_fact(following):
        return False
    if following[0].islower():
        return True
    if line.isupper() and following.isupper():
        return len(line.split()) > 3
    return line.rsplit(" ", 1)[-1] in _SMALL


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
