"""Steps of a late expression that would fail for some reader, found while everyone is still awake."""

from typing import Any

from mailer.compose.fields import kind
from mailer.compose.filters import FILTERS, TESTS, Pure
from mailer.compose.late import Expr


def misuse(expr: Expr) -> str:
    """Return why the outermost step cannot work for every reader, or nothing."""
    match expr:
        case ["cmp", first, rest]:
            return _misuse_of_comparison([first, *(operand for _, operand in rest)], [name for name, _ in rest])
        case ["filter" | "test" as sort, name, inner, arguments]:
            pure = (FILTERS if sort == "filter" else TESTS)[name]
            return _misuse_of(pure, name, kind(inner), [kind(argument) for argument in arguments])
        case _:
            return ""


def _misuse_of(pure: Pure, name: str, given: str, arguments: list[str]) -> str:
    if given not in pure.takes:
        return f'"{name}" cannot work on a {_WORDS[given]}'
    if not pure.needed <= len(arguments) <= len(pure.arguments):
        return f'"{name}" takes {_count(pure)}, not {len(arguments)}'
    for accepted, argument in zip(pure.arguments, arguments, strict=False):
        if argument not in accepted:
            return f'"{name}" cannot take a {_WORDS[argument]} there'
    return ""


def _misuse_of_comparison(operands: list[Expr], names: list[Any]) -> str:
    kinds = [kind(operand) for operand in operands]
    for name, left, right in zip(names, kinds, kinds[1:], strict=False):
        if name in ("in", "notin"):
            if right != "list" and (left, right) != ("text", "text"):
                return f'"in" cannot look for a {_WORDS[left]} in a {_WORDS[right]}'
        elif name not in ("eq", "ne") and (left != right or left not in ("text", "number")):
            return f"a {_WORDS[left]} is neither more nor less than a {_WORDS[right]}"
    return ""


def _count(pure: Pure) -> str:
    most = len(pure.arguments)
    return f"{most} arguments" if pure.needed == most else f"{pure.needed} to {most} arguments"


_WORDS = {"text": "text", "number": "number", "list": "list", "any": "value of unknown kind"}
