"""What the house knows about itself: facts, counters of limits, occurrences of duties."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Json, Key, Table


class Fact(Table):
    """One named value, such as a key's fingerprint."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Hit(Table):
    """One counted try under a limit (confirm mail to an address, sign-up from a network, login)."""

    __tablename__ = "hits"
    __table_args__ = (Index("ix_hits_limited", "kind", "subject", "at"), Index("ix_hits_at", "at"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(Instant)


class Proof(Table):
    """Something a form brought along that may be used once: when it was shown, a proof of work, a wait."""

    __tablename__ = "proofs"
    __table_args__ = (Index("ix_proofs_at", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Spending(Table):
    """What a relay's limits have spent of late, and the time they go by, which no step of a clock moves."""

    __tablename__ = "spendings"

    # The relay, or the relay and a receiving domain.
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    # Microseconds of the limits' own time: it began as the database's and goes on by the clocks of ``boots``.
    moment: Mapped[int] = mapped_column(BigInteger)
    wall: Mapped[datetime] = mapped_column(Instant)
    # Boot of a machine → the moment, and the microseconds since that boot, when it drew last.
    boots: Mapped[dict[str, list[int]]] = mapped_column(Json)
    # Limit → slot of time → messages.
    slots: Mapped[dict[str, dict[str, int]]] = mapped_column(Json)


class Occurrence(Table):
    """One run of a recurring duty, unique by its local time: an autumn night has one 02:30, not two."""

    __tablename__ = "occurrences"

    duty: Mapped[str] = mapped_column(String(60), primary_key=True)
    local_time: Mapped[str] = mapped_column(String(40), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    said: Mapped[str] = mapped_column(Text, default="")
