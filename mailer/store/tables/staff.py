"""People who may work at the desk, their sessions, one-time links, and what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Json, Key, Table, one_of

ROLES = ("writer", "approver", "list keeper", "operator")
LINK_PURPOSES = ("setup", "reset")


class Staff(Table):
    """One person at the desk; without a password hash they cannot log in yet."""

    __tablename__ = "staff"
    __table_args__ = (one_of("role", ROLES),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class DeskSession(Table):
    """One logged-in browser; only the hash of its secret is kept."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    agent: Mapped[str] = mapped_column(String(200), default="")


class StaffLink(Table):
    """A link that works once: the first set-up of a password, or a new one."""

    __tablename__ = "staff_links"
    __table_args__ = (
        one_of("purpose", LINK_PURPOSES),
        CheckConstraint("used_at IS NULL OR used_at >= created_at", name="used_after_made"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Deed(Table):
    """One action that changed something: who, what, on what; only ever added to."""

    __tablename__ = "deeds"
    __table_args__ = (Index("ix_deeds_subject", "subject", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
