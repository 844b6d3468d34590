"""What readers are offered: the lists that take sign-ups, as their pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import BadInput
from mailer.store.tables import FREQUENCIES, MailingList


@dataclass(frozen=True)
class Offer:
    """One list, as a stranger may know it."""

    name: str
    title: str
    description: str
    language: str
    from_name: str
    from_address: str
    postal_address: str
    takes_signups: bool
    has_archive: bool


def everything(session: Session) -> tuple[Offer, ...]:
    """Return the lists that take sign-ups, by title."""
    return tuple(of(mlist) for mlist in open_lists(session))


def open_lists(session: Session) -> Sequence[MailingList]:
    """Return the lists anybody may sign up to, by title."""
    return session.scalars(
        select(MailingList)
        .where(MailingList.open_signup, MailingList.closed_at.is_(None))
        .order_by(MailingList.title, MailingList.id)
    ).all()


def chosen(session: Session, names: Sequence[str]) -> tuple[Offer, ...]:
    """Return those of the named lists that take sign-ups, by title; names nobody knows are passed over."""
    return tuple(offer for offer in everything(session) if offer.name in names)


def of(mlist: MailingList) -> Offer:
    """Return what a stranger may know of a list."""
    return Offer(
        name=mlist.name,
        title=mlist.title,
        description=mlist.description,
        language=mlist.language,
        from_name=mlist.from_name,
        from_address=mlist.from_address,
        postal_address=mlist.postal_address,
        takes_signups=mlist.open_signup and mlist.closed_at is None,
        has_archive=mlist.archive == "public",
    )


def must_be_frequency(text: str) -> None:
    """BadInput for what nobody can choose as how often mail comes."""
    if text not in FREQUENCIES:
        raise BadInput("no mail comes that often", place="frequency", cure=f"choose {', '.join(FREQUENCIES)}")
