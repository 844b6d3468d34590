"""Mailings sent after another one, to those of its people who did not get it."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Table, one_of

FOLLOWED = ("rest", "refused")


class Followup(Table):
    """One mailing that goes only to people another one was for: who was left out when it stopped, or was refused."""

    __tablename__ = "followups"
    __table_args__ = (one_of("whom", FOLLOWED), Index("ix_followups_root", "root_id"))

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    origin_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    # The first of all: whoever got any mailing of one root gets no other.
    root_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    whom: Mapped[str] = mapped_column(String(10))
