"""Dates as people write them above a statement, in the languages we read."""

import datetime
import re
from dataclasses import dataclass

from mailer.compose.datewords import key, months, weekdays

_ISO = re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)(?:[T ]\d{2}:\d{2}\S*)?")
_NUMBERS = re.compile(r"(?<!\d)(?P<d>\d{1,2})(?P<mark>[./-])[ ]?(?P<m>\d{1,2})(?P=mark)[ ]?(?P<y>\d{4}|\d{2})(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|re|º|ª|°|\.)?\s*(?:of\s+|de\s+|di\s+|d['’])?"
    r"(?P<name>[^\W\d_]{3,12})\.?,?\s*(?:de\s+|del\s+)?(?P<y>\d{4})(?!\d)(?:\s*(?:г|р|рік|року|года)\b\.?)?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?P<name>[^\W\d_]{3,12})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})(?!\d)", re.IGNORECASE
)
_LABEL = re.compile(
    r"^(?:date|dated|(?:published|posted|issued|updated)(?: on)?|on|datum|stand|vom|den|am|"
    r"veröffentlicht(?: am)?|"
    r"publié le|le|date de publication|fecha|publicado(?: el| em)?|el|em|a|aos|data|pubblicato(?: il)?|il|lì|"
    r"op|gepubliceerd(?: op)?|дата|от)\s*:?$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"^(?:at|um|à|a las|alle|às|om)?\s*\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?\s*"
    r"(?:[ap]\.?m\.?|uhr|h|[a-z]{3,4})?$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"^(?:(?:in|à|en|a)\s+)?[^\W\d_][\w.’'() -]{1,60}$")
_EDGES = " \t,;:.|·•–—-()[]*_/"


@dataclass(frozen=True)
class Found:
    """A date and what stands before and after it in its line."""

    date: datetime.date
    before: str
    after: str


def find(line: str) -> Found | None:
    """Return the first date in the line; all-number dates are read day first unless only month first fits."""
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST, _NUMBERS):
        for match in pattern.finditer(line):
            if date := _date(match):
                return Found(date, line[: match.start()], line[match.end() :])
    return None


def exact(text: str) -> datetime.date | None:
    """Return the date if the text is a date and nothing else but a weekday or a time."""
    found = find(text.strip()) if len(text) <= 120 else None
    if found is None or not all(_is_filler(part, place=False) for part in (found.before, found.after)):
        return None
    return found.date


def of_line(line: str) -> datetime.date | None:
    """Return the date of a date line: a date with, at most, a label, a place, a weekday or a time."""
    if len(line) > 120:
        return None
    found = find(line)
    if found is None or not (_is_filler(found.before, place=True) and _is_filler(found.after, place=True)):
        return None
    return found.date


def of_dateline(paragraph: str) -> datetime.date | None:
    """Return the date in a press dateline that opens a paragraph: ``NORTHPORT, 5 October 2023 – The …``."""
    found = find(paragraph[:120])
    if found is None or not re.match(r"^[ ,.]*\)?\s*(?:[–—:/]|-{1,2}\s|\(\w+\)\s*[–—-])", found.after):
        return None
    before = found.before.strip(_EDGES)
    return found.date if _is_filler(before, place=True) else None


def _date(match: re.Match[str]) -> datetime.date | None:
    parts = match.groupdict()
    year, day = int(parts["y"]), int(parts["d"])
    if len(parts["y"]) == 2:
        if parts.get("mark") != ".":
            return None
        year += 2000
    month = months().get(key(parts["name"]), 0) if parts.get("name") else int(parts["m"])
    if month > 12 >= day and parts.get("mark") == "/":
        month, day = day, month
    try:
        return datetime.date(year, month, day) if 1800 <= year < 2200 else None
    except ValueError:
        return None


def _is_filler(part: str, *, place: bool) -> bool:
    """Say whether the words around a date belong to its line."""
    for piece in re.split(r"[,|·•–—/()]|\s-\s", part):
        words = piece.strip(_EDGES)
        if not words or _LABEL.match(words) or _TIME.match(words) or key(words) in weekdays():
            continue
        label, _, rest = words.rpartition(" ")
        if key(rest) in weekdays() | {"le", "den", "el", "il", "op"} and _is_filler(label, place=place):
            continue
        if not (place and _is_place(words)):
            return False
    return True


def _is_place(words: str) -> bool:
    small = {
        "upon",
        "on",
        "am",
        "an",
        "der",
        "de",
        "la",
        "le",
        "les",
        "sur",
        "of",
        "the",
        "in",
        "den",
        "do",
        "da",
        "à",
    }
    names = [word for word in words.split() if word.casefold() not in small]
    return bool(_PLACE.match(words)) and 0 < len(names) <= 4 and all(not name[0].islower() for name in names)
