"""The lines above a statement's text: which of them is the title, the deck, the date, the byline, a note."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailer.compose import links
from mailer.sources import dates, phrases

_PIECES = re.compile(r"\s*[|·•–—]\s*|\s+-\s+|,\s+(?=\d|(?:by|von|par|por)\b)")
_LONGEST_TITLE, _LONGEST_DECK = 200, 220


@dataclass(frozen=True)
class Unit:
    """A line or paragraph above the text; ``level`` is a heading's, 0 for none."""

    text: str
    level: int = 0
    italic: bool = False
    close: bool = False  # it stands right below the line before, without a blank line between them
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


def is_fact(text: str) -> bool:
    """Say whether a line is known by its look: a date, a byline, a status or kind of text, a letter's head."""
    if len(text) > 120:
        return False
    known = (phrases.KIND, phrases.STATUS, phrases.AUTHOR, phrases.SOURCE, phrases.ENVELOPE)
    return any(each.match(text) for each in known) or bool(dated(text, titled=False)[0] or byline(text))


def byline(text: str) -> str:
    """Return the name in a line such as “By Jane Doe”, or nothing."""
    if found := phrases.AUTHOR.match(text):
        return found.group("name").strip()
    found = phrases.BY.match(text)
    if not found or len(text) > 120:
        return ""
    name = found.group("name").strip().rstrip(".")
    if phrases.OFFICE.match(name):
        return name
    words = [word for word in re.split(r"[\s,]+", name) if word.casefold() not in phrases.IN_NAMES]
    person, _, role = name.partition(", ")
    if role and role[0].islower() and len(person.split()) >= 2 and phrases.ROLE.match(role):
        return name if byline(f"by {person}") else ""
    named = 0 < len(words) <= 8 and all(not word[0].islower() and not word[0].isdigit() for word in words)
    return name if named and not name.endswith(("!", "?", ":")) else ""


def dated(text: str, *, titled: bool = True) -> tuple[datetime.date | None, str]:
    """Return date and author of a date line, also of “5 May 2023 | By Jane Doe”.

    Below a title (``titled``) a bar may part the date from other short facts: “5 May 2023 | News | 2 min read”.
    """
    if date := dates.of_line(text):
        parts = re.split(r"\s*[,|·•–—]\s*", text)
        return date, next(filter(None, map(byline, parts)), "")
    begun = dates.begins(text)
    if begun and (name := byline(begun.after.strip(" ,.;"))):
        return begun.date, name
    released = phrases.RELEASED_BY.match(text)
    if released and (name := byline(released.group("by"))) and (date := dates.of_line(text[released.end() :])):
        return date, name
    if titled and (barred := _barred(text)):
        return barred
    pieces = [piece for piece in _PIECES.split(text) if piece and not dates.is_time(piece)]
    days = [dates.of_line(piece) for piece in pieces]
    names = [byline(piece) for piece, day in zip(pieces, days, strict=True) if not day]
    if len(pieces) < 2 or not any(days) or not all(names):
        return None, ""
    return next(day for day in days if day), names[0]


def _barred(text: str) -> tuple[datetime.date, str] | None:
    """Date and author among short facts parted by bars: only bars, as a dash or comma may part a sentence."""
    pieces = re.split(r"\s*[|·•]\s*|\s+/\s+", text)
    found = [date for piece in pieces if (date := dates.of_line(piece))]
    others = [piece for piece in pieces if not dates.of_line(piece)]
    if not found or len(text) > 120 or any(len(piece.split()) > 7 or piece.endswith(("!", "?")) for piece in others):
        return None
    return found[0], next((name for piece in others if (name := byline(piece) or byline(piece.split(",")[0]))), "")


def _take(units: Sequence[Unit], head: Head) -> bool:
    unit = units[head.taken]
    if not unit.plain:
        return False
    below = head.taken + 1 < len(units)
    if _is_of_site(unit, head):
        return True
    if not unit.level and phrases.KIND.match(unit.text) and _title_follows(units, head):
        return _status("", head)
    if not head.title and _is_dated_title(units, head):
        head.title, head.date = unit.text, head.date or dates.of_line(unit.text)
        return True
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


