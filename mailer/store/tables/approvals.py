"""What a second person was asked to look at, and what they said of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Key, Table, one_of

VERDICTS = ("", "approved", "returned")


class Approval(Table):
    """One asking of a second person: the hash of what they were shown, and their verdict; decided once."""

    __tablename__ = "approvals"
    __table_args__ = (one_of("verdict", VERDICTS), Index("ix_approvals_mailing", "mailing_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    # Of every edition as compiled, and of the lists it goes to.
    hash: Mapped[str] = mapped_column(String(64))
    # As it would have been read, so that the next one to approve sees what is different.
    text: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str] = mapped_column(String(10), default="")
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")
