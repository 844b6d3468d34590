"""Mailings, their editions, and the ledger: one row for every person and every letter."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Json, Key, Table, one_of, when
from mailer.store.tables.people import ARCHIVES

MAILING_STATES = (
    "draft",
    "in review",
    "approved",
    "scheduled",
    "holding",
    "sending",
    "paused",
    "sent",
    "stopped",
    "failed",
)
DELIVERY_STATES = ("queued", "begun", "waiting", "accepted", "refused", "uncertain", "left_out")
LATE = ("send", "skip", "ask")
# Not by the states that are open: then every move between them would have to touch every index.
OPEN = text("final_at IS NULL")


# Rows with something to tell: all but those that wait for their first try, are on the wire or were simply taken.
# Not by their state, or every move between states would have to touch this index; sending never does.
TOLD = text("why <> '' OR again")


def is_told() -> TextClause:
    """Return the condition of the index of deliveries with a reason or a second try, to the letter too."""
    return text("(deliveries.why <> '' OR deliveries.again)")


def is_open(table: str) -> TextClause:
    """Return the condition of the partial indexes, to the letter: SQLite uses one only where it is repeated."""
    return text(f"{table}.{OPEN.text}")


class Mailing(Table):
    """One or more statements on their way to lists at a time."""

    __tablename__ = "mailings"
    __table_args__ = (
        one_of("state", MAILING_STATES),
        one_of("late", LATE),
        one_of("on_uncertain", ("retry", "hold")),
        one_of("archive", ("", *ARCHIVES)),
        when("state", ("scheduled", "holding"), "due_at IS NOT NULL", "due_has_time"),
        when("state", ("sending", "sent"), "started_at IS NOT NULL", "sending_has_start"),
        when("state", ("sent",), "frozen_at IS NOT NULL AND finished_at IS NOT NULL", "sent_is_finished"),
        when("state", ("stopped", "failed"), "finished_at IS NOT NULL AND why <> ''", "ended_has_reason"),
        when("state", ("paused",), "why <> '' AND paused_at IS NOT NULL", "paused_has_reason"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    why: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text)
    preheader: Mapped[str] = mapped_column(Text, default="")
    template: Mapped[str] = mapped_column(String(60), default="statement")
    language: Mapped[str] = mapped_column(String(20))
    # Who may read it on the web; "" as its list says.
    archive: Mapped[str] = mapped_column(String(20), default="")
    late: Mapped[str] = mapped_column(String(10), default="ask")
    on_uncertain: Mapped[str] = mapped_column(String(10), default="retry")
    # due_at is the moment; due_local and zone are what the editor said, kept to say it back.
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    due_local: Mapped[str] = mapped_column(String(40), default="")
    zone: Mapped[str] = mapped_column(String(60), default="")
    # Set when it was due so late that a person is asked.
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    # Seconds spent paused; the deadline of retries stands still meanwhile.
    paused_seconds: Mapped[int] = mapped_column(Integer, default=0)
    # Freezing: who does it now, how far it came, how many were chosen so far.
    freezer: Mapped[str] = mapped_column(String(80), default="")
    freeze_until: Mapped[datetime | None] = mapped_column(Instant)
    freeze_cursor: Mapped[int] = mapped_column(Key, default=0)
    routes: Mapped[list[str]] = mapped_column(Json, default=list)
    chosen: Mapped[int] = mapped_column(Integer, default=0)
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    # The revision counts edits; a test or an approval is of one revision.
    revision: Mapped[int] = mapped_column(Integer, default=1)
    tested_revision: Mapped[int] = mapped_column(Integer, default=0)
    made_by: Mapped[str] = mapped_column(String(120), default="")
    made_at: Mapped[datetime] = mapped_column(Instant)


class MailingTarget(Table):
    """A list a mailing goes to, or leaves out; the order decides which list a person's letter belongs to."""

    __tablename__ = "mailing_targets"
    __table_args__ = (one_of("role", ("include", "exclude")),)

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    role: Mapped[str] = mapped_column(String(10), default="include")


class MailingStatement(Table):
    """A statement in a mailing."""

    __tablename__ = "mailing_statements"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))


class EditionRow(Table):
    """A mailing's text compiled for one language, list and format."""

    __tablename__ = "editions"
    __table_args__ = (
        UniqueConstraint("mailing_id", "list_id", "language", "format"),
        one_of("format", ("html", "text")),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    language: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(10))
    hash: Mapped[str] = mapped_column(String(64))
    program: Mapped[bytes] = mapped_column(LargeBinary)
    reads: Mapped[list[str]] = mapped_column(Json)
    requires: Mapped[list[str]] = mapped_column(Json)
    html_bytes: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(Instant)


