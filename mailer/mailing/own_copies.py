"""The archive as one reader of a list may see it, by a link that opens nothing else."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import NotFound
from mailer.mailing import archive, copies
from mailer.mailing.archive import OFF, PUBLIC, SUBSCRIBERS, Shelf
from mailer.mailing.copies import Copy
from mailer.store.tables import Mailing, MailingList, Subscription
from mailer.tokens import Keys

LISTED = (PUBLIC, SUBSCRIBERS)


@dataclass(frozen=True)
class OwnShelf:
    """One page of the archive of a reader's list."""

    shelf: Shelf


@dataclass(frozen=True)
class OwnCopy:
    """One mailing of a reader's list, and its number for their links."""

    copy: Copy
    mailing_id: int


def shelf(session: Session, subscription_id: int, page: int = 1) -> OwnShelf:
    """Return a page of the archive; NotFound once the reader has left the list, and where there is none."""
    mlist = _list_of(session, subscription_id)
    if mlist.archive == OFF:
        raise _nothing()
    return OwnShelf(archive.shelf_of(session, mlist, LISTED, page))


def copy(session: Session, keys: Keys, subscription_id: int, mailing_id: int) -> OwnCopy:
    """Return one mailing as it is read on the web; NotFound as in ``find``."""
    mlist, mailing = find(session, subscription_id, mailing_id)
    return OwnCopy(copies.copy_of(session, keys, mlist, mailing, LISTED), mailing.id)


def find(session: Session, subscription_id: int, mailing_id: int) -> tuple[MailingList, Mailing]:
    """Return a mailing of the reader's list; NotFound once they have left it, and for what is shown to nobody."""
    mlist = _list_of(session, subscription_id)
    wanted = archive.shown(mlist).where(Mailing.id == mailing_id, archive.may_see(mlist, archive.OWN))
    found = session.scalars(wanted).first()
    if found is None:
        raise _nothing()
    return mlist, found


def _list_of(session: Session, subscription_id: int) -> MailingList:
    query = select(MailingList).join(Subscription, Subscription.list_id == MailingList.id)
    reads = Subscription.id == subscription_id, Subscription.state.in_(("active", "paused"))
    found = session.scalars(query.where(*reads)).first()
    if found is None:
        raise _nothing()
    return found


def _nothing() -> NotFound:
    return NotFound("this link opens nothing any more", cure="the newest mail of the list has one that does")
