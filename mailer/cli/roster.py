"""`mailer subscriber import` and `export`: people in files."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli.door import ACTOR, AsJson, ListName, answer, is_watched, remark


def add_to(app: typer.Typer) -> None:
    """Add both commands to a group."""
    app.command("import")(bring)
    app.command("export")(export)


def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a column of addresses.")],
    mlist: ListName,
    consent: Annotated[str, typer.Option("--consent", metavar="TEXT", help="How and when these people agreed.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Only say what would happen.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what became of every row, as CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring people in from a file; killed in the middle it may be run again."""
    from mailer.cli.opened import opened
    from mailer.people import lists, roster

    found: Counter[tuple[str, str]] = Counter()
    with opened(context) as app:
        source = roster.read_rows(file, app.config)
        if source.ignored:
            remark(f"columns that are ignored: {', '.join(source.ignored)}")
        with app.store.read() as session:
            # Before the report is made: it is for rows.
            roster.may_begin(lists.named(session, mlist), consent)
        with _reported(report) as told:
            for result in _watched(_results(app, source, mlist, consent, dry_run=dry_run), file):
                found[result.result, result.reason] += 1
                told(result)
    sums = {
        name: sum(n for (result, _), n in found.items() if result == name) for name in ("added", "known", "refused")
    }
    reasons = {why: number for (result, why), number in found.most_common() if result == "refused"}
    text = f"{'would be ' if dry_run else ''}added {sums['added']}, known {sums['known']}, refused {sums['refused']}"
    text += "".join(f"\n  {number} refused: {why}" for why, number in list(reasons.items())[:10])
    answer({**sums, "dry_run": dry_run, "reasons": reasons, "ignored": list(source.ignored)}, text, as_json=as_json)


def export(context: typer.Context, mlist: ListName, as_json: AsJson = False) -> None:
    """Write everybody who has or had a list to standard output, as CSV."""
    from mailer.cli.opened import opened
    from mailer.people import lists, roster_export

    with opened(context) as app, app.store.read() as session:
        wanted = lists.named(session, mlist)
        if as_json:
            _write_array(roster_export.everybody(session, app.config, wanted))
            return
        for line in roster_export.export(session, app.config, wanted):
            sys.stdout.write(line)


def _write_array(rows: Iterable[Any]) -> None:
    """Write rows as one JSON array, one by one: a list may be larger than the memory."""
    before = "["
    for row in rows:
        sys.stdout.write(f"{before}\n  {json.dumps(row, ensure_ascii=False)}")
        before = ","
    sys.stdout.write("[]\n" if before == "[" else "\n]\n")


def _results(app: Any, source: Any, list_name: str, consent: str, *, dry_run: bool) -> Iterator[Any]:
    """Yield what becomes of every row, chunk by chunk, each chunk in a transaction of its own."""
    from mailer.cli.opened import done
    from mailer.people import lists, roster

    if dry_run:
        with app.store.read() as session:
            mlist = lists.named(session, list_name)
            roster.may_begin(mlist, consent)
            for rows in roster.chunks(source):
                yield from roster.judge_chunk(session, app.keys, mlist, rows)
        return
    with app.store.write() as session:
        mlist = lists.named(session, list_name)
        run = roster.begin(session, mlist, file=source.path.name, statement=consent, actor=ACTOR)
        done(session, "people imported", f"list {mlist.name}", file=source.path.name, run=run.id)
    for rows in roster.chunks(source):
        with app.store.write() as session:
            results = roster.import_chunk(session, app.keys, mlist, rows, run)
        yield from results
        app.store.step_aside()


def _watched(results: Iterable[Any], file: Path) -> Iterator[Any]:
    if not is_watched():
        yield from results
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with file.open("rb") as source:
        lines = sum(part.count(b"\n") for part in iter(lambda: source.read(1 << 20), b""))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(results, description="lines", total=max(lines, 1))


@contextmanager
def _reported(path: Path | None) -> Iterator[Any]:
    """Give what writes one row's result into the report, if one is wanted."""
    from mailer.errors import Refused
    from mailer.people.roster_file import csv_line

    try:
        # For the operator only: it names people.
        found = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600) if path else None
    except FileExistsError:
        raise Refused("there is such a file already", place=str(path), cure="name another") from None
    with os.fdopen(found, "w", encoding="utf-8", newline="") if found is not None else nullcontext() as file:
        if file is None:
            yield lambda _result: None
            return
        file.write(csv_line(["line", "address", "result", "reason"]))
        yield lambda one: file.write(csv_line([str(one.line), one.address, one.result, one.reason]))
