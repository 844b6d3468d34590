"""Days, moments, lists of things and the names of languages, in the words of a language."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.lists import format_list


@lru_cache(maxsize=4096)
def day(when: date, language: str) -> str:
    """Return a day in words, such as ``2 March 2026``; an unknown language is answered in English."""
    return format_date(when, "long", locale=_locale(language))


def moment(when: datetime, language: str, zone: str = "UTC") -> str:
    """Return an aware moment in words, with its zone, such as ``2 March 2026 at 10:00:00 CET``."""
    return format_datetime(when, "long", tzinfo=ZoneInfo(zone), locale=_locale(language))


def listed(things: Iterable[str], language: str) -> str:
    """Return several things in one phrase, such as ``apples, pears and plums``."""
    return format_list(list(things), locale=_locale(language))


def own_name(language: str) -> str:
    """Return what speakers of a language call it; the tag itself for one nobody described."""
    try:
        name = Locale.parse(language, sep="-").get_display_name() or language
    except (UnknownLocaleError, ValueError):
        return language
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    # English of no country is read in all of them: the day before the month, as most of the world has it.
    try:
        return Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")