class Worker(Table):
    """A process that sends, and when it was last heard of."""

    __tablename__ = "workers"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    version: Mapped[str] = mapped_column(String(40), default="")
    # What keeps it from sending, such as a relay that does not answer.
    trouble: Mapped[str] = mapped_column(String(300), default="")
    # How it sends and what it knows of its relays: send/report.py says what stands in it.
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Batch(Table):
    """About a thousand deliveries of one route, or some notices, worked on by one worker at a time."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("lane", ("mailing", "notice")),
        when("lane", ("mailing",), "mailing_id IS NOT NULL", "mailing_is_named"),
        CheckConstraint("(owner = '') = (lease_until IS NULL)", name="owner_has_lease"),
        Index(
            "ix_batches_open",
            "lane",
            "mailing_id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lane: Mapped[str] = mapped_column(String(10))
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailings.id"))
    route: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(String(80), default="")
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    made_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class Sendable:
    """The columns of a row that is sent: the same for a delivery and a notice, so one ledger serves both."""

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(Key)
    address: Mapped[str] = mapped_column(String(320))
    address_hash: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(10), default="queued")
    why: Mapped[str] = mapped_column(String(200), default="")
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    # Date and DKIM t= of the message: the first moment it was begun, the same on every try.
    first_begun_at: Mapped[datetime | None] = mapped_column(Instant)
    begun_at: Mapped[datetime | None] = mapped_column(Instant)
    # Fences the result: only the attempt that began the row may settle it.
    attempt: Mapped[int] = mapped_column(Key, default=0)
    worker: Mapped[str] = mapped_column(String(80), default="")
    relay: Mapped[str] = mapped_column(String(60), default="")
    # Tried again after an unknown fate: the reader possibly got it twice.
    again: Mapped[bool] = mapped_column(Boolean, default=False)
    reply_code: Mapped[int] = mapped_column(Integer, default=0)
    reply_status: Mapped[str] = mapped_column(String(12), default="")
    reply_text: Mapped[str] = mapped_column(String(500), default="")
    made_at: Mapped[datetime] = mapped_column(Instant)
    final_at: Mapped[datetime | None] = mapped_column(Instant)


def _sendable_rules(table: str) -> tuple[CheckConstraint | Index, ...]:
    return (
        one_of("state", DELIVERY_STATES),
        when("state", ("queued", "waiting", "begun", "uncertain"), "final_at IS NULL", "open_is_not_final"),
        when("state", ("accepted", "refused", "left_out"), "final_at IS NOT NULL", "final_has_time"),
        when("state", ("begun", "accepted", "uncertain"), "first_begun_at IS NOT NULL", "begun_has_first"),
        when("state", ("begun",), "begun_at IS NOT NULL AND attempt <> 0 AND worker <> ''", "begun_has_attempt"),
        when("state", ("waiting",), "next_at IS NOT NULL AND why <> ''", "waiting_has_time"),
        when("state", ("refused", "left_out", "uncertain"), "why <> ''", "reason_is_named"),
        Index(f"ix_{table}_batch", "batch_id", sqlite_where=OPEN, postgresql_where=OPEN),
    )


class Delivery(Sendable, Table):
    """One mailing to one person: the row that answers "what happened to me?"."""

    __tablename__ = "deliveries"
    __table_args__ = (
        *_sendable_rules("deliveries"),
        UniqueConstraint("mailing_id", "subscriber_id"),
        Index("ix_deliveries_person", "subscriber_id"),
        Index("ix_deliveries_again", "mailing_id", "next_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_deliveries_told", "mailing_id", "id", sqlite_where=TOLD, postgresql_where=TOLD),
    )

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailings.id"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    route: Mapped[str] = mapped_column(String(255))
    # What the edition reads of this reader, copied when the audience was frozen.
    facts: Mapped[dict[str, str]] = mapped_column(Json, default=dict)


class Notice(Sendable, Table):
    """A letter the house itself writes: confirm, welcome, a link, an alarm to staff."""

    __tablename__ = "notices"
    __table_args__ = (
        *_sendable_rules("notices"),
        Index("ix_notices_new", "state", "next_at", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_notices_person", "subscriber_id", "kind"),
    )

    kind: Mapped[str] = mapped_column(String(30))
    subscriber_id: Mapped[int | None] = mapped_column(ForeignKey("subscribers.id"))
    list_id: Mapped[int | None] = mapped_column(ForeignKey("lists.id"))
    name: Mapped[str] = mapped_column(String(150), default="")
    language: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    links: Mapped[dict[str, str]] = mapped_column(Json, default=dict)


class Attempt(Table):
    """One try that did not end in "accepted" at once: time, worker, relay and what was said."""

    __tablename__ = "attempts"
    __table_args__ = (one_of("lane", ("mailing", "notice")), Index("ix_attempts_row", "lane", "row_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lane: Mapped[str] = mapped_column(String(10))
    row_id: Mapped[int] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(Instant)
    worker: Mapped[str] = mapped_column(String(80))
    relay: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[str] = mapped_column(String(20))
    code: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(12), default="")
    text: Mapped[str] = mapped_column(String(500), default="")
