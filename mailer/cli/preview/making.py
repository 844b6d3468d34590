"""One obvious default of each thing that pages are shown with."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from mailer import address
from mailer.compose.statement import Statement
from mailer.config import Config
from mailer.mailing import editions, mailings, starting
from mailer.people import lists, subscribers, subscriptions
from mailer.sources import kept
from mailer.store.engine import Store
from mailer.store.tables import Mailing, MailingList, StatementRow, Subscriber, Subscription
from mailer.tokens import Keys

# A session of the store, which is asked nothing here.
Session = Any
BODY = "The main in Mill Street is repaired on Monday. Water will be off from nine to noon. " * 6


def make_list(session: Session, name: str = "press", **fields: str) -> MailingList:
    """Make a list of a water utility."""
    given = {
        "title": "Press statements",
        "from_address": "press@water.example",
        "postal_address": "Water utility, 1 Main Street, Town",
        **fields,
    }
    return lists.add(session, name=name, **given)


def make_reader(
    session: Session, keys: Keys, spelled: str, *mlists: MailingList, name: str = "", **attributes: str
) -> Subscriber:
    """Make a confirmed reader of the lists."""
    person = subscribers.find_or_make(session, keys, address.parse(spelled), name=name, attributes=attributes)
    for mlist in mlists:
        subscriptions.add_confirmed(session, person, mlist, statement="asked at the counter", actor="test")
    return person


def make_statement(session: Session, title: str = "Water will be off on Monday", **fields: str) -> StatementRow:
    """Make a statement."""
    given = {"body_html": f"<p>{BODY}</p>", "body_text": BODY, "date": date(2026, 3, 2), "deck": "From nine to noon"}
    return kept.keep(session, Statement(title=title, **{**given, **fields}))  # type: ignore[arg-type]


def make_draft(session: Session, config: Config, names: Sequence[str] = ("press",), **wanted: object) -> Mailing:
    """Make a draft of a new statement."""
    draft = mailings.Draft(list_names=names, **wanted)  # type: ignore[arg-type]
    return mailings.draft(session, config, make_statement(session), draft, actor="test")


def start(store: Store, config: Config, keys: Keys, mailing_id: int, *, is_due: bool = True) -> None:
    """Compile, schedule for now, and start a draft; unless ``is_due`` the start is left to whoever ticks."""
    with store.read() as session:
        compiled = editions.compile_all(session, config, keys, mailings.need(session, mailing_id))
    with store.write() as session:
        mailing = mailings.need(session, mailing_id)
        editions.keep(session, mailing, compiled)
        mailings.schedule(session, mailing, None, timedelta())
    if is_due:
        with store.write() as session:
            starting.start_due(session, config)


def subscription_of(session: Session, person: Subscriber, mlist: MailingList) -> Subscription:
    """Return the subscription between the two."""
    found = subscriptions.between(session, person.id, mlist.id)
    assert found is not None
    return found
