"""How commands end: with the right code, and with one line when something is wrong."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from mailer import __version__
from mailer.cli import main
from mailer.errors import Broken

HEAVY = ("sqlalchemy", "starlette", "uvicorn", "jinja2", "pydantic", "aiosmtplib", "rich")


def commands(command: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    command = command or get_command(main.app)
    children = getattr(command, "commands", {})
    for name, child in children.items():
        yield from commands(child, f"{path} {name}".strip())
    if not children:
        yield path, command


EVERY = dict(commands())
# They stream, or stay.
WITHOUT_JSON = {"subscriber export", "serve", "work"}


def test_it_starts_quickly_because_it_imports_little() -> None:
    script = f"import sys, mailer.cli.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", EVERY)
def test_every_command_says_what_it_does(path: str) -> None:
    assert EVERY[path].help.strip().endswith(".")
    for parameter in EVERY[path].params:
        assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("path", sorted(set(EVERY) - WITHOUT_JSON))
def test_every_command_can_answer_in_json(path: str) -> None:
    assert "--json" in [name for parameter in EVERY[path].params for name in parameter.opts]


def test_the_version_is_said(capsys) -> None:
    assert main.perform(["--version"]) == 0
    assert capsys.readouterr().out == f"mailer {__version__}\n"


def test_a_wrong_word_is_misuse(house) -> None:
    assert house.refused("list", "shwo", code=2).startswith("list: no such command 'shwo'. Did you mean 'show'?")
    assert "--bla" in house.refused("list", "show", "--bla", code=2)
    assert (
        house.refused("list", "add", "x", code=2) == "list add: missing option '--title'; see `mailer list add --help`"
    )
    assert "should be a valid integer" in house.refused("mailing", "show", "first", code=2)


def test_a_refusal_is_one_line_with_a_cure(house) -> None:
    house.list()
    line = house.refused("list", "add", "court", "--title", "x", "--from", "a@b.example", "--postal", "y")
    assert line == "name: there is a list called 'court' already; choose another name"


def test_mistakes_in_the_configuration_are_told_one_a_line(house) -> None:
    (house.folder / "config.toml").write_text("[web]\nport = 'x'\n[sit]\nname = 'y'\n")
    typed = house.type("list", "show")
    lines = typed.err.splitlines()
    assert (typed.code, typed.out, len(lines)) == (1, "", 2)
    assert all(line.startswith("mailer: ") for line in lines)


def test_a_configuration_that_is_not_there(house) -> None:
    (house.folder / "config.toml").unlink()
    assert house.refused("list", "show").endswith(
        "config.toml: there is no such file; run `mailer init DIR` to make one"
    )


def test_without_an_installation_nothing_is_made(capsys, tmp_path) -> None:
    assert main.perform(["list", "show"]) == 1
    assert "there is no store" in capsys.readouterr().err
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ValueError("two\nlines"), "a fault of the program: ValueError: two lines; `mailer --traceback …` shows where"),
        (Broken("the sums differ"), "the sums differ"),
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied; check the path and the rights to it"),
    ],
)
def test_what_nobody_foresaw_is_no_traceback(house, monkeypatch, fault, said) -> None:
    def fail(_session: object) -> None:
        raise fault

    monkeypatch.setattr("mailer.people.lists.every", fail)
    assert house.refused("list", "show") == said


def test_a_traceback_on_request(house, monkeypatch) -> None:
    monkeypatch.setattr("mailer.people.lists.every", lambda _session: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        house.type("--traceback", "list", "show")


def test_a_store_that_fails_is_named_as_such(house) -> None:
    (house.folder / "subscribers.db").write_bytes(b"this is no database at all" * 50)
    assert house.refused("list", "show").endswith("(file is not a database); name another file, or restore a backup")


def test_who_reads_only_the_beginning_gets_no_complaint(house) -> None:
    house.list()
    command = f"{sys.executable} -m mailer --config {house.folder / 'config.toml'} list show --json | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[", "")
