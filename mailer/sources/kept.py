"""Statements in the store: each text is kept once, however often it is handed in."""

import hashlib
from dataclasses import fields, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.compose.statement import Statement
from mailer.errors import NotFound
from mailer.store.tables import StatementRow


def keep(session: Session, statement: Statement, original: bytes = b"", name: str = "") -> StatementRow:
    """Store a statement and return its row; the same words are the same row."""
    digest = hashlib.sha256(
        "\0".join(str(getattr(statement, item.name)) for item in fields(statement)).encode()
    ).hexdigest()
    found = session.scalars(select(StatementRow).where(StatementRow.content_hash == digest)).first()
    if found is not None:
        return found
    row = StatementRow(
        content_hash=digest,
        title=statement.title,
        deck=statement.deck,
        dated=statement.date,
        language=statement.language,
        author=statement.author,
        source=statement.source,
        note=statement.note,
        body_html=statement.body_html,
        body_text=statement.body_text,
        original=original,
        original_name=name[:300],
        read_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def revise(
    session: Session, before: StatementRow, statement: Statement, original: bytes = b"", name: str = ""
) -> StatementRow:
    """Store a statement as what another one became; where it was published, it still is unless it says otherwise."""
    row = keep(session, replace(statement, source=statement.source or before.source), original, name)
    if row.revises_id is None and row.id > before.id:
        row.revises_id = before.id
        session.flush()
    return row


def need(session: Session, statement_id: int) -> StatementRow:
    """Return the stored statement; NotFound if there is none."""
    row = session.get(StatementRow, statement_id)
    if row is None:
        raise NotFound(f"there is no statement {statement_id}")
    return row


def latest(session: Session, limit: int = 50) -> list[StatementRow]:
    """Return the statements read last, newest first."""
    return list(session.scalars(select(StatementRow).order_by(StatementRow.id.desc()).limit(limit)))


def statement(row: StatementRow) -> Statement:
    """Return the published text a row holds."""
    return Statement(
        title=row.title,
        deck=row.deck,
        date=row.dated,
        language=row.language,
        author=row.author,
        source=row.source,
        note=row.note,
        body_html=row.body_html,
        body_text=row.body_text,
    )
