"""`mailer`: its commands by noun and verb, and how each of them ends."""

import os
import sys
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mailer import __version__
from mailer.cli import (
    archive,
    deciding,
    dkim,
    lists,
    mailings,
    processes,
    relays,
    reviewing,
    staff,
    statements,
    store,
    subscribers,
    suppression,
)
from mailer.cli.bench import command as bench
from mailer.cli.preview import command as preview
from mailer.errors import ConfigError, MailerError

REFUSED, INTERRUPTED = 1, 130

app = typer.Typer(
    help="Turn statements into mail, send it to confirmed readers, and account for every one of them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
store.add_to(app)
processes.add_to(app)
bench.add_to(app)
deciding.add_to(mailings.app)
reviewing.add_to(mailings.app)
app.add_typer(store.app, name="store")
app.add_typer(lists.app, name="list")
app.add_typer(subscribers.app, name="subscriber")
app.add_typer(suppression.app, name="suppression")
app.add_typer(statements.app, name="statement")
app.add_typer(mailings.app, name="mailing")
app.add_typer(archive.app, name="archive")
app.add_typer(relays.app, name="relay")
app.add_typer(dkim.app, name="dkim")
app.add_typer(preview.app, name="preview")
app.add_typer(staff.app, name="staff")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mailer {__version__}")
        raise typer.Exit


@app.callback()
def _every_command(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="PATH", help="The config.toml to work with; else $MAILER_CONFIG, else ./config.toml."
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
    _traceback: Annotated[
        bool, typer.Option("--traceback", metavar="", hidden=True, help="Show where a fault of the program is.")
    ] = False,
) -> None:
    context.obj = config


def run() -> NoReturn:
    """Run the command that was typed; exit with 0 done, 1 refused, 2 misused, 130 interrupted."""
    code = perform(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough, as in `mailer list show | head -1`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def perform(words: list[str]) -> int:
    """Run one command and return its exit code; what goes wrong is told in one line a mistake, on standard error."""
    try:
        code = app(words, prog_name="mailer", standalone_mode=False)
    except ConfigError as error:
        for each in error.problems or (error,):
            _complain(str(each))
        return REFUSED
    except MailerError as error:
        _complain(str(error))
        return REFUSED
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _misused(error)
    except BrokenPipeError:
        return 0
    except OSError as error:
        cure = "make room" if error.errno in (ENOSPC, EDQUOT) else "check the path and the rights to it"
        _complain(f"{error.filename or 'this machine'}: {error.strerror or error}; {cure}")
        return REFUSED
    except Exception as error:
        if "--traceback" in words:
            raise
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _misused(error: typer.TyperException) -> int:
    """Say what was typed wrong, in the words of our own errors."""
    context = getattr(error, "ctx", None)
    place = getattr(context, "command_path", "mailer")
    problem = " ".join(error.format_message().split()).rstrip(".")
    if not problem:
        return error.exit_code
    _complain(f"{place.removeprefix('mailer ')}: {problem[:1].lower()}{problem[1:]}; see `{place} --help`")
    return error.exit_code


def _unforeseen(error: Exception) -> int:
    """Name what we did not foresee; a database that failed is named as such."""
    from mailer.store.engine import StoreTrouble

    text = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    if isinstance(error, StoreTrouble):
        _complain(f"store: {text}; is there room on the disk, and does the database run?")
        return REFUSED
    _complain(f"a fault of the program: {type(error).__name__}: {text}; `mailer --traceback …` shows where")
    return REFUSED


def _complain(text: str) -> None:
    typer.echo(f"mailer: {text}", err=True)
