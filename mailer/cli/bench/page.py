"""The tables people read: on the terminal, and in the page where results are kept."""

import re
from pathlib import Path

from mailer.cli.bench.figures import middle, shown
from mailer.cli.bench.machine import sentence
from mailer.cli.bench.plan import OURS, PARTS, SOURCE, STOCK, Cell, Table
from mailer.cli.door import table as columns

SPEED = ("size", "connections", "mailer /s", "smtp-source /s", "aiosmtplib /s", "to smtp-source", "to aiosmtplib")
COST = (
    *("size", "connections", "start-up s", "first s", "end to end s", "CPU s", "smtp-source CPU s", "aiosmtplib CPU s"),
    "peak MB",
)
FRAME = "<!-- measured: {} -->\n\n{}\n\n<!-- end -->"


def speed_row(cell: Cell) -> list[str]:
    """Return the rates of a cell, and what our rate is of theirs: the median of the pairs, and their range."""
    rates = [shown(cell.middle_of(name, "rate")) for name in (OURS, SOURCE, STOCK)]
    return [
        f"{cell.size} KB",
        str(cell.connections),
        *rates,
        *(_ratio(cell.ratio_to(name)) for name in (SOURCE, STOCK)),
    ]


def cost_row(cell: Cell) -> list[str]:
    """Return what a cell took beside its rate, by median."""
    mine = [shown(cell.middle_of(OURS, name)) for name in ("start", "first", "whole", "cpu")]
    theirs = [shown(cell.middle_of(name, "cpu")) for name in (SOURCE, STOCK)]
    return [f"{cell.size} KB", str(cell.connections), *mine, *theirs, shown(cell.middle_of(OURS, "peak_mb"))]


def for_terminal(table: Table) -> str:
    """Return a part in columns."""
    if table.left_out:
        return f"{table.part.title}: not measured, {table.left_out}"
    speed = columns(SPEED, [speed_row(cell) for cell in table.cells])
    cost = columns(COST, [cost_row(cell) for cell in table.cells])
    return f"{table.part.title}\n{sentence(table.machine)}\n\n{speed}\n\n{cost}\n"


def for_page(table: Table) -> str:
    """Return a part in Markdown."""
    wanted = table.wanted
    crew = f", {wanted.processes} sending processes" if wanted.processes > 1 else ""
    how = f"{wanted.pairs} pairs, {table.count:,} readers{crew}."
    if wanted.settings:
        how += f" With `{' '.join(wanted.settings.split())}`."
    speed = markdown(SPEED, [speed_row(cell) for cell in table.cells])
    cost = markdown(COST, [cost_row(cell) for cell in table.cells])
    return f"{sentence(table.machine)} {how}\n\n{speed}\n\n{cost}"


def markdown(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """Return a table in Markdown, figures to the right."""
    lines = [head, ["---:"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(path: Path, name: str, text: str) -> None:
    """Put the text into its place in a page; other places stay as they are. A page that is not there is made."""
    page = path.read_text(encoding="utf-8") if path.exists() else _new_page()
    frame = re.compile(rf"<!-- measured: {name} -->.*?<!-- end -->", re.S)
    if not frame.search(page):
        page = f"{page.rstrip()}\n\n{FRAME.format(name, '')}\n"
    # A function, because backslashes in a replacement text would be read.
    path.write_text(frame.sub(lambda _: FRAME.format(name, text), page), encoding="utf-8")


def _new_page() -> str:
    parts = "\n\n".join(f"## {part.title}\n\n{FRAME.format(part.name, 'Not measured yet.')}" for part in PARTS)
    return f"# How fast it is\n\n{parts}\n"


def _ratio(values: list[float]) -> str:
    return f"{shown(middle(values))} ({shown(min(values))} to {shown(max(values))})" if values else "-"
