"""`mailer bench`: what was asked for is measured, told, and written into the page of results."""

import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from mailer.cli.door import AsJson, answer, remark

# What a relay may be given; the sink takes a few more.
MOST_CONNECTIONS = 200
QUICK = {"pairs": 3, "readers": 5000, "sizes": (10,), "connections": (16,)}


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("bench")(bench)


# size: most of it is what its options say of themselves
def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="Three pairs, 5,000 readers, 10 KB, 16 connections; options change it.")
    ] = False,
    parts: Annotated[
        str, typer.Option("--parts", metavar="NAMES", help="Only these: near, plain, postgresql, far, chunking.")
    ] = "",
    pairs: Annotated[int, typer.Option("--pairs", min=0, max=99, help="Pairs of runs; 0 for five.")] = 0,
    readers: Annotated[int, typer.Option("--readers", min=0, max=1_000_000, help="Readers; 0 for 20,000.")] = 0,
    sizes: Annotated[str, typer.Option("--sizes", metavar="KB", help="Sizes of a message, such as 3,10,30.")] = "",
    connections: Annotated[str, typer.Option("--connections", metavar="N", help="Such as 1,4,16,64.")] = "",
    processes: Annotated[
        int,
        typer.Option("--processes", metavar="N", min=1, max=64, help="Sending processes, which share the connections."),
    ] = 1,
    postgres: Annotated[
        str, typer.Option("--postgres", metavar="URL", help="A PostgreSQL server on which databases may be made.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where stores are put: on the disk that counts.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="Tables of config.toml to measure with, such as signing."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Put the tables into this page of results.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the sender beside Postfix's smtp-source and stock aiosmtplib, on this machine and its loopback only."""
    from mailer.cli.bench import page, plan
    from mailer.cli.bench.programs import find

    for program in ("smtp-sink", "smtp-source"):
        find(program)
    asked = {
        "pairs": pairs,
        "readers": readers,
        "sizes": _numbers("--sizes", sizes, 1000),
        "connections": _numbers("--connections", connections, MOST_CONNECTIONS),
        "parts": _names(parts, plan.NAMES),
        "processes": processes,
        "postgres": postgres,
        "folder": folder,
        "settings": settings.read_text(encoding="utf-8") if settings else "",
    }
    usual: dict[str, Any] = {**QUICK} if quick else {}
    wanted = plan.Wanted(**{**usual, **{name: value for name, value in asked.items() if value}})
    stop_in_order()
    tables = []
    for table in plan.measure(wanted, remark):
        tables.append(table)
        if not as_json:
            answer(None, page.for_terminal(table), as_json=False)
        if write and not table.left_out:
            page.write(write, table.part.name, page.for_page(table))
    if as_json:
        answer({"tables": [table.as_json() for table in tables]}, "", as_json=True)


def _numbers(option: str, text: str, most: int) -> Sequence[int]:
    try:
        found = tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        found = (0,)
    if any(not 1 <= number <= most for number in found):
        raise typer.BadParameter(f"{option} takes numbers from 1 to {most} with commas between them, such as 3,10,30")
    return found


def _names(text: str, known: Sequence[str]) -> Sequence[str]:
    found = tuple(part.strip() for part in text.split(",")) if text else ()
    if not set(found) <= set(known):
        raise typer.BadParameter(f"--parts takes names with commas between them: {', '.join(known)}")
    return found


def stop_in_order() -> None:
    """Take SIGTERM as Ctrl-C: what was started is ended, and what was made is removed."""
    signal.signal(signal.SIGTERM, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
