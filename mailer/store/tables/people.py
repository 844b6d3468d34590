"""Lists, subscribers and what they agreed to; who must not be written to."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailer.store.tables.base import Instant, Json, Key, Table, one_of, when

SUBSCRIPTION_STATES = ("pending", "active", "paused", "ended")
FREQUENCIES = ("each", "daily", "weekly")
CONSENT_KINDS = ("asked", "confirmed", "imported", "added", "withdrawn", "undone", "not me")
SCOPES = ("all", "mailings")
ARCHIVES = ("public", "unlisted", "subscribers", "off")


class MailingList(Table):
    """A named reason to write."""

    __tablename__ = "lists"
    __table_args__ = (one_of("archive", ARCHIVES),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    # The label in List-Id; it stays when the list gets another name (RFC 2919 section 3).
    list_label: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(150))
    description: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(20))
    from_name: Mapped[str] = mapped_column(String(150))
    from_address: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    # Where bounces go until return paths carry a token: MAIL FROM of everything sent to this list.
    bounce_address: Mapped[str] = mapped_column(String(320))
    postal_address: Mapped[str] = mapped_column(Text)
    archive: Mapped[str] = mapped_column(String(20), default="public")
    open_signup: Mapped[bool] = mapped_column(Boolean, default=True)
    # Somebody who did not write it must approve what goes to this list.
    two_persons: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class Subscriber(Table):
    """A person with an address."""

    __tablename__ = "subscribers"
    __table_args__ = (
        one_of("format", ("html", "text")),
        CheckConstraint("erased_at IS NULL OR (address = '' AND name = '')", name="erased_is_empty"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(330), unique=True)
    # Keyed hash of address_key: what suppression knows people by.
    address_hash: Mapped[str] = mapped_column(String(32), index=True)
    domain: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(150), default="")
    language: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(10), default="html")
    attributes: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class Subscription(Table):
    """One person's belonging to one list: pending → active ⇄ paused → ended."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "list_id"),
        Index("ix_subscriptions_list", "list_id", "state", "subscriber_id"),
        one_of("state", SUBSCRIPTION_STATES),
        one_of("frequency", FREQUENCIES),
        when("state", ("active", "paused"), "confirmed_at IS NOT NULL", "active_is_confirmed"),
        when("state", ("ended",), "ended_at IS NOT NULL AND ended_why <> ''", "ended_has_reason"),
        when("state", ("pending", "active", "paused"), "ended_at IS NULL", "open_is_not_ended"),
        when("state", ("paused",), "paused_until IS NOT NULL", "paused_has_end"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    state: Mapped[str] = mapped_column(String(10))
    # How often the reader wants mail: a wish, until there are digests.
    frequency: Mapped[str] = mapped_column(String(10), default="each")
    created_at: Mapped[datetime] = mapped_column(Instant)
    # When the asking began that is pending now; a confirm link of an older asking does nothing.
    asked_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_until: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_why: Mapped[str] = mapped_column(String(60), default="")


class Consent(Table):
    """Who agreed to which words, when, where, or took it back; only ever added to."""

    __tablename__ = "consents"
    __table_args__ = (one_of("kind", CONSENT_KINDS), Index("ix_consents_person", "subscriber_id", "list_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)
    words: Mapped[str] = mapped_column(Text, default="")
    words_version: Mapped[str] = mapped_column(String(16), default="")
    page: Mapped[str] = mapped_column(String(500), default="")
    network: Mapped[str] = mapped_column(String(60), default="")
    actor: Mapped[str] = mapped_column(String(120), default="")
    mailing_id: Mapped[int | None] = mapped_column(Key)


class Signup(Table):
    """What somebody typed into the form; what follows from it is found out later and told by mail only."""

    __tablename__ = "signups"
    __table_args__ = (
        Index(
            "ix_signups_open",
            "id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    # What was typed goes when the row is handled; by the hash an erased person's rows are found.
    address_hash: Mapped[str] = mapped_column(String(32), default="", index=True)
    lists: Mapped[list[str]] = mapped_column(Json)
    name: Mapped[str] = mapped_column(String(150), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    attributes: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    page: Mapped[str] = mapped_column(String(500), default="")
    network: Mapped[str] = mapped_column(String(60), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    # How often somebody wants each of the lists, by its name, where they said so.
    often: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    # "subscribe", or "link" for somebody who asks for the link to their choices.
    wish: Mapped[str] = mapped_column(String(20), default="subscribe")
    at: Mapped[datetime] = mapped_column(Instant)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    result: Mapped[str] = mapped_column(String(60), default="")


class Suppression(Table):
    """An address we must not write to, known by its keyed hash; lifting leaves the row."""

    __tablename__ = "suppressions"
    __table_args__ = (
        one_of("scope", SCOPES),
        Index(
            "uq_suppressions_open",
            "address_hash",
            "scope",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(60))
    origin: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime] = mapped_column(Instant)
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_why: Mapped[str] = mapped_column(String(200), default="")


class ImportRun(Table):
    """One import of a file of people: who brought it, on what statement of consent, what became of it."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    file: Mapped[str] = mapped_column(String(300))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    consent: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(120), default="")
    added: Mapped[int] = mapped_column(Integer, default=0)
    known: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
