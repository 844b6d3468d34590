"""Where two texts differ, line by line and within a line word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Longer lines are shown whole: comparing words costs the square of their number.
_LONGEST = 2000


@dataclass(frozen=True)
class Line:
    """A line of either text; ``pieces`` says which of its words are the change."""

    kind: str
    pieces: tuple[tuple[str, bool], ...]


def lines(before: str, after: str) -> list[Line]:
    """Return both texts as one: what stayed, what went, what came."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += [Line(SAME, ((line, False),)) for line in old[a:b]]
        elif what == "replace" and b - a == d - c:
            for one, other in zip(old[a:b], new[c:d], strict=True):
                found += _pair(one, other)
        else:
            found += [Line(GONE, ((line, False),)) for line in old[a:b]]
            found += [Line(NEW, ((line, False),)) for line in new[c:d]]
    return found


def shortened(found: list[Line], around: int = 2) -> list[Line | None]:
    """Return the lines near a change; None stands for those between that are the same."""
    near = {at + by for at, line in enumerate(found) if line.kind != SAME for by in range(-around, around + 1)}
    shown: list[Line | None] = []
    for at, line in enumerate(found):
        if at in near:
            shown.append(line)
        elif not shown or shown[-1] is not None:
            shown.append(None)
    return shown


def _pair(one: str, other: str) -> Iterator[Line]:
    if max(len(one), len(other)) > _LONGEST:
        yield Line(GONE, ((one, False),))
        yield Line(NEW, ((other, False),))
        return
    old, new = _WORDS.findall(one), _WORDS.findall(other)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    yield Line(GONE, tuple(("".join(old[a:b]), what != "equal") for what, a, b, _, _ in codes if b > a))
    yield Line(NEW, tuple(("".join(new[c:d]), what != "equal") for what, _, _, c, d in codes if d > c))
