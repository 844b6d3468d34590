"""The lines above a statement's text: which of them is the title, the deck, the date, the byline, a note."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailer.compose import links
from mailer.sources import dates, phrases

_LONGEST_TITLE, _LONGEST_DECK = 200, 220


@dataclass(frozen=True)
class Unit:
    """A line or paragraph above the text; ``level`` is a heading's, 0 for none."""

    text: str
    level: int = 0
    italic: bool = False
    plain: bool = True  # False for what can only be part of the body: lists, tables, quotes


@dataclass
class Head:
    """What was found; ``taken`` units belong to it, and the units ``moved`` go below the text."""

    title: str = ""
    deck: str = ""
    date: datetime.date | None = None
    author: str = ""
    source: str = ""
    note: str = ""
    taken: int = 0
    moved: list[int] = field(default_factory=list)
    decked: bool = True


def read(units: Sequence[Unit], title: str = "", *, decked: bool = True) -> Head:
    """Return what the first units say; a title that is known already is not looked for.

    Without ``decked`` a line is a deck only if a date, byline or note below it shows it.
    """
    head = Head(title=title, decked=decked)
    while head.taken < len(units):
        if not _take(units, head):
            break
        head.taken += 1
    if not head.date and head.taken < len(units):
        head.date = dates.of_dateline(units[head.taken].text)
    return head


def is_note(text: str, *, italic: bool = False) -> bool:
    """Say whether a paragraph above the text is the editors' word about it."""
    bracketed = phrases.BRACKETED.match(text)
    inner = bracketed.group("inner") if bracketed else text
    return bool(phrases.NOTE.match(inner) or phrases.INTRODUCTION.match(inner)) or (
        bool(bracketed or italic) and len(inner) > 30
    )


def byline(text: str) -> str:
    """Return the name in a line such as “By Jane Doe”, or nothing."""
    if found := phrases.AUTHOR.match(text):
        return found.group("name").strip()
    found = phrases.BY.match(text)
    if not found or len(text) > 120:
        return ""
    name = found.group("name").strip()
    words = [word for word in re.split(r"[\s,]+", name) if word.casefold() not in phrases.IN_NAMES]
    named = 0 < len(words) <= 8 and all(not word[0].islower() and not word[0].isdigit() for word in words)
    return name if named and not name.endswith(("!", "?", ":")) else ""


def dated(text: str) -> tuple[datetime.date | None, str]:
    """Return date and author of a date line, also of “5 May 2023 | By Jane Doe”."""
    if date := dates.of_line(text):
        parts = re.split(r"\s*[,|·•–—]\s*", text)
        return date, next(filter(None, map(byline, parts)), "")
    pieces = [piece for piece in re.split(r"\s*[|·•–—]\s*|\s+-\s+|,\s+(?=\d|(?:by|von|par|por)\b)", text) if piece]
    found = [dates.of_line(piece) for piece in pieces]
    names = [byline(piece) for piece, date in zip(pieces, found, strict=True) if not date]
    if len(pieces) < 2 or not any(found) or not all(names):
        return None, ""
    return next(date for date in found if date), names[0]


def _take(units: Sequence[Unit], head: Head) -> bool:
    unit = units[head.taken]
    if not unit.plain:
        return False
    below = head.taken + 1 < len(units)
    if _facts(unit, head, above=not head.title, below=below):
        return True
    if not head.title:
        if not _can_be_title(unit):
            return False
        titled = phrases.TITLE.match(unit.text)
        head.title = titled.group("words") if titled else unit.text
        return True
    if not head.deck and _can_be_deck(units, head):
        decked = phrases.DECK.match(unit.text)
        head.deck = decked.group("words") if decked else unit.text
        return True
    return False


def _facts(unit: Unit, head: Head, *, above: bool, below: bool) -> bool:
    """Take a line that can be known by its look: a date, a byline, a note, a status line.

    It stands ``above`` the title, or not, and something stands ``below`` it: the last words are no note.
    """
    text = unit.text
    if (status := phrases.STATUS.match(text)) and len(text) <= 120 and not unit.level:
        return _status(status.group("rest"), head)
    if phrases.EMBARGO.match(text) and len(text) <= 160:
        head.note = _with(head.note, text)
        return True
    if found := phrases.SOURCE.match(text):
        head.source = links.page(found.group("url"))
        return bool(head.source)
    if _dated(text, head):
        return True
    if above and phrases.ENQUIRIES.match(text) and len(text) <= 200:
        head.moved.append(head.taken)
        return True
    if (not above or phrases.AUTHOR.match(text)) and not head.author and (name := byline(text)):
        head.author = name
        return True
    if below and not unit.level and is_note(text, italic=unit.italic and not above):
        bracketed = phrases.BRACKETED.match(text)
        head.note = _with(head.note, bracketed.group("inner").strip() if bracketed else text)
        return True
    return False


def _status(rest: str, head: Head) -> bool:
    """A status line; a name above it is the letterhead of the sender, not the title."""
    if rest and not _dated(rest, head):
        return False
    if head.title and not head.deck and not head.date and not head.author:
        head.author, head.title = head.title, ""
    return True


def _dated(text: str, head: Head) -> bool:
    if head.date:
        return False
    head.date, name = dated(text)
    head.author = head.author or name
    return bool(head.date)


def _can_be_title(unit: Unit) -> bool:
    if unit.level:
        return True
    return len(unit.text) <= _LONGEST_TITLE and not unit.text.endswith((",", ";", ":")) and not _is_address(unit.text)


def _can_be_deck(units: Sequence[Unit], head: Head) -> bool:
    unit = units[head.taken]
    if phrases.DECK.match(unit.text):
        return True
    following = units[head.taken + 1] if head.taken + 1 < len(units) else None
    if following is None or len(unit.text) > _LONGEST_DECK or _is_address(unit.text):
        return False
    if unit.text.endswith((",", ";", ":")) or unit.level == 1:
        return False
    # A date, a byline or a note below it proves that a line still belongs to the head.
    if _facts(following, Head(title=head.title, date=None if not head.date else head.date), above=False, below=True):
        return True
    sentence = unit.text.rstrip("”\"'»’)").endswith((".", "!", "?", "…"))
    if not head.decked or unit.level or sentence or not following.plain:
        return False
    return len(unit.text.split()) >= (6 if head.date else 4) and following.level == 0


def _is_address(text: str) -> bool:
    return any(url and len(piece) > len(text) / 2 for piece, url in links.bare(text))


def _with(note: str, text: str) -> str:
    return f"{note}\n\n{text}" if note else text
