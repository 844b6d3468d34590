"""The archive of a list: which mailings stand in it, for whom, and under which address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from mailer.errors import NotFound
from mailer.mailing import corrections
from mailer.people.offers import Offer, of
from mailer.store.tables import EditionRow, FormerName, Mailing, MailingList, MailingTarget

SHOWN = ("sending", "paused", "sent", "stopped")
A_PAGE = 50
PUBLIC, UNLISTED, SUBSCRIBERS, OFF = "public", "unlisted", "subscribers", "off"
ALL = (PUBLIC, UNLISTED, SUBSCRIBERS, OFF)
# Who opens a page by its plain address, and who by a link of their own.
OPEN, OWN = (PUBLIC, UNLISTED), (PUBLIC, UNLISTED, SUBSCRIBERS)


@dataclass(frozen=True)
class Entry:
    """One mailing on the shelf; ``changed_at`` is when its web copy was last corrected."""

    mailing_id: int
    slug: str
    subject: str
    preheader: str
    language: str
    sent_at: datetime
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Shelf:
    """One page of a list's archive, newest first; of an archive for readers only nothing but its name."""

    offer: Offer
    visibility: str
    entries: tuple[Entry, ...]
    has_older: bool


@dataclass(frozen=True)
class Moved:
    """What was asked for has another address now."""

    list_name: str
    slug: str = ""


def shelf(session: Session, list_name: str, page: int = 1) -> Shelf | Moved:
    """Return a page of the archive, 50 mailings each; NotFound for an unknown list and where there is no archive."""
    mlist = list_called(session, list_name)
    if mlist is None:
        return Moved(_list_of_before(session, list_name).name)
    if mlist.archive == SUBSCRIBERS and mlist.open_signup:
        # Its subscribe page is open to everybody: that it is there is no secret, what stands in it is.
        return Shelf(of(mlist), SUBSCRIBERS, (), has_older=False)
    if mlist.archive not in OPEN:
        raise _nothing(list_name)
    return shelf_of(session, mlist, (PUBLIC,), page)


def shelf_of(session: Session, mlist: MailingList, kinds: Iterable[str], page: int = 1) -> Shelf:
    """Return a page of what is listed: mailings that are as their list says, or of one of the ``kinds``."""
    listed = or_(Mailing.archive == "", Mailing.archive.in_(tuple(kinds)))
    found = entries(session, shown(mlist).where(listed).limit(A_PAGE + 1).offset((page - 1) * A_PAGE))
    return Shelf(of(mlist), mlist.archive, tuple(found[:A_PAGE]), len(found) > A_PAGE)


def latest(session: Session, list_name: str) -> Moved:
    """Return the address of the newest mailing in a list's archive; NotFound if there is none."""
    found = shelf(session, list_name)
    if isinstance(found, Moved):
        return Moved(found.list_name, "latest")
    if not found.entries:
        raise _nothing(list_name)
    return Moved(found.offer.name, found.entries[0].slug)


def find(session: Session, list_name: str, slug: str, kinds: Sequence[str] = OPEN) -> tuple[MailingList, Mailing]:
    """Return a mailing of a list that people of these ``kinds`` may read.

    NotFound for what was not sent, is not of this list, or is not for them.
    """
    mlist = list_called(session, list_name)
    found = mlist and session.scalars(shown(mlist).where(Mailing.slug == slug, may_see(mlist, kinds))).first()
    if not mlist or not found:
        raise _nothing(f"{slug} of {list_name}")
    return mlist, found


def moved(session: Session, list_name: str, slug: str) -> Moved:
    """Return where a mailing stands whose address was changed; NotFound if it never had this one."""
    mlist = list_called(session, list_name) or _list_of_before(session, list_name)
    mailing_id = _row_of_before(session, "mailing", slug)
    known = session.scalar(select(Mailing.slug).where(Mailing.id == mailing_id)) if mailing_id else slug
    if (known, mlist.name) == (slug, list_name):
        raise _nothing(f"{slug} of {list_name}")
    # Only what may be seen there is worth an answer of its own.
    return Moved(mlist.name, find(session, mlist.name, known or "")[1].slug)


def list_called(session: Session, list_name: str) -> MailingList | None:
    """Return the list that has this name now, if there is one."""
    return session.scalars(select(MailingList).where(MailingList.name == list_name)).first()


def everything(session: Session, kinds: Sequence[str] = (PUBLIC,)) -> list[MailingList]:
    """Return the lists with an archive of one of these kinds, by title."""
    query = select(MailingList).where(MailingList.archive.in_(kinds))
    return list(session.scalars(query.order_by(MailingList.title, MailingList.id)))


