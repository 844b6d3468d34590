"""A reader's own page: what they get, and how they are written to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import address
from mailer.errors import NotFound
from mailer.people import offers, subscribers, subscriptions
from mailer.store.tables import MailingList, Subscriber, Subscription


@dataclass(frozen=True)
class Choice:
    """One list a reader has to do with or may choose, and how it stands; ``state`` is "" for one never had."""

    list_name: str
    list_title: str
    list_language: str
    about: str
    state: str = ""
    frequency: str = subscriptions.EACH
    since: datetime | None = None
    paused_until: datetime | None = None
    ended_at: datetime | None = None
    takes_signups: bool = False
    # What the reader has with the list, 0 for nothing; and who may read the list's archive.
    subscription_id: int = 0
    archive: str = ""

    @property
    def is_had(self) -> bool:
        """Say whether the reader gets it, or will again after a pause."""
        return self.state in (subscriptions.ACTIVE, subscriptions.PAUSED)


@dataclass(frozen=True)
class Choices:
    """What a reader gets and how; the address is masked, for the mail with the link may be forwarded."""

    masked: str
    name: str
    language: str
    format: str
    lists: tuple[Choice, ...]
    languages: tuple[str, ...]

    @property
    def reader_language(self) -> str:
        """Return the language the reader's pages are in."""
        return self.language

    @property
    def choosable(self) -> tuple[Choice, ...]:
        """Return what can be ticked: what the reader has, and what is open to everybody.

        A list that takes no sign-ups is shown to whom it is sent, and to nobody else.
        """
        return tuple(one for one in self.lists if one.is_had or one.takes_signups)

    def having(self, *states: str) -> tuple[Choice, ...]:
        """Return the lists in these states, by title."""
        return tuple(one for one in self.lists if one.state in states)


def look(session: Session, subscriber_id: int) -> Choices:
    """Return a reader's choices; NotFound for who is unknown or erased."""
    subscriber = _need(session, subscriber_id)
    mine = {mlist.id: (one, mlist) for one, mlist in subscriptions.of_person(session, subscriber_id)}
    found = [_choice(mlist, one) for one, mlist in mine.values()]
    found += [_choice(mlist) for mlist in offers.open_lists(session) if mlist.id not in mine]
    spoken = session.scalars(select(MailingList.language).where(MailingList.closed_at.is_(None)).distinct())
    return Choices(
        masked=address.mask(subscriber.address),
        name=subscriber.name,
        language=subscriber.language,
        format=subscriber.format,
        lists=tuple(sorted(found, key=lambda one: (one.list_title.casefold(), one.list_name))),
        languages=tuple(sorted({subscriber.language, *spoken})),
    )


def keep(session: Session, subscriber_id: int, *, name: str, language: str, format: str) -> None:
    """Change how a reader is written to; BadInput for a wrong language or format, NotFound as in look()."""
    subscriber = _need(session, subscriber_id)
    subscribers.change(session, subscriber, name=name, language=language, format=format)


def address_of(session: Session, subscriber_id: int) -> str:
    """Return where we write to this reader; NotFound as in look()."""
    return _need(session, subscriber_id).address


def subscription_to(session: Session, subscriber_id: int, list_name: str) -> int:
    """Return the id of what this reader has with the list of this name; NotFound if there is nothing."""
    for one, mlist in subscriptions.of_person(session, subscriber_id):
        if mlist.name == list_name:
            return one.id
    raise NotFound("you have nothing to do with this list")


def _choice(mlist: MailingList, mine: Subscription | None = None) -> Choice:
    of_list: dict[str, Any] = {
        "list_name": mlist.name,
        "list_title": mlist.title,
        "list_language": mlist.language,
        "about": mlist.description.split("\n")[0],
        "takes_signups": mlist.open_signup and mlist.closed_at is None,
        "archive": mlist.archive,
    }
    if mine is None:
        return Choice(**of_list)
    return Choice(
        **of_list,
        subscription_id=mine.id,
        state=mine.state,
        frequency=mine.frequency,
        since=mine.confirmed_at,
        paused_until=mine.paused_until if mine.state == subscriptions.PAUSED else None,
        ended_at=mine.ended_at,
    )


def _need(session: Session, subscriber_id: int) -> Subscriber:
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is None or subscriber.erased_at:
        raise NotFound("there is nothing we know about you")
    return subscriber
