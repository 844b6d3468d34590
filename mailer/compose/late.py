"""The closed grammar of what is only known per reader, and how it is run: plain closures over a flat frame.

An expression is a JSON list whose first item names it:

    ["get", "reader", "city"]   a field of the reader or a link    ["var", "x"]   the variable of a late loop
    ["loop", "index"]           the counter of a late loop         ["const", v]   text, number, truth value
    ["safe", "<b>"]             markup known early                 ["list", [e…]]
    ["and", a, b]  ["or", a, b]  ["not", a]  ["if", test, a, b]    ["cat", [e…]]
    ["cmp", a, [["lt", b], …]]   ["filter", name, a, [args]]            ["test", name, a, [args]]
"""

import operator
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from mailer.compose.filters import FILTERS, TESTS
from mailer.errors import Broken

Expr = list[Any]
Frame = dict[str, Any]
Run = Callable[[Frame], Any]

LATE_NAMES = ("reader", "links")
LOOP_FIELDS = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


def key(name: str, field: str) -> str:
    """Return the place of a field in the flat frame."""
    return f"{name}.{field}"


def closure(expr: Expr) -> Run:
    """Return a function that gives the expression's value in a frame; Broken if it is outside the grammar."""
    try:
        build = _BUILDERS[expr[0]]
    except (KeyError, IndexError, TypeError):
        raise Broken(f"not an expression of the grammar: {expr!r:.80}") from None
    try:
        return build(*expr[1:])
    except (TypeError, KeyError, ValueError):
        raise Broken(f"a damaged expression: {expr!r:.80}") from None


def counters(position: int, length: int) -> Frame:
    """Return what ``loop`` says at a position counted from 0."""
    values = (
        position + 1,
        position,
        position == 0,
        position == length - 1,
        length,
        length - position,
        length - position - 1,
    )
    return {key("loop", field): value for field, value in zip(LOOP_FIELDS, values, strict=True)}


def _field(name: str, field: str) -> Run:
    return operator.itemgetter(key(name, field))


def _variable(name: str) -> Run:
    return operator.itemgetter(name)


def _constant(value: Any) -> Run:
    if not isinstance(value, (str, int, float, bool)):
        raise TypeError(value)
    return lambda _frame: value


def _safe(markup: str) -> Run:
    value = Markup(markup)  # noqa: S704 - known when the edition was compiled, never a reader's
    return lambda _frame: value


def _and(left: Expr, right: Expr) -> Run:
    a, b = closure(left), closure(right)
    return lambda frame: a(frame) and b(frame)


def _or(left: Expr, right: Expr) -> Run:
    a, b = closure(left), closure(right)
    return lambda frame: a(frame) or b(frame)


def _not(inner: Expr) -> Run:
    a = closure(inner)
    return lambda frame: not a(frame)


def _conditional(test: Expr, yes: Expr, no: Expr) -> Run:
    t, a, b = closure(test), closure(yes), closure(no)
    return lambda frame: a(frame) if t(frame) else b(frame)


def _concatenation(parts: list[Expr]) -> Run:
    runs = [closure(part) for part in parts]

    def run(frame: Frame) -> str:
        values = [one(frame) for one in runs]
        if any(isinstance(value, Markup) for value in values):
            return Markup("").join(values)
        return "".join([str(value) for value in values])

    return run


def _comparison(first: Expr, rest: list[list[Any]]) -> Run:
    head = closure(first)
    links = [(COMPARISONS[name], closure(operand)) for name, operand in rest]
    if len(links) == 1:
        compare, other = links[0]
        return lambda frame: compare(head(frame), other(frame))

    def run(frame: Frame) -> bool:
        left = head(frame)
        for compare, operand in links:
            right = operand(frame)
            if not compare(left, right):
                return False
            left = right
        return True

    return run


def _list(items: list[Expr]) -> Run:
    runs = [closure(item) for item in items]
    return lambda frame: [run(frame) for run in runs]


def _applied(function: Callable[..., Any], inner: Expr, arguments: list[Expr]) -> Run:
    value, rest = closure(inner), [closure(argument) for argument in arguments]
    if not rest:
        return lambda frame: function(value(frame))
    return lambda frame: function(value(frame), *[one(frame) for one in rest])


_BUILDERS: dict[str, Callable[..., Run]] = {
    "get": _field,
    "var": _variable,
    "loop": lambda field: _field("loop", field),
    "const": _constant,
    "safe": _safe,
    "and": _and,
    "or": _or,
    "not": _not,
    "if": _conditional,
    "cat": _concatenation,
    "cmp": _comparison,
    "list": _list,
    "filter": lambda name, inner, arguments: _applied(FILTERS[name].function, inner, arguments),
    "test": lambda name, inner, arguments: _applied(TESTS[name].function, inner, arguments),
}
