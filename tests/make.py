"""One obvious default of each thing a test needs."""

from collections.abc import Sequence

from mailer.cli.preview.making import BODY, make_draft, make_list, make_reader, make_statement, start, subscription_of
from mailer.config import Config
from mailer.mailing import freeze
from mailer.store.engine import Store
from mailer.tokens import Keys

__all__ = [
    "BODY",
    "freeze_all",
    "make_draft",
    "make_list",
    "make_reader",
    "make_started",
    "make_statement",
    "start",
    "subscription_of",
]


def make_started(
    store: Store, config: Config, keys: Keys, readers: int = 3, names: Sequence[str] = ("press",), **wanted: object
) -> int:
    """Make a list with readers and a mailing to it that has just started; return the mailing's id."""
    with store.write() as session:
        mlists = [make_list(session, name) for name in names]
        for number in range(readers):
            make_reader(session, keys, f"reader{number}@example.org", *mlists, name=f"Reader {number}")
        mailing_id = make_draft(session, config, names, **wanted).id
    start(store, config, keys, mailing_id)
    return mailing_id


def freeze_all(store: Store, mailing_id: int, size: int = 2) -> None:
    """Freeze the audience of a started mailing in small chunks."""
    with store.write() as session:
        assert freeze.unfrozen(session, "test") == mailing_id
    bound: int | None = 0
    while bound is not None:
        with store.read() as session:
            routes = freeze.choose_routes(session, mailing_id)
            bound = freeze.next_bound(session, mailing_id, size)
        with store.write(one_moment=True) as session:
            freeze.freeze(session, mailing_id, "test", bound, routes)
