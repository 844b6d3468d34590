"""The archive of a list: what was sent to it, as everybody may read it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from mailer.compose.wire import Program
from mailer.errors import NotFound
from mailer.mailing import mailings
from mailer.mailing.links import Links
from mailer.people.offers import Offer, of
from mailer.store.tables import EditionRow, Mailing, MailingList

SHOWN = ("sending", "paused", "sent", "stopped")
A_PAGE = 50


@dataclass(frozen=True)
class Entry:
    """One mailing on the shelf."""

    slug: str
    subject: str
    preheader: str
    language: str
    sent_at: datetime


@dataclass(frozen=True)
class Shelf:
    """One page of a list's archive, newest first."""

    offer: Offer
    entries: tuple[Entry, ...]
    has_older: bool


@dataclass(frozen=True)
class Copy:
    """The web copy of a mailing: whole HTML with nobody's links, and the page it was published on."""

    html: str
    language: str
    source: str


def shelf(session: Session, list_name: str, page: int = 1) -> Shelf:
    """Return a page of the archive, 50 mailings each; NotFound for an unknown list and a private archive."""
    mlist = _public(session, list_name)
    found = session.execute(
        _shown(mlist)
        .order_by(Mailing.started_at.desc(), Mailing.id.desc())
        .limit(A_PAGE + 1)
        .offset((page - 1) * A_PAGE)
        .with_only_columns(Mailing.slug, Mailing.subject, Mailing.preheader, Mailing.language, Mailing.started_at)
    ).all()
    entries = [
        Entry(row.slug, row.subject, row.preheader, row.language, row.started_at) for row in found if row.started_at
    ]
    return Shelf(of(mlist), tuple(entries[:A_PAGE]), len(found) > A_PAGE)


def copy(session: Session, links: Links, list_name: str, slug: str) -> Copy:
    """Return a mailing as nobody in particular reads it; its way to leave asks for the address first.

    NotFound for what was not sent, is not of this list, or is not public.
    """
    mlist = _public(session, list_name)
    found = session.execute(
        _shown(mlist).where(Mailing.slug == slug).with_only_columns(Mailing.id, Mailing.language, EditionRow.program)
    ).first()
    if found is None:
        raise NotFound(f"there is no mailing {slug} in the archive of {list_name}")
    program = Program.from_bytes(found.program)
    html = program.html(program.frame({}, {"unsubscribe": f"{links.base}/m", "manage": ""}))
    return Copy(html, found.language, mailings.statement_of(session, found.id).source)


def _shown(mlist: MailingList) -> Select[Mailing]:
    is_edition = and_(EditionRow.mailing_id == Mailing.id, EditionRow.list_id == mlist.id, EditionRow.format == "html")
    # A mailing can be stopped before it ever began.
    return select(Mailing).join(EditionRow, is_edition).where(Mailing.state.in_(SHOWN), Mailing.started_at.is_not(None))


def _public(session: Session, list_name: str) -> MailingList:
    mlist = session.scalars(
        select(MailingList).where(MailingList.name == list_name, MailingList.archive == "public")
    ).first()
    if mlist is None:
        raise NotFound(f"there is no archive of {list_name}")
    return mlist
