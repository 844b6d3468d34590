"""A fresh installation in a folder, and commands typed into it."""

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailer.cli import main

STATEMENT = """---
title: The stairwells are painted in March
deck: One house after the other, from the top floor down
date: 2026-03-02
author: Tenants' association
---
From the first of March the stairwells in Linden Court are painted, one house after the other and from
the top floor down. Please take bicycles and prams out of the hall the evening before: a note on the door
says which evening that is. Whoever cannot carry theirs rings at number four, ground floor left.
"""


@dataclass
class Typed:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return standard output, read as JSON."""
        return json.loads(self.out)


class House:
    """An installation, and a terminal in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def type(self, *words: object) -> Typed:
        """Run a command whatever comes of it."""
        self._capsys.readouterr()
        code = main.perform(["--config", str(self.folder / "config.toml"), *map(str, words)])
        said = self._capsys.readouterr()
        return Typed(code, said.out, said.err)

    def do(self, *words: object) -> Typed:
        """Run a command that has to succeed."""
        typed = self.type(*words)
        assert typed.code == 0, typed.err
        return typed

    def refused(self, *words: object, code: int = 1) -> str:
        """Run a command that has to be refused in one line; return the line."""
        typed = self.type(*words)
        assert (typed.code, typed.out) == (code, "")
        line, end = typed.err[:-1], typed.err[-1:]
        assert end == "\n"
        assert "\n" not in line
        assert line.startswith("mailer: ")
        return line.removeprefix("mailer: ")

    def statement(self, text: str = STATEMENT) -> Path:
        """Write a statement into a file."""
        path = self.folder / "statement.md"
        path.write_text(text, encoding="utf-8")
        return path

    def list(self, name: str = "court") -> None:
        """Make a list."""
        self.do(
            "list", "add", name, "--title", "Linden Court", "--from", "board@linden.example", "--postal", "4 Lindens"
        )


@pytest.fixture(scope="session")
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one installation with `mailer init`, to copy."""
    folder = tmp_path_factory.mktemp("new") / "house"
    assert main.perform(["init", str(folder)]) == 0
    return folder


@pytest.fixture
def house(tmp_path: Path, new_house: Path, capsys: pytest.CaptureFixture[str]) -> House:
    """Open a terminal in a new installation."""
    shutil.copytree(new_house, tmp_path / "house")
    return House(tmp_path / "house", capsys)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Take back what a command that stays sets up for its own log."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type in an empty folder."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
