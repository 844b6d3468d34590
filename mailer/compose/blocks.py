"""The shape of a body: the blocks that the plain-text part is written from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Running text; a ``\\n`` in it is a line break the writer wanted."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A section heading; level 2 is the highest in a body."""

    level: int
    text: str


@dataclass(frozen=True)
class Verbatim:
    """Lines whose blanks count, as in code."""

    text: str


@dataclass(frozen=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first ``head`` rows name the columns."""

    rows: tuple[tuple[str, ...], ...]
    head: int = 0


@dataclass(frozen=True)
class Quote:
    """The words of somebody else."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class Items:
    """A list; ``start`` is the first number, or None for bullets."""

    items: "tuple[tuple[Block, ...], ...]"
    start: int | None = None


Block = Paragraph | Heading | Verbatim | Rule | Table | Quote | Items


def levels(found: Sequence[int]) -> list[int]:
    """Return the headings' new levels: the first and the highest become 2, and none is skipped."""
    above: list[int] = []
    new = []
    for level in found:
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        new.append(min(1 + len(above), 6))
    return new


def relevelled(blocks: "Sequence[Block]") -> "tuple[Block, ...]":
    """Return the blocks with their headings' levels put right, as ``levels`` promises."""
    fresh = iter(levels([heading.level for heading in _headings(blocks)]))
    return _with_levels(blocks, fresh)


def _headings(blocks: "Iterable[Block]") -> "Iterator[Heading]":
    for block in blocks:
        if isinstance(block, Heading):
            yield block
        elif isinstance(block, Quote):
            yield from _headings(block.blocks)
        elif isinstance(block, Items):
            for item in block.items:
                yield from _headings(item)


def _with_levels(blocks: "Iterable[Block]", fresh: Iterator[int]) -> "tuple[Block, ...]":
    changed: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            changed.append(Heading(next(fresh), block.text))
        elif isinstance(block, Quote):
            changed.append(Quote(_with_levels(block.blocks, fresh)))
        elif isinstance(block, Items):
            changed.append(Items(tuple(_with_levels(item, fresh) for item in block.items), block.start))
        else:
            changed.append(block)
    return tuple(changed)
