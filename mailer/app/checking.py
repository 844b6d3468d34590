"""Everything that can be found wrong before anything runs."""

from collections.abc import Iterator
from pathlib import Path

from mailer.app.opening import open_app
from mailer.config import load
from mailer.errors import ConfigError, MailerError
from mailer.mailing import rehearsal
from mailer.people import lists
from mailer.send import dkim_keys, sizing
from mailer.store import pulse
from mailer.web.house import open_house


def mistakes(path: Path | None) -> Iterator[MailerError]:
    """Yield every mistake in the configuration; if there is none, those in templates, store and keys."""
    try:
        config = load(path)
    except ConfigError as error:
        yield from error.problems or (error,)
        return
    yield from rehearsal.mistakes(config)
    yield from dkim_keys.mistakes(config)
    try:
        app = open_app(config)
    except MailerError as error:
        yield error
        return
    try:
        open_house(config, app.store, app.keys)
        pulse.feel(app.store)
    except MailerError as error:
        yield error
    finally:
        app.close()


def warnings(path: Path | None) -> list[str]:
    """Return what is no mistake but keeps mail waiting, or readers out; call when there is no mistake."""
    app = open_app(load(path))
    try:
        with app.store.read() as session:
            return [*sizing.warnings(session, app.config), *lists.warnings(session, app.config)]
    finally:
        app.close()
