"""The web copy of a mailing: its text with what was corrected since, and the letter as it was sent, nobody's."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.compose import webcopy
from mailer.compose.statement import Statement
from mailer.compose.wire import Program
from mailer.errors import NotFound
from mailer.mailing import archive, corrections
from mailer.mailing.archive import PUBLIC, Entry
from mailer.mailing.corrections import Said
from mailer.mailing.links import Links
from mailer.people.offers import Offer, of
from mailer.sources import kept
from mailer.store.tables import (
    ARCHIVES,
    EPOCH,
    EditionRow,
    Mailing,
    MailingList,
    MailingStatement,
    StatementRow,
)
from mailer.tokens import Keys

SOME = 500


@dataclass(frozen=True)
class Copy:
    """One mailing to be read: one text or several, where it was published first, what was corrected and when."""

    reference: str
    offer: Offer
    slug: str
    subject: str
    preheader: str
    language: str
    visibility: str
    sent_at: datetime.datetime
    changed_at: datetime.datetime
    texts: tuple[Statement, ...]
    corrections: tuple[Said, ...]
    home: str
    older: Entry | None = None
    newer: Entry | None = None

    @property
    def title(self) -> str:
        """Return the headline: of the text, or of the mailing if it has several."""
        return self.texts[0].title if len(self.texts) == 1 else self.subject

    @property
    def source(self) -> str:
        """Return the address the one text was published at first, "" if it was not or there are several."""
        return self.texts[0].source if len(self.texts) == 1 else ""


@dataclass(frozen=True)
class Letter:
    """A letter as it was mailed, and when its text was corrected since, if it was."""

    html: str
    corrected_at: datetime.datetime | None


@dataclass(frozen=True)
class Feed:
    """What a feed reader gets of a list, newest first."""

    offer: Offer
    visibility: str
    copies: tuple[Copy, ...]


@dataclass(frozen=True)
class Place:
    """A page of the archive that everybody may find; the list's own, without a slug, before those of its mailings."""

    list_name: str
    slug: str = ""
    changed_at: datetime.datetime = EPOCH
    is_elsewhere: bool = False


def places(session: Session, most: int) -> list[Place]:
    """Return every page of the archive that is public, newest first in each list.

    ``is_elsewhere`` where the page that counts is another one: of the statement, or of another list.
    """
    found = []
    for mlist in archive.everything(session, ARCHIVES):
        query = archive.shown(mlist).where(archive.may_see(mlist, (PUBLIC,)))
        entries = archive.entries(session, query.limit(most))
        if entries and mlist.archive == PUBLIC:
            found.append(Place(mlist.name))
        for start in range(0, len(entries), SOME):
            some = entries[start : start + SOME]
            ids = [entry.mailing_id for entry in some]
            homes, sources = archive.homes(session, ids), _sources(session, ids)
            for entry in some:
                elsewhere = homes.get(entry.mailing_id, mlist.name) != mlist.name or entry.mailing_id in sources
                found.append(Place(mlist.name, entry.slug, entry.changed_at or entry.sent_at, elsewhere))
    return found


def copy(session: Session, keys: Keys, list_name: str, slug: str) -> Copy:
    """Return a mailing for everybody who knows its address; NotFound as in ``archive.find``."""
    mlist, mailing = archive.find(session, list_name, slug)
    return copy_of(session, keys, mlist, mailing, (PUBLIC,))


def copy_of(session: Session, keys: Keys, mlist: MailingList, mailing: Mailing, kinds: Sequence[str]) -> Copy:
    """Return a mailing with those beside it on the shelf for people of these ``kinds``."""
    older, newer = archive.beside(session, mlist, mailing, kinds)
    return _copies(session, keys, mlist, [mailing], {mailing.id: (older, newer)})[0]


