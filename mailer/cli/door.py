"""What every command does with words: takes the same options, answers in words or in JSON."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

# Who did it, in every record of what was done.
ACTOR = "cli"
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Answer in JSON.")]
ListName = Annotated[str, typer.Option("--list", metavar="NAME", help="Name of the list.")]
# No database counts further.
HIGHEST = 2**63 - 1
MailingId = Annotated[int, typer.Argument(metavar="ID", min=1, max=HIGHEST, help="Number of the mailing.")]


def room(told: str) -> typer.Typer:
    """Return an empty group of commands."""
    return typer.Typer(help=told, no_args_is_help=True)


def answer(value: Any, text: str, *, as_json: bool) -> None:
    """Write the result to standard output: ``value`` as JSON, or the text for people."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text)


def remark(text: str) -> None:
    """Say something beside the result, on standard error."""
    typer.echo(text, err=True)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows in columns, as wide as they have to be."""
    cells = [[*head], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show on standard error that something goes on, if a person watches."""
    if not is_watched():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(doing):
        yield


def is_watched() -> bool:
    """Say whether a person watches standard error, so that progress may be drawn there."""
    return sys.stderr.isatty()