def _is_of_site(unit: Unit, head: Head) -> bool:
    """Say whether a line copied from a website is its trail or its buttons, and no part of the text."""
    words = re.findall(r"[\w-]+", unit.text.casefold())
    buttons = 1 < len(words) <= 20 and phrases.BUTTONS.issuperset(words)
    if buttons or phrases.READING.match(unit.text) or phrases.NO_EMBARGO.match(unit.text):
        return True
    return not head.title and not unit.level and bool(phrases.TRAIL.match(unit.text))


def _is_dated_title(units: Sequence[Unit], head: Head) -> bool:
    """Say whether words with a date are the title, as in “Annual Meeting, 5 May 2023”, and not a place and a date."""
    text = units[head.taken].text
    if not dates.of_line(text) or dates.exact(text):
        return False
    below = next((unit for unit in units[head.taken + 1 :] if not is_fact(unit.text)), None)
    return below is None or not _can_be_title(below) or below.text.endswith(".")


def _title_follows(units: Sequence[Unit], head: Head) -> bool:
    """Say whether the title stands below a line that only says what kind of text this is."""
    at = head.taken + 1
    while at < len(units) and dates.of_line(units[at].text):
        at += 1
    if at + 1 >= len(units) or not _can_be_title(units[at]) or units[at].text.endswith("."):
        return False
    # With a line above that could be the title itself, only a date below tells which is.
    return units[at].plain and (not head.title or bool(dates.of_line(units[at + 1].text)))


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
    if head.date and not above and phrases.UPDATED.match(text) and dates.begins(text):
        head.note = _with(head.note, text)
        return True
    if _dated(text, head):
        return True
    if above and phrases.ENQUIRIES.match(text) and len(text) <= 200:
        head.moved.append(head.taken)
        return True
    if (not above or phrases.AUTHOR.match(text)) and not head.author and (name := byline(text)):
        head.author = name
        return True
    # A short line in italics is the editors' word only if it is a sentence, or a deck is known already.
    slanted = unit.italic and not above and (bool(head.deck or head.date) or is_sentence(text))
    if below and not unit.level and is_note(text, italic=slanted):
        bracketed = phrases.BRACKETED.match(text)
        head.note = _with(head.note, bracketed.group("inner").strip() if bracketed else text)
        return True
    return False


def _status(rest: str, head: Head) -> bool:
    """A status line; a name above it is the letterhead of the sender, not the title."""
    sender = phrases.SENDER.match(rest) if not head.title else None
    if sender and not dates.find(rest):
        head.author = head.author or sender.group("name")
        return True
    if rest and not _dated(rest, head):
        return False
    if head.title and not head.deck and not head.date and not head.author:
        head.author, head.title = head.title, ""
    return True


def _dated(text: str, head: Head) -> bool:
    if head.date:
        return False
    head.date, name = dated(text, titled=bool(head.title))
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
    if unit.text.endswith((",", ";", ":")) or unit.level == 1 or phrases.ENVELOPE.match(unit.text):
        return False
    if unit.close and units[head.taken - 1].text == head.title and _is_line_under(unit, following):
        return True
    if dates.of_dateline(following.text):
        return True
    # A date, a byline or a note below it proves that a line still belongs to the head.
    if _facts(following, Head(title=head.title, date=None if not head.date else head.date), above=False, below=True):
        return True
    if not head.decked or unit.level or is_sentence(unit.text) or not following.plain:
        return False
    if unit.italic:
        return True
    return len(unit.text.split()) >= (6 if head.date else 4) and following.level == 0


def is_sentence(text: str) -> bool:
    """Say whether a line ends as a sentence does."""
    return text.rstrip("”\"'»’)").endswith((".", "!", "?", "…"))


def _is_line_under(unit: Unit, following: Unit) -> bool:
    """Say whether a line right under the title is its deck: one sentence, and the text below is apart and longer."""
    one = not re.search(r"[.!?…][”\"'»’)]?\s", unit.text)
    if not one or following.close or not len(unit.text.split()) > 1 or len(unit.text) > 160:
        return False
    return not is_sentence(unit.text) or len(following.text) > len(unit.text)


def _is_address(text: str) -> bool:
    return any(url and len(piece) > len(text) / 2 for piece, url in links.bare(text))


def _with(note: str, text: str) -> str:
    return f"{note}\n\n{text}" if note else text
