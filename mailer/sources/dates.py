"""Dates as people write them above a statement, in the languages we read."""

import datetime
import re
from dataclasses import dataclass
from itertools import takewhile

from mailer.compose.datewords import key, months, weekdays

_SIGNS = re.compile(r"(?<!\d)(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]")
_ISO = re.compile(
    r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
    r"(?:[T ]\d{2}:\d{2}\S*(?: ?[+-]\d{2}:?\d{2}| ?UTC| ?Z)?)?"
)
_NUMBERS = re.compile(r"(?<!\d)(?P<d>\d{1,2})(?P<mark>[./-])[ ]?(?P<m>\d{1,2})(?P=mark)[ ]?(?P<y>\d{4}|\d{2})(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|re|º|ª|°|\.)?\s*(?:of\s+|de\s+|di\s+|d['’])?"
    r"(?P<name>[^\W\d_]{3,12})\.?,?\s*(?:de\s+|del\s+)?(?P<y>\d{4})(?!\d)(?:\s*(?:г|р|рік|року|года|r|roku)\b\.?)?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?P<name>[^\W\d_]{3,12})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})(?!\d)", re.IGNORECASE
)
_PUBLISHED = (
    "(?:(?:first |last )?(?:published|posted|issued|released|updated)|veröffentlicht|publiée?|"
    "publicad[oa]|pubblicat[oa]|gepubliceerd|publicerad|opublikowano|опубликовано)"
)
_LABEL = re.compile(
    r"^(?:date(?: of (?:issue|publication|release))?|dated|erschienen(?: am)?|"
    rf"{_PUBLISHED}(?: on| am| le| el| em| il| op| den)?|on|datum|stand|vom|den|am|"
    r"le|date de publication|fecha|el|em|a|aos|data|il|lì|op|dnia|дата|от)\s*:?$",
    re.IGNORECASE,
)
_RELEASED_ON = re.compile(rf"{_PUBLISHED}(?: on| am| le| el| em| il| op| den)?\s*$", re.IGNORECASE)
_RELEASED = re.compile(rf"^\W*{_PUBLISHED}\b", re.IGNORECASE)
_TEXTS = re.compile(
    r"^(?:(?:press |joint |public |open )?(?:statement|letter|release|notice|speech|remarks|talk)|erklärung|"
    r"stellungnahme|hinweis|(?:presse|medien)?mitteilung|offener brief|rede|communiqué|déclaration|lettre|discours|"
    r"comunicado|declaración|carta|discurso|comunicato|dichiarazione|lettera|discorso|declaração|persbericht|verklaring)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(r"^\s*(?:[-*•–—·‣▪]\s|\(?\d{1,2}[.)]\s|(?:date|when|datum|wann|fecha|data|quand)\b)", re.IGNORECASE)
_TIME = re.compile(
    r"^(?:at|um|à|a las|alle|às|om|kl\.?)?\s*\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2})?\s*"
    r"(?:[ap]\.?m\.?|uhr|h)?(?:\s*[a-z]{3,4})?|\s*(?:[ap]\.?m\.?|uhr|h))$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"^(?:(?:in|à|en|a)\s+)?[^\W\d_][\w.’'() -]{1,60}$")
_SMALL_IN_PLACES = frozenset(
    ["upon", "on", "am", "an", "der", "de", "la", "le", "les", "sur", "of", "the", "in", "den", "do", "da", "à"]
)
_EDGES = " \t,;:.|·•–—-()[]*_/"


@dataclass(frozen=True)
class Found:
    """A date and what stands before and after it in its line."""

    date: datetime.date
    before: str
    after: str


def find(line: str) -> Found | None:
    """Return the first date in the line; all-number dates are read day first unless only month first fits."""
    for pattern in (_SIGNS, _ISO, _DAY_FIRST, _MONTH_FIRST, _NUMBERS):
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
    if found is None:
        return None
    bracketed = found.before.startswith("(") and re.match(r"\)\s+\S", found.after)
    if not bracketed and not re.match(r"^[ ,.]*\)?\s*(?:[–—:/]|-{1,2}\s|\(\w+\)\s*[–—-])", found.after):
        return None
    before = found.before.strip(_EDGES)
    return found.date if _is_filler(before, place=True) else None


def begins(line: str) -> Found | None:
    """Return the date that begins a line, behind a label or place at most, and what follows it."""
    found = find(line) if len(line) <= 120 else None
    return found if found and _is_filler(found.before, place=True) else None


def is_time(text: str) -> bool:
    """Say whether the text is a time of day."""
    return bool(_TIME.match(text.strip()))


def of_text(text: str, title: str = "", deck: str = "") -> datetime.date | None:
    """Return the date of a text whose head has none.

    Title and deck may say when it was published or given; else it is a date's own line near the top, or the
    one at the end.
    """
    for line in (title, deck):
        found = find(line)
        if found and (_RELEASED_ON.search(found.before) or (_TEXTS.match(line) and not found.after.strip(_EDGES))):
            return found.date
    groups = text.strip().split("\n\n")
    opening = list(takewhile(lambda group: len(group) <= 100, groups[:3]))
    for line in (line for group in opening for line in group.split("\n")):
        if (date := of_line(line)) and not line.endswith("."):
            return date
    closing = [line for group in groups[-5:] for line in group.split("\n") if not _EVENT.match(line)]
    released = {date for line in closing if (date := _released(line))}
    signed = released or {date for line in closing if (date := of_line(line)) and not line.endswith(".")}
    return signed.pop() if len(signed) == 1 else None


def _released(line: str) -> datetime.date | None:
    found = begins(line) if _RELEASED.match(line) else None
    return found.date if found else None


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
    names = [word for word in words.split() if word.casefold() not in _SMALL_IN_PLACES]
    if not names or names[-1] != words.split()[-1]:
        return False
    return bool(_PLACE.match(words)) and 0 < len(names) <= 4 and all(not name[0].islower() for name in names)
