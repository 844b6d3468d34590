"""The store a command works on, opened for it and closed behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from mailer.app.opening import App, open_app
from mailer.cli.door import ACTOR
from mailer.config import Config, load
from mailer.staff import deeds

# Commands hand a session from the store to verbs and never ask it anything themselves.
Session = Any


def config_of(context: typer.Context) -> Config:
    """Return the configuration this command works with; ConfigError with every mistake in it."""
    return load(config_path(context))


def config_path(context: typer.Context) -> Path | None:
    """Return the configuration file that was named with --config."""
    named: Path | None = context.obj
    return named


def done(session: Session, action: str, subject: str, **detail: object) -> None:
    """Write down what was done, where the desk shows it, in the transaction it was done in."""
    deeds.record(session, ACTOR, action, subject, detail)


@contextmanager
def opened(context: typer.Context) -> Iterator[App]:
    """Open store and keys; the store has to be there, and of this version."""
    app = open_app(config_of(context))
    try:
        yield app
    finally:
        app.close()
