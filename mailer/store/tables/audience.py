"""Who a mailing goes to beyond its lists: languages, conditions, and conditions kept under a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Json, Key, Table


class Segment(Table):
    """Conditions on readers, kept under a name to be used again."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    rules: Mapped[dict[str, Any]] = mapped_column(Json)
    made_by: Mapped[str] = mapped_column(String(120), default="")
    made_at: Mapped[datetime] = mapped_column(Instant)


class MailingAim(Table):
    """What narrows the lists of one mailing; without a row nothing does."""

    __tablename__ = "mailing_aims"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    languages: Mapped[list[str]] = mapped_column(Json, default=list)
    # A copy: whoever changes the segment later does not change a mailing that was checked.
    rules: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # The zone in which the days of the conditions begin.
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