def offered(session: Session) -> tuple[Offer, ...]:
    """Return the lists whose archive is for everybody and has something in it, by title."""
    return tuple(
        of(mlist)
        for mlist in everything(session)
        if session.scalar(select(shown(mlist).where(or_(Mailing.archive == "", Mailing.archive == PUBLIC)).exists()))
    )


def pages(session: Session, mlist: MailingList) -> list[tuple[Mailing, Entry]]:
    """Return everything that was sent to a list, whoever may read it, newest first."""
    found = entries(session, shown(mlist))
    mailings = {mailing.id: mailing for mailing in session.scalars(shown(mlist))}
    return [(mailings[entry.mailing_id], entry) for entry in found]


def entries(session: Session, query: Select[Mailing]) -> list[Entry]:
    """Return the mailings of a query as they stand on a shelf, newest first, in the words of their corrections."""
    columns = Mailing.id, Mailing.slug, Mailing.subject, Mailing.preheader, Mailing.language, Mailing.started_at
    found = session.execute(query.order_by(*NEWEST).with_only_columns(*columns)).all()
    last = corrections.last(session, [row.id for row in found])
    return [
        Entry(
            mailing_id=row.id,
            slug=row.slug,
            subject=last[row.id].title or row.subject if row.id in last else row.subject,
            preheader=last[row.id].deck if row.id in last and last[row.id].title else row.preheader,
            language=row.language,
            sent_at=row.started_at,
            changed_at=last[row.id].at if row.id in last else None,
        )
        for row in found
    ]


def beside(session: Session, mlist: MailingList, mailing: Mailing, kinds: Iterable[str]) -> tuple[Entry | None, ...]:
    """Return the mailing before and the one after this one on the shelf, None at its ends."""
    here = tuple_(Mailing.started_at, Mailing.id)
    listed = shown(mlist).where(or_(Mailing.archive == "", Mailing.archive.in_(tuple(kinds))))
    place = mailing.started_at, mailing.id
    older = entries(session, listed.where(here < place).limit(1))
    after = session.scalars(listed.where(here > place).order_by(Mailing.started_at, Mailing.id).limit(1)).first()
    newer = entries(session, select(Mailing).where(Mailing.id == after.id)) if after else []
    return older[0] if older else None, newer[0] if newer else None


def homes(session: Session, mailing_ids: Sequence[int]) -> dict[int, str]:
    """Return for mailings that stand in several archives the name of the list whose page counts.

    It is the first list a mailing went to that shows it to everybody; one that none shows is not named.
    """
    query = (
        select(MailingTarget.mailing_id, MailingList.name)
        .join(MailingList, MailingList.id == MailingTarget.list_id)
        .join(Mailing, Mailing.id == MailingTarget.mailing_id)
        .where(MailingTarget.mailing_id.in_(mailing_ids), MailingTarget.role == "include")
        .where(or_(Mailing.archive == PUBLIC, and_(Mailing.archive == "", MailingList.archive == PUBLIC)))
    )
    found: dict[int, str] = {}
    for mailing_id, name in session.execute(query.order_by(MailingTarget.position)):
        found.setdefault(mailing_id, name)
    return found


def visibility(mailing: Mailing, mlist: MailingList) -> str:
    """Return who may read a mailing in the archive of this list."""
    return mailing.archive or mlist.archive


def is_open(mailing: Mailing, mlist: MailingList) -> bool:
    """Say whether everybody who knows its address may read a mailing."""
    return visibility(mailing, mlist) in OPEN


def may_see(mlist: MailingList, kinds: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a mailing of this list is for people of these kinds."""
    return Mailing.archive.in_([*kinds, ""] if mlist.archive in kinds else kinds)


NEWEST = (Mailing.started_at.desc(), Mailing.id.desc())


def shown(mlist: MailingList) -> Select[Mailing]:
    """Return the query for what was sent to a list."""
    is_edition = and_(EditionRow.mailing_id == Mailing.id, EditionRow.list_id == mlist.id, EditionRow.format == "html")
    # A mailing can be stopped before it ever began.
    begun = Mailing.state.in_(SHOWN), Mailing.started_at.is_not(None)
    return select(Mailing).where(*begun, exists().where(is_edition))


def _list_of_before(session: Session, list_name: str) -> MailingList:
    found = session.get(MailingList, _row_of_before(session, "list", list_name) or 0)
    if found is None or found.archive not in OPEN:
        raise _nothing(list_name)
    return found


def _row_of_before(session: Session, kind: str, name: str) -> int | None:
    return session.scalar(select(FormerName.row_id).where(FormerName.kind == kind, FormerName.name == name))


def _nothing(what: str) -> NotFound:
    return NotFound(f"there is nothing in the archive called {what}")
