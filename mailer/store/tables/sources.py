"""Statements, kept once."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Key, Table


class StatementRow(Table):
    """One statement as it was read; a revision is a row of its own that names the one before."""

    __tablename__ = "statements"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(Text)
    deck: Mapped[str] = mapped_column(Text, default="")
    dated: Mapped[date | None] = mapped_column(Date)
    language: Mapped[str] = mapped_column(String(20))
    author: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    body_html: Mapped[str] = mapped_column(Text)
    body_text: Mapped[str] = mapped_column(Text)
    # The file as it came, so that a better reader can read it again.
    original: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    original_name: Mapped[str] = mapped_column(String(300), default="")
    revises_id: Mapped[int | None] = mapped_column(ForeignKey("statements.id"))
    read_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
