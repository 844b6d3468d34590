"""What the archive keeps beside the mailings: what was corrected afterwards, and addresses of before."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Key, Table, one_of


class Correction(Table):
    """A dated note on the web copy of a mailing, perhaps with the text as it should have been; only ever added to."""

    __tablename__ = "corrections"
    __table_args__ = (CheckConstraint("note <> ''", name="note_is_said"), Index("ix_corrections_mailing", "mailing_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text)
    # None where only the note was added.
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statements.id"))
    made_by: Mapped[str] = mapped_column(String(120), default="")


class FormerName(Table):
    """A name that stood in an address of the archive once, and leads on to what has another name now."""

    __tablename__ = "former_names"
    __table_args__ = (one_of("kind", ("list", "mailing")),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    row_id: Mapped[int] = mapped_column(Key)
