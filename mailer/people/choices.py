"""A reader's own page: what they get, and how they are written to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import address
from mailer.errors import NotFound
from mailer.people import subscribers, subscriptions
from mailer.store.tables import MailingList, Subscriber


@dataclass(frozen=True)
class Choice:
    """One list a reader has to do with, and how it stands."""

    subscription_id: int
    list_name: str
    list_title: str
    list_language: str
    state: str
    paused_until: datetime | None
    ended_at: datetime | None


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

    def having(self, *states: str) -> tuple[Choice, ...]:
        """Return the lists in these states, by title."""
        return tuple(one for one in self.lists if one.state in states)


def look(session: Session, subscriber_id: int) -> Choices:
    """Return a reader's choices; NotFound for who is unknown or erased."""
    subscriber = _need(session, subscriber_id)
    found = tuple(
        Choice(one.id, mlist.name, mlist.title, mlist.language, one.state, one.paused_until, one.ended_at)
        for one, mlist in subscriptions.of_person(session, subscriber_id)
    )
    spoken = session.scalars(select(MailingList.language).where(MailingList.closed_at.is_(None)).distinct())
    return Choices(
        masked=address.mask(subscriber.address),
        name=subscriber.name,
        language=subscriber.language,
        format=subscriber.format,
        lists=found,
        languages=tuple(sorted({subscriber.language, *spoken})),
    )


def keep(session: Session, subscriber_id: int, *, name: str, language: str, format: str) -> None:
    """Change how a reader is written to; BadInput for a wrong language or format, NotFound as in look()."""
    subscriber = _need(session, subscriber_id)
    subscribers.change(session, subscriber, name=name, language=language, format=format)


def subscription_to(session: Session, subscriber_id: int, list_name: str) -> int:
    """Return the id of what this reader has with the list of this name; NotFound if there is nothing."""
    for one, mlist in subscriptions.of_person(session, subscriber_id):
        if mlist.name == list_name:
            return one.id
    raise NotFound("you have nothing to do with this list")


def _need(session: Session, subscriber_id: int) -> Subscriber:
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is None or subscriber.erased_at:
        raise NotFound("there is nothing we know about you")
    return subscriber
