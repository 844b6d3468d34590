"""A small town for the demonstration: a temporary installation with one list and nobody on it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer import clock
from mailer.app.opening import App, open_app
from mailer.config import load
from mailer.mailing import mailings, press
from mailer.mailing.schedule import parse
from mailer.outcomes import account
from mailer.people import lists
from mailer.sources import kept
from mailer.sources.read import read_file

LIST, TITLE = "town", "Statements of the town"
ACTOR = "demo"
CONFIG = """\
[site]
name = "Town of Arden"
base_url = {base_url}

[relay.local]
port = {relay_port}
ehlo_name = "mailer.example"

[send]
tick_seconds = 0.1

[log]
level = "error"
"""


def found_town(folder: Path, base_url: str, relay_port: int) -> App:
    """Make the installation and its list; nothing of it is outside ``folder``."""
    file = config_file(folder)
    file.write_text(CONFIG.format(base_url=json.dumps(base_url), relay_port=relay_port), encoding="utf-8")
    app = open_app(load(file), migrate=True)
    with app.store.write() as session:
        lists.add(
            session,
            name=LIST,
            title=TITLE,
            from_address="statements@arden.example",
            from_name="Town of Arden",
            postal_address="Town of Arden\nTown Hall, 1 Market Square\nArden",
            description="What changes in town: water, roads, opening hours. About two a week.",
        )
    return app


def config_file(folder: Path) -> Path:
    """Return where the configuration of the town is."""
    return folder / "config.toml"


def draft(app: App, name: str) -> int:
    """Make a mailing of one of our sample statements and return its number."""
    file = Path(__file__).with_name(name)
    with app.store.write() as session:
        row = kept.keep(session, read_file(file), file.read_bytes(), name)
        return mailings.draft(session, app.config, row, mailings.Draft([LIST]), actor=ACTOR).id


def schedule(app: App, mailing_id: int, ahead: timedelta | None) -> tuple[datetime, str]:
    """Check and schedule a mailing, for the full second after ``ahead`` or for now; return moment and sentence."""
    with app.store.read() as session:
        proof = press.proofread(session, app.config, app.keys, mailing_id)
    when = None
    if ahead is not None:
        moment = (clock.now() + ahead + timedelta(seconds=1)).replace(microsecond=0)
        when = parse(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", "UTC")
    with app.store.write() as session:
        press.schedule(session, proof, when)
    return when.moment if when else clock.now(), press.sentence(app.config, proof, when)


def accounts(app: App, mailing_ids: list[int]) -> dict[int, account.Account]:
    """Return the account of each mailing."""
    with app.store.read() as session:
        return {key: account.account(session, key) for key in mailing_ids}


def is_sent(app: App, mailing_id: int) -> bool:
    """Say whether a mailing has come to its end."""
    with app.store.read() as session:
        return mailings.need(session, mailing_id).state == "sent"
