"""What came back afterwards."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Key, Table, one_of

OUTCOME_KINDS = ("bounced", "complained", "unsubscribed", "undone", "refused")
LEAVE_REASONS = ("too many", "not for me", "never signed up", "elsewhere", "other")


class Outcome(Table):
    """Something that came back for a person, perhaps for one mailing; recorded once by its origin."""

    __tablename__ = "outcomes"
    __table_args__ = (one_of("kind", OUTCOME_KINDS), UniqueConstraint("origin", "origin_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscribers.id"), index=True)
    list_id: Mapped[int | None] = mapped_column(ForeignKey("lists.id"))
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailings.id"), index=True)
    origin: Mapped[str] = mapped_column(String(40))
    origin_id: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str] = mapped_column(Text, default="")


class Reason(Table):
    """Why somebody left, if they said so, and what had brought them to the list."""

    __tablename__ = "reasons"
    __table_args__ = (one_of("reason", LEAVE_REASONS),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcomes.id"), unique=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(200), default="")
    # An import by its number, or the address of the page whose form was used, without what follows a "?".
    source: Mapped[str] = mapped_column(String(500), default="")
