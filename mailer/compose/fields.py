"""What a late expression reads, needs and is: its fields, the fields it prints without fallback, its kind."""

from collections.abc import Iterator

from mailer.compose.filters import FILTERS, Pure
from mailer.compose.late import Expr, key

Fields = frozenset[str]
NONE: Fields = frozenset()

# Always there: nobody is written to without an address.
_CERTAIN = frozenset({"address"})
# Filters that give an empty text for an empty text only.
_TRANSPARENT = frozenset({"upper", "lower", "capitalize", "title", "escape", "e", "string", "urlencode"})


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the expression and every expression inside it."""
    yield expr
    for inner in _children(expr):
        yield from walk(inner)


def reads(expr: Expr) -> Fields:
    """Return the keys (``reader.city``, ``links.manage``) an expression looks at."""
    return frozenset(key(part[1], part[2]) for part in walk(expr) if part[0] == "get")


def printed(expr: Expr, filled: Fields) -> Fields:
    """Return the reader's fields the expression prints without fallback; ``filled`` are known full."""
    match expr:
        case ["get", "reader", field]:
            return NONE if field in filled or field in _CERTAIN else frozenset({field})
        case ["if", test, yes, no]:
            return printed(yes, filled | when_true(test)) | printed(no, filled | when_false(test))
        case ["and", left, right]:
            return printed(right, filled | when_true(left))
        case ["cat", parts]:
            return NONE.union(*(printed(part, filled) for part in parts))
        case ["filter", name, inner, arguments] if FILTERS[name].gives in ("text", "item") and name != "join":
            return NONE.union(*(printed(part, filled) for part in (inner, *arguments)))
        case _:
            return NONE


def when_true(expr: Expr) -> Fields:
    """Return the reader's fields that cannot be empty if the expression is true."""
    match expr:
        case ["get", "reader", field]:
            return frozenset({field})
        case ["and", left, right]:
            return when_true(left) | when_true(right)
        case ["or", left, right]:
            return when_true(left) & when_true(right)
        case ["not", inner]:
            return when_false(inner)
        case ["filter", name, inner, _] if name in _TRANSPARENT or name == "trim":
            return when_true(inner)
        case ["cmp", inner, [["eq", ["const", str(text)]]]] if text:
            return when_true(inner)
        case ["cmp", ["const", str(text)], [["eq", inner]]] if text:
            return when_true(inner)
        case ["cmp", inner, [["in", ["list", items]]]] if ["const", ""] not in items and _all_known(items):
            return when_true(inner)
        case ["cmp", inner, [["ne", ["const", ""]]]]:
            return when_true(inner)
        case ["cmp", inner, [["gt", ["const", int()]]]] if _is_length(inner):
            return when_true(inner[2])
        case _:
            return NONE


def when_false(expr: Expr) -> Fields:
    """Return the reader's fields that cannot be empty if the expression is false."""
    match expr:
        case ["or", left, right]:
            return when_false(left) | when_false(right)
        case ["and", left, right]:
            return when_false(left) & when_false(right)
        case ["not", inner]:
            return when_true(inner)
        case ["cmp", inner, [["eq", ["const", ""]]]]:
            return when_true(inner)
        case _:
            return NONE


def kind(expr: Expr) -> str:
    """Return what an expression gives: "text", "number" (truth values too), "list" or "any"."""
    match expr:
        case ["get", *_] | ["safe", _] | ["cat", _]:
            return "text"
        case ["const", value]:
            return "text" if isinstance(value, str) else "number"
        case ["loop", _] | ["not", _] | ["cmp", *_] | ["test", *_]:
            return "number"
        case ["list", _]:
            return "list"
        case ["and", left, right] | ["or", left, right] | ["if", _, left, right]:
            return kind(left) if kind(left) == kind(right) else "any"
        case ["filter", name, inner, arguments]:
            return _given(FILTERS[name], inner, arguments)
        case _:
            return "any"


def simplify(expr: Expr) -> Expr:
    """Return the expression without the branches that are already decided."""
    match expr:
        case ["not", inner] if (known := _truth(simplify(inner))) is not None:
            return ["const", not known]
        case ["and" | "or" as name, left, right]:
            left, right = simplify(left), simplify(right)
            if (known := _truth(left)) is None:
                return [name, left, right]
            return right if known == (name == "and") else left
        case ["if", test, yes, no]:
            test = simplify(test)
            if (known := _truth(test)) is not None:
                return simplify(yes if known else no)
            return ["if", test, simplify(yes), simplify(no)]
        case ["cat" | "list" as name, parts]:
            return [name, [simplify(part) for part in parts]]
        case _:
            return expr


def _all_known(items: list[Expr]) -> bool:
    return all(item[0] == "const" for item in items)


def _is_length(expr: Expr) -> bool:
    return expr[0] == "filter" and expr[1] in ("length", "count")


def _truth(expr: Expr) -> bool | None:
    return bool(expr[1]) if expr[0] in ("const", "safe") else None


def _given(pure: Pure, inner: Expr, arguments: list[Expr]) -> str:
    if pure.gives == "item":
        return "text" if kind(inner) == "text" else "any"
    if pure.gives == "same":
        fallback = kind(arguments[0]) if arguments else "text"
        return kind(inner) if kind(inner) == fallback else "any"
    return pure.gives


def _children(expr: Expr) -> list[Expr]:
    match expr:
        case ["and" | "or", *inner] | ["not", *inner] | ["if", *inner]:
            return inner
        case ["cat" | "list", parts]:
            return list(parts)
        case ["cmp", first, rest]:
            return [first, *(operand for _, operand in rest)]
        case ["filter" | "test", _, inner, arguments]:
            return [inner, *arguments]
        case _:
            return []
