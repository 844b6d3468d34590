"""Commands that stand in the documentation exist, with the options they are written with."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from mailer.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?:sh|ini)\n(.*?)^```", re.M | re.S)
# After "-u" stands the user, who is called mailer too.
WRITTEN = re.compile(r"(?:^|[ =]|bin/)(?<!-u )mailer ((?:--config \S+ )?[a-z]+ ?[^#;`'\n]*)", re.M)
SPAN = re.compile(r"`mailer ([a-z][^`]*)`")
# What the program itself says: cures between backticks, and commands on pages and in letters.
SAID = re.compile(r"(?:`|<code>|<strong>|\")mailer ([a-z][^`<\"{]*)(?:`|</code>|</strong>|\")")
SPOKEN = [*(ROOT / "mailer").rglob("*.py"), *(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]


def written(path: Path) -> Iterator[str]:
    """Yield every command in code blocks and between backticks."""
    text = path.read_text(encoding="utf-8")
    for block in BLOCK.findall(text):
        yield from (found.strip() for found in WRITTEN.findall(block))
    yield from SPAN.findall(BLOCK.sub("", text).split("<!-- printed")[0])


def said(path: Path) -> Iterator[str]:
    """Yield every command a module, a page or a letter names."""
    text = path.read_text(encoding="utf-8")
    yield from SAID.findall(text)


EVERY = sorted(
    {(path.relative_to(ROOT).as_posix(), line) for path in PAGES for line in written(path)}
    | {(path.relative_to(ROOT).as_posix(), line) for path in SPOKEN for line in said(path)}
)


@pytest.mark.parametrize(("page", "line"), EVERY)
def test_a_command_in_the_documentation_is_one(page: str, line: str) -> None:
    words = shlex.split(line.replace("…", "").replace("[", "").replace("]", ""))
    if words[:1] == ["--config"]:
        words = words[2:]
    command = get_command(main.app)
    while getattr(command, "commands", None) and words and words[0].islower():
        assert words[0] in command.commands, f"{page}: mailer {line}"
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= {*known, "--help"}, f"{page}: mailer {line}"


def test_the_important_ones_are_found() -> None:
    lines = [line for _, line in EVERY]
    for start in ("init", "backup", "restore", "relay check", "mailing schedule", "serve", "work"):
        assert any(line.startswith(start) for line in lines), start
