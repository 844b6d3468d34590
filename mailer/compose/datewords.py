"""The names of months and weekdays in the languages we read, without their accents."""

import unicodedata
from functools import cache

from babel import Locale

_CODES = "en en_GB de de_AT fr es it pt pt_PT nl ru uk el ar pl sv da nb fi cs tr ca ro hu he fa"
_LOCALES = tuple(_CODES.split())


def key(word: str) -> str:
    """Return a word as the names are kept: small letters, no accents, no full stop."""
    plain = unicodedata.normalize("NFD", word.casefold().strip(" ."))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def months() -> dict[str, int]:
    """Return the number of every month by its name, long and short."""
    names = {"sept": 9}
    for code in _LOCALES:
        for context in Locale.parse(code).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context.get(width, {}).items():
                    names.setdefault(key(name), number)
    return {name: number for name, number in names.items() if len(name) >= 3}


@cache
def weekdays() -> frozenset[str]:
    """Return the names of all weekdays, long and short."""
    contexts = [context for code in _LOCALES for context in Locale.parse(code).days.values()]
    widths = [context.get(width, {}) for context in contexts for width in ("wide", "abbreviated")]
    return frozenset(key(name) for names in widths for name in names.values())
