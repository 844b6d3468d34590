"""The filters and tests a late value may pass through: pure, total for the kinds they accept.

They are also what the templates get early, so that a name means the same before and after the cut.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jinja2 import Undefined
from jinja2.filters import do_capitalize, do_lower, do_title, do_trim, do_upper, do_urlencode
from markupsafe import Markup, escape, soft_str

# Kinds of values: "text", "number", "list", "any" (not known before the reader is).
TEXTUAL = frozenset({"text", "number", "any"})
ANY = frozenset({"text", "number", "list", "any"})


@dataclass(frozen=True)
class Pure:
    """A function of the grammar: the kinds it takes and gives, the kinds of its arguments.

    ``gives`` may be "same" (as the value and the fallback, if they agree) or "item" (of the value).
    """

    function: Callable[..., Any]
    takes: frozenset[str] = TEXTUAL
    gives: str = "text"
    arguments: tuple[frozenset[str], ...] = ()
    needed: int = 0


def default(value: Any, fallback: Any = "", boolean: bool = True) -> Any:
    """Return the fallback for a value that is not there or empty: an unset attribute is an empty text."""
    if isinstance(value, Undefined) or (boolean and not value):
        return fallback
    return value


def split(value: str, separator: str = ",") -> list[str]:
    """Return the trimmed, non-empty pieces of a text."""
    pieces = soft_str(value).split(separator) if separator else [value]
    return [piece.strip() for piece in pieces if piece.strip()]


def first(value: Any) -> Any:
    """Return the first item or letter, or an empty text."""
    return next(iter(value), "")


def last(value: Any) -> Any:
    """Return the last item or letter, or an empty text."""
    return next(reversed(value), "")


def truncate(value: str, length: int = 255, killwords: bool = False, end: str = "…") -> str:
    """Return at most ``length`` letters, the end mark counted, cut between words unless told otherwise."""
    text = soft_str(value)
    if len(text) <= length:
        return text
    head = text[: max(length - len(end), 0)]
    return (head if killwords else head.rsplit(" ", 1)[0]) + end


def replace(value: str, old: str, new: str, count: int = -1) -> str:
    """Return the text with every ``old`` (or the first ``count``) become ``new``."""
    return soft_str(value).replace(soft_str(old), soft_str(new), count)


def join(values: Any, separator: str = "") -> str:
    """Return the items in one text, the separator between them."""
    items = [soft_str(value) for value in values]
    if any(isinstance(item, Markup) for item in (separator, *items)):
        return escape(separator).join(items)
    return separator.join(items)


def whole(value: Any, fallback: int = 0) -> int:
    """Return the whole number written in the text, or the fallback."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return fallback


def divisible(value: int, by: int) -> bool:
    """Say whether the number divides without remainder; nothing divides by nought."""
    return bool(by) and value % by == 0


_TEXT, _NUMBER = frozenset({"text"}), frozenset({"number"})
_SIZED = frozenset({"text", "list"})

FILTERS: dict[str, Pure] = {
    "upper": Pure(do_upper),
    "lower": Pure(do_lower),
    "capitalize": Pure(do_capitalize),
    "title": Pure(do_title),
    "trim": Pure(do_trim),
    "escape": Pure(escape),
    "e": Pure(escape),
    "string": Pure(soft_str),
    "urlencode": Pure(do_urlencode),
    "default": Pure(default, ANY, "same", (ANY, ANY)),
    "d": Pure(default, ANY, "same", (ANY, ANY)),
    "replace": Pure(replace, TEXTUAL, "text", (TEXTUAL, TEXTUAL, _NUMBER), needed=2),
    "truncate": Pure(truncate, TEXTUAL, "text", (_NUMBER, ANY, _TEXT)),
    "split": Pure(split, TEXTUAL, "list", (_TEXT,)),
    "first": Pure(first, _SIZED, "item"),
    "last": Pure(last, _SIZED, "item"),
    "length": Pure(len, _SIZED, "number"),
    "count": Pure(len, _SIZED, "number"),
    "join": Pure(join, _SIZED, "text", (_TEXT,)),
    "int": Pure(whole, TEXTUAL, "number", (_NUMBER,)),
}

TESTS: dict[str, Pure] = {
    "defined": Pure(lambda _value: True, ANY, "number"),
    "undefined": Pure(lambda _value: False, ANY, "number"),
    "none": Pure(lambda _value: False, ANY, "number"),
    "odd": Pure(lambda value: value % 2 == 1, _NUMBER, "number"),
    "even": Pure(lambda value: value % 2 == 0, _NUMBER, "number"),
    "divisibleby": Pure(divisible, _NUMBER, "number", (_NUMBER,), needed=1),
    "eq": Pure(lambda value, other: value == other, ANY, "number", (ANY,), needed=1),
    "equalto": Pure(lambda value, other: value == other, ANY, "number", (ANY,), needed=1),
    "ne": Pure(lambda value, other: value != other, ANY, "number", (ANY,), needed=1),
}

# What Jinja's own table gets from here: the same name must mean the same early and late.
REPLACED = ("default", "d", "split", "first", "last", "truncate", "int")
# `random` would make two compilations differ, `pprint` shows our insides.
WITHDRAWN = ("random", "pprint", "attr", "xmlattr")
