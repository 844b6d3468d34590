"""Prints docs/cli.md from the commands themselves."""

import importlib
from collections.abc import Iterator
from typing import Any

from tests.house.floorplan import PACKAGE


def exists() -> bool:
    """Say whether there is a command line to print."""
    return (PACKAGE / "cli" / "main.py").is_file()


def verbs() -> str:
    """Return every command with its usage, arguments and options."""
    typer, typed = importlib.import_module("typer"), importlib.import_module("typer.main")
    app = importlib.import_module("mailer.cli.main").app
    return "\n\n".join(_page(path, command, typer.Context) for path, command in _walk("mailer", typed.get_command(app)))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    if command.hidden:
        return
    yield path, command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _walk(f"{path} {name}", child)


def _page(path: str, command: Any, context_type: Any) -> str:
    context = context_type(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parts = [f"## {path}", " ".join((command.help or "").split()), f"`{usage}`"]
    rows = [row for row in (_row(parameter, context) for parameter in command.get_params(context)) if row]
    if rows:
        parts.append("\n".join(rows))
    return "\n\n".join(part for part in parts if part)


def _row(parameter: Any, context: Any) -> str:
    record = None if "--help" in parameter.opts or parameter.hidden else parameter.get_help_record(context)
    return f"- `{record[0]}` {' '.join(record[1].split())}".rstrip() if record else ""
