"""Writing on a draft: saved as often as one likes, each version kept, nobody's words overwritten unseen."""

import datetime
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer import clock
from mailer.compose import content
from mailer.compose.statement import Statement
from mailer.errors import BadInput, NotFound
from mailer.mailing import mailings
from mailer.mailing.mailings import Overtaken
from mailer.sources import as_markdown, kept
from mailer.store.tables import DraftVersion, Mailing, MailingStatement, StatementRow

# What one person saves by itself within this time is one version.
TOGETHER = timedelta(minutes=10)


@dataclass(frozen=True)
class Words:
    """Everything a writer decides: the statement, its text as Markdown, and the line inboxes show."""

    subject: str
    preheader: str
    title: str
    deck: str
    date: datetime.date | None
    language: str
    note: str
    body: str


@dataclass(frozen=True)
class Version:
    """One version of a draft, and who saved it when."""

    revision: int
    words: Words
    made_by: str
    made_at: datetime.datetime
    by_itself: bool


def words_of(session: Session, mailing: Mailing) -> Words:
    """Return what a draft says now."""
    row = mailings.statement_of(session, mailing.id)
    newest = _newest(session, mailing.id)
    known = newest is not None and newest.statement_id == row.id
    body = newest.body if newest is not None and known else as_markdown.from_safe(row.body_html)
    return _words(row, mailing.subject, mailing.preheader, body)


def statement_with(before: Statement, words: Words) -> Statement:
    """Return the statement as these words have it; author and source stay."""
    made = content.from_markdown(words.body, before.source)
    return replace(
        before,
        title=words.title,
        deck=words.deck,
        date=words.date,
        language=words.language,
        note=words.note,
        body_html=made.html,
        body_text=made.text,
    )


def save(session: Session, mailing: Mailing, words: Words, seen: int, *, actor: str, by_itself: bool = False) -> int:
    """Save what was written on revision ``seen`` and return the draft's revision; the same words change nothing.

    Raises Overtaken if the draft is no longer at that revision, Refused if it is no draft any more.
    """
    mailings.must_be_editable(session, mailing)
    if not words.subject.strip():
        raise BadInput("is empty", place="subject", cure="write one line that says what it is about")
    before, row = words_of(session, mailing), mailings.statement_of(session, mailing.id)
    if words == before:
        return _unchanged(session, mailing, by_itself)
    if mailing.revision != seen:
        raise Overtaken("somebody else saved this draft meanwhile", cure="see both texts, and save once more")
    newest = _newest(session, mailing.id)
    if newest is None:
        newest = _add(session, mailing, row, before, mailing.made_by, mailing.made_at)
    at_hand = statement_with(kept.statement(row), words)
    # The same words may have been typed differently: the statement is the same one then.
    later = kept.keep(session, at_hand, row.original, row.original_name)
    mailings.edit(
        session, mailing, subject=words.subject, preheader=words.preheader, language=words.language, seen=seen
    )
    pointed = update(MailingStatement).where(MailingStatement.mailing_id == mailing.id, MailingStatement.position == 0)
    session.execute(pointed.values(statement_id=later.id))
    if by_itself and _goes_on(newest, actor):
        earlier = newest.statement_id
        newest.revision, newest.statement_id, newest.body = mailing.revision, later.id, words.body
        newest.subject, newest.preheader = mailing.subject, mailing.preheader
        session.flush()
        _forget(session, earlier)
    else:
        _add(session, mailing, later, words, actor, clock.now(), by_itself=by_itself)
    session.expire_all()
    return mailing.revision


def versions(session: Session, mailing_id: int, limit: int = 100) -> list[Version]:
    """Return the versions of a draft, newest first."""
    rows = session.execute(
        select(DraftVersion, StatementRow)
        .join(StatementRow, StatementRow.id == DraftVersion.statement_id)
        .where(DraftVersion.mailing_id == mailing_id)
        .order_by(DraftVersion.revision.desc())
        .limit(limit)
    )
    return [_version(version, statement) for version, statement in rows]


def version(session: Session, mailing_id: int, revision: int) -> Version:
    """Return one version of a draft; NotFound if it was not kept."""
    row = session.get(DraftVersion, (mailing_id, revision))
    if row is None:
        raise NotFound(f"there is no version {revision} of this draft", cure="perhaps it was written on since")
    return _version(row, kept.need(session, row.statement_id))


def copy(session: Session, draft: Mailing, original: Mailing) -> None:
    """Let a draft say what an earlier mailing's writer wrote, word for word."""
    words = words_of(session, original)
    row = mailings.statement_of(session, draft.id)
    _add(session, draft, row, words, draft.made_by, draft.made_at)


def _version(row: DraftVersion, statement: StatementRow) -> Version:
    words = _words(statement, row.subject, row.preheader, row.body)
    return Version(row.revision, words, row.made_by, row.made_at, row.by_itself)


def _words(row: StatementRow, subject: str, preheader: str, body: str) -> Words:
    return Words(subject, preheader, row.title, row.deck, row.dated, row.language, row.note, body)


def _newest(session: Session, mailing_id: int) -> DraftVersion | None:
    wanted = select(DraftVersion).where(DraftVersion.mailing_id == mailing_id)
    return session.scalars(wanted.order_by(DraftVersion.revision.desc()).limit(1)).first()


def _add(
    session: Session,
    mailing: Mailing,
    row: StatementRow,
    words: Words,
    actor: str,
    moment: datetime.datetime,
    *,
    by_itself: bool = False,
) -> DraftVersion:
    made = DraftVersion(
        mailing_id=mailing.id,
        revision=mailing.revision,
        statement_id=row.id,
        subject=words.subject,
        preheader=words.preheader,
        body=words.body,
        by_itself=by_itself,
        made_by=actor,
        made_at=moment,
    )
    session.add(made)
    session.flush()
    return made


def _unchanged(session: Session, mailing: Mailing, by_itself: bool) -> int:
    """Pressing the button keeps what was saved by itself as a version of its own."""
    newest = _newest(session, mailing.id)
    if newest is not None and not by_itself:
        newest.by_itself = False
        session.flush()
    return mailing.revision


def _goes_on(newest: DraftVersion, actor: str) -> bool:
    return newest.by_itself and newest.made_by == actor and clock.now() - newest.made_at < TOGETHER


def _forget(session: Session, statement_id: int) -> None:
    """Drop the text of a version that was written over, unless something else is made of it."""
    try:
        with session.begin_nested():
            session.execute(delete(StatementRow).where(StatementRow.id == statement_id))
    except IntegrityError:
        return
