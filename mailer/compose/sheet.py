"""A style sheet is parted: what can be written on the elements, and what only a style block can say."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cssutils
from cssselect import SelectorError, parse

from mailer.errors import BadInput

cssutils.log.setLevel(logging.CRITICAL)

_PIECE = re.compile(r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|.""", re.DOTALL)
_IMPORTANT = re.compile(r"!\s*important\s*$", re.IGNORECASE)
# At-rules that hold ordinary rules; what they say must win over what is written on the elements.
_NESTING = ("@media", "@supports", "@layer", "@container", "@scope", "@starting-style")
# The only pseudo-classes the inliner writes on elements, and only at the end of a selector.
_INLINED_PSEUDO = (":first-child", ":last-child")


@dataclass(frozen=True)
class Sheet:
    """``inlined`` rules as (selector, declarations), and the text that stays in the style block."""

    inlined: tuple[tuple[str, str], ...]
    kept: str

    @property
    def inlined_text(self) -> str:
        """Return the rules to be written on the elements, as a style sheet."""
        return "\n".join(f"{selector} {{ {declarations} }}" for selector, declarations in self.inlined)


def divide(css: str, place: str) -> Sheet:
    """Divide a style sheet; kept rules get ``!important``, or the inlined ones would beat them."""
    inlined: list[tuple[str, str]] = []
    kept: list[str] = []
    for prelude, body in rules(css):
        if prelude.lower().startswith("@import"):
            raise BadInput(
                "a style sheet cannot be loaded from elsewhere: mail clients do not",
                place=place,
                cure="copy its rules into style.css",
            )
        if prelude.startswith("@"):
            kept += _at_rule(prelude, body)
            continue
        writable, rest = _sorted(body or "")
        selectors = [selector.strip() for selector in _split(prelude, ",") if selector.strip()]
        simple = [selector for selector in selectors if _is_simple(selector)]
        inlined += [(selector, writable) for selector in simple if writable]
        if rest and simple:
            kept.append(f"{', '.join(simple)} {{ {important(rest)} }}")
        if others := [selector for selector in selectors if selector not in simple]:
            kept.append(f"{', '.join(others)} {{ {important(body or '')} }}")
    return Sheet(tuple(inlined), "\n".join(kept))


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Yield (prelude, body) of each top-level rule, without comments; an @import has no body."""
    prelude: list[str] = []
    body: list[str] = []
    depth = 0
    for piece in _pieces(css):
        if piece == "{":
            depth += 1
            if depth == 1:
                continue
        elif piece == "}" and depth:
            depth -= 1
            if depth == 0:
                yield "".join(prelude).strip(), "".join(body).strip()
                prelude, body = [], []
                continue
        elif piece == ";" and depth == 0:
            yield "".join(prelude).strip(), None
            prelude = []
            continue
        (body if depth else prelude).append(piece)


def important(declarations: str) -> str:
    """Return the declarations, each with ``!important``."""
    parts = [part.strip() for part in _split(declarations, ";")]
    return "; ".join(part if _IMPORTANT.search(part) else f"{part} !important" for part in parts if part)


def _at_rule(prelude: str, body: str | None) -> Iterator[str]:
    name = prelude.split()[0].split("(")[0].lower()
    if name == "@charset" or (body is None and name == "@namespace"):
        return
    if body is None:
        yield f"{prelude};"
    elif name in _NESTING:
        inner: list[str] = []
        for selector, declarations in rules(body):
            if selector.startswith("@"):
                inner += _at_rule(selector, declarations)
            else:
                inner.append(f"{selector} {{ {important(declarations or '')} }}")
        yield f"{prelude} {{\n" + "\n".join(inner) + "\n}"
    else:
        yield f"{prelude} {{ {body} }}"


def _is_simple(selector: str) -> bool:
    if "*" in selector or "\\" in selector:
        return False
    bare = selector
    for pseudo in _INLINED_PSEUDO:
        bare = bare.removesuffix(pseudo)
    if ":" in bare or not bare:
        return False
    try:
        parse(selector)
    except SelectorError:
        return False
    return True


def _sorted(declarations: str) -> tuple[str, str]:
    """Part the declarations the inliner would keep from those it would drop without a word."""
    parts = [part.strip() for part in _split(declarations, ";") if part.strip()]
    writable = [part for part in parts if _survives(part)]
    return "; ".join(writable), "; ".join(part for part in parts if part not in writable)


@lru_cache(maxsize=4096)
def _survives(declaration: str) -> bool:
    if "var(" in declaration or declaration.startswith("--"):
        return False
    return bool(cssutils.parseStyle(declaration, validate=False).length == 1)


def _pieces(css: str) -> Iterator[str]:
    for match in _PIECE.finditer(css):
        if not match[0].startswith("/*"):
            yield match[0]


def _split(text: str, mark: str) -> list[str]:
    parts, depth = [""], 0
    for piece in _pieces(text):
        depth += (piece in "([") - (piece in ")]")
        if piece == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
