"""What a draft was before: a row for every time it was saved."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Table


class DraftVersion(Table):
    """A draft as somebody saved it; what one person saves by itself within minutes is one row."""

    __tablename__ = "draft_versions"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    # That of the mailing when this was saved.
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))
    subject: Mapped[str] = mapped_column(Text)
    preheader: Mapped[str] = mapped_column(Text, default="")
    # The text as it was written; what readers get is the statement's.
    body: Mapped[str] = mapped_column(Text)
    # Saved while somebody wrote, not because they pressed the button.
    by_itself: Mapped[bool] = mapped_column(Boolean, default=False)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(Instant)