def feed(session: Session, keys: Keys, list_name: str, count: int) -> Feed | archive.Moved:
    """Return the newest ``count`` mailings of an archive, whole; NotFound as in ``archive.shelf``."""
    found = archive.shelf(session, list_name)
    if isinstance(found, archive.Moved):
        return found
    mlist = archive.list_called(session, list_name)
    if mlist is None or found.visibility not in archive.OPEN:
        raise NotFound(f"the archive of {list_name} has no feed")
    listed = archive.shown(mlist).where(Mailing.archive.in_(("", PUBLIC))).order_by(*archive.NEWEST).limit(count)
    mailings = session.scalars(listed).all()
    return Feed(found.offer, found.visibility, tuple(_copies(session, keys, mlist, mailings, {})))


def as_sent(session: Session, links: Links, list_name: str, slug: str) -> Letter:
    """Return the letter of a mailing as everybody may see it, without a way out, and without a link to itself."""
    return as_sent_of(session, links, *archive.find(session, list_name, slug))


def as_sent_of(session: Session, links: Links, mlist: MailingList, mailing: Mailing) -> Letter:
    """Return the letter that was sent to the readers of a list, as nobody in particular reads it."""
    program = Program.from_bytes(
        session.scalars(
            select(EditionRow.program).where(
                EditionRow.mailing_id == mailing.id, EditionRow.list_id == mlist.id, EditionRow.format == "html"
            )
        ).one()
    )
    html = program.html(program.frame({}, links.of_nowhere()))
    html = webcopy.without_links(html, ("", links.view(mlist.name, mailing.slug)))
    last = corrections.last(session, [mailing.id]).get(mailing.id)
    return Letter(html, last.at if last else None)


def _copies(
    session: Session,
    keys: Keys,
    mlist: MailingList,
    mailings: Sequence[Mailing],
    beside: dict[int, tuple[Entry | None, ...]],
) -> list[Copy]:
    ids = [mailing.id for mailing in mailings]
    said, last = corrections.every(session, ids), corrections.last(session, ids)
    texts, homes = _texts(session, ids), archive.homes(session, ids)
    offer = of(mlist)
    found = []
    for mailing in mailings:
        now = last.get(mailing.id)
        sent_at = mailing.started_at or mailing.made_at
        if now and now.statement_id:
            texts[mailing.id] = (kept.statement(kept.need(session, now.statement_id)),)
        older, newer = beside.get(mailing.id, (None, None))
        found.append(
            Copy(
                reference=keys.opaque("mailing", mailing.id),
                offer=offer,
                slug=mailing.slug,
                subject=now.title or mailing.subject if now else mailing.subject,
                preheader=now.deck if now and now.title else mailing.preheader,
                language=mailing.language,
                visibility=archive.visibility(mailing, mlist),
                sent_at=sent_at,
                changed_at=now.at if now else sent_at,
                texts=texts[mailing.id],
                corrections=tuple(said.get(mailing.id, ())),
                home=homes.get(mailing.id, mlist.name),
                older=older,
                newer=newer,
            )
        )
    return found


def _sources(session: Session, mailing_ids: Sequence[int]) -> set[int]:
    """Return those mailings whose one statement was published on a page of its own."""
    query = (
        select(MailingStatement.mailing_id)
        .join(StatementRow, StatementRow.id == MailingStatement.statement_id)
        .where(MailingStatement.mailing_id.in_(mailing_ids))
        .group_by(MailingStatement.mailing_id)
        .having(func.count() == 1, func.max(StatementRow.source).like("http%"))
    )
    return set(session.scalars(query))


def _texts(session: Session, mailing_ids: Sequence[int]) -> dict[int, tuple[Statement, ...]]:
    query = select(MailingStatement.mailing_id, StatementRow).join(
        StatementRow, StatementRow.id == MailingStatement.statement_id
    )
    wanted = query.where(MailingStatement.mailing_id.in_(mailing_ids)).order_by(MailingStatement.position)
    found: dict[int, tuple[Statement, ...]] = dict.fromkeys(mailing_ids, ())
    for mailing_id, row in session.execute(wanted):
        found[mailing_id] += (kept.statement(row),)
    return found
