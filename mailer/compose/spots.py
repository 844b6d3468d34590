"""The opaque tokens that hold the place of late values while a page is rendered and inlined."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailer.compose import fields
from mailer.compose.express import complete
from mailer.compose.late import Expr
from mailer.errors import BadInput

# A part of an edition: text, ["spot", mode, e], ["if", e, part, part], ["pick", [[e, part]…], part],
# ["for", name, items, test, part, part].
Part = list[Any]

_OPENERS = ("if", "pick", "for")


@dataclass(frozen=True)
class Site:
    """A place in a template where something late was cut out."""

    role: str
    place: str
    expr: Expr
    name: str = ""


@dataclass(frozen=True)
class Token:
    """One issue of a site: what stands in the page until the page is taken apart."""

    text: str
    role: str
    place: str
    expr: Expr
    name: str
    opener: str

    @property
    def is_border(self) -> bool:
        """Say whether the token opens, divides or closes a block."""
        return self.role != "spot"


class Spots:
    """Issues the tokens of one rendering, in a spelling no text can foresee, and finds them again."""

    def __init__(self, seed: str) -> None:
        # Upper and lower case both occur, so that no filter can change the case of a token unnoticed.
        self.prefix = f"Mlr{seed}"
        self.pattern = re.compile(f"{self.prefix}N[0-9]+Q")
        self.tokens: dict[str, Token] = {}
        self._sites: list[Site] = []
        self._open: list[str] = []

    def add_site(self, site: Site) -> int:
        """Remember a site of a template and return its number."""
        self._sites.append(site)
        return len(self._sites) - 1

    def mark(self, number: int, values: tuple[Any, ...]) -> str:
        """Issue a token for a site whose early parts have these values."""
        site = self._sites[number]
        expr = complete(site.expr, values, site.place) if site.expr else []
        if site.role == "for" and fields.kind(expr[1][0]) not in ("list", "text"):
            raise BadInput("a late loop needs a list", place=site.place, cure="use |split to make one of a text")
        text = f"{self.prefix}N{len(self.tokens)}Q"
        opener = text if site.role in _OPENERS else self._open[-1] if site.role != "spot" else ""
        self.tokens[text] = Token(text, site.role, site.place, expr, site.name, opener)
        if site.role in _OPENERS:
            self._open.append(text)
        elif site.role == "close":
            self._open.pop()
        return text

    def plain(self, value: Any, place: str) -> Any:
        """Return the value; BadInput if it is a text that holds a token: it is about to be changed."""
        if isinstance(value, str) and self.prefix in value:
            raise BadInput(
                "text that depends on the reader cannot be changed, compared, assigned or handed on",
                place=place,
                cure="print the macro or block directly: {{ greeting() }}",
            )
        return value

    def found(self, text: str) -> list[Token]:
        """Return the tokens in a text, in order."""
        return [self.tokens[name] for name in self.pattern.findall(text) if name in self.tokens]

    def part(self, text: str, mode: Callable[[Token], str]) -> Part:
        """Take a rendered text apart; BadInput unless every token stands in it exactly once, well nested."""
        counts = dict.fromkeys(self.tokens, 0)
        pieces = re.split(f"({self.pattern.pattern})", text)
        for name in pieces[1::2]:
            counts[name] = counts.get(name, 0) + 1
        for name, count in counts.items():
            if count != 1:
                self._misplaced(name, count)
        return _Builder(self, mode).build(pieces)

    def _misplaced(self, name: str, count: int) -> None:
        token = self.tokens.get(name)
        raise BadInput(
            "a late value was lost between the template and the page"
            if count == 0
            else "a late value appears more often in the page than the template prints it",
            place=token.place if token else "",
            cure="print it as text or as a whole attribute value, and use a macro's result once, unchanged",
        )


class _Builder:
    def __init__(self, spots: Spots, mode: Callable[[Token], str]) -> None:
        self._spots, self._mode = spots, mode
        self._stack: list[tuple[Token, list[Any], Part]] = []
        self._target: Part = []

    def build(self, pieces: list[str]) -> Part:
        whole = self._target
        for number, piece in enumerate(pieces):
            if number % 2:
                self._take(self._spots.tokens[piece])
            elif piece:
                self._target.append(piece)
        return whole

    def _take(self, token: Token) -> None:
        if token.role == "spot":
            self._target.append(["spot", self._mode(token), token.expr])
            return
        if token.role in _OPENERS:
            node, inside = _block(token)
            self._target.append(node)
            self._stack.append((token, node, self._target))
            self._target = inside
            return
        if not self._stack or self._stack[-1][0].text != token.opener:
            raise BadInput(
                "the order of late blocks changed between the template and the page",
                place=token.place,
                cure="open and close every tag on the same side of the block",
            )
        node = self._stack[-1][1]
        if token.role == "case":
            self._target = []
            node[1].append([token.expr, self._target])
        elif token.role == "other":
            self._target = node[-1]
        else:
            self._target = self._stack.pop()[2]


def _block(token: Token) -> tuple[list[Any], Part]:
    """Return an empty block and the part that is filled first."""
    inside: Part = []
    if token.role == "if":
        return ["if", token.expr, inside, []], inside
    if token.role == "pick":
        return ["pick", [], []], inside
    items, test = token.expr[1]
    return ["for", token.name, items, test, inside, []], inside
