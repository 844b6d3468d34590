"""The tables of the first river."""

# size: every table of the first release, once

import sqlalchemy as sa
from alembic import op

from mailer.store.tables import base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# size: one function that makes every table, in the order in which they need each other
def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "attempts",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("lane", sa.String(length=10), nullable=False),
        sa.Column("row_id", base.Key, nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("relay", sa.String(length=60), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.CheckConstraint("lane IN ('mailing', 'notice')", name=op.f("ck_attempts_lane_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_row", "attempts", ["lane", "row_id"], unique=False)

    op.create_table(
        "deeds",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", base.Json, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index(op.f("ix_deeds_at"), "deeds", ["at"], unique=False)
    op.create_index("ix_deeds_subject", "deeds", ["subject", "id"], unique=False)

    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "hits",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hits")),
    )
    op.create_index("ix_hits_at", "hits", ["at"], unique=False)
    op.create_index("ix_hits_limited", "hits", ["kind", "subject", "at"], unique=False)

    op.create_table(
        "lists",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("list_label", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("from_name", sa.String(length=150), nullable=False),
        sa.Column("from_address", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), nullable=False),
        sa.Column("bounce_address", sa.String(length=320), nullable=False),
        sa.Column("postal_address", sa.Text(), nullable=False),
        sa.Column("archive", sa.String(length=20), nullable=False),
        sa.Column("open_signup", sa.Boolean(), nullable=False),
        sa.Column("two_persons", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("closed_at", base.Instant(), nullable=True),
        sa.CheckConstraint(
            "archive IN ('public', 'unlisted', 'subscribers', 'off')", name=op.f("ck_lists_archive_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
        sa.UniqueConstraint("list_label", name=op.f("uq_lists_list_label")),
        sa.UniqueConstraint("name", name=op.f("uq_lists_name")),
    )
    op.create_table(
        "mailings",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("archive", sa.String(length=20), nullable=False),
        sa.Column("late", sa.String(length=10), nullable=False),
        sa.Column("on_uncertain", sa.String(length=10), nullable=False),
        sa.Column("due_at", base.Instant(), nullable=True),
        sa.Column("due_local", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("asked_at", base.Instant(), nullable=True),
        sa.Column("started_at", base.Instant(), nullable=True),
        sa.Column("paused_at", base.Instant(), nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("freezer", sa.String(length=80), nullable=False),
        sa.Column("freeze_until", base.Instant(), nullable=True),
        sa.Column("freeze_cursor", base.Key, nullable=False),
        sa.Column("routes", base.Json, nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("frozen_at", base.Instant(), nullable=True),
        sa.Column("finished_at", base.Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tested_revision", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.CheckConstraint(
            "archive IN ('', 'public', 'unlisted', 'subscribers', 'off')", name=op.f("ck_mailings_archive_known")
        ),
        sa.CheckConstraint("late IN ('send', 'skip', 'ask')", name=op.f("ck_mailings_late_known")),
        sa.CheckConstraint("on_uncertain IN ('retry', 'hold')", name=op.f("ck_mailings_on_uncertain_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'in review', 'approved', 'scheduled', 'holding', 'sending', 'paused', 'sent', 'stopped', 'failed')",
            name=op.f("ck_mailings_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('paused') OR (why <> '' AND paused_at IS NOT NULL)",
            name=op.f("ck_mailings_paused_has_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('scheduled', 'holding') OR (due_at IS NOT NULL)", name=op.f("ck_mailings_due_has_time")
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'sent') OR (started_at IS NOT NULL)", name=op.f("ck_mailings_sending_has_start")
        ),
        sa.CheckConstraint(
            "state NOT IN ('sent') OR (frozen_at IS NOT NULL AND finished_at IS NOT NULL)",
            name=op.f("ck_mailings_sent_is_finished"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('stopped', 'failed') OR (finished_at IS NOT NULL AND why <> '')",
            name=op.f("ck_mailings_ended_has_reason"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
        sa.UniqueConstraint("slug", name=op.f("uq_mailings_slug")),
    )
    op.create_table(
        "occurrences",
        sa.Column("duty", sa.String(length=60), nullable=False),
        sa.Column("local_time", sa.String(length=40), nullable=False),
        sa.Column("begun_at", base.Instant(), nullable=False),
        sa.Column("done_at", base.Instant(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("duty", "local_time", name=op.f("pk_occurrences")),
    )
    op.create_table(
        "proofs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    op.create_index("ix_proofs_at", "proofs", ["at"], unique=False)

    op.create_table(
        "signups",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("lists", base.Json, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("attributes", base.Json, nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("network", sa.String(length=60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("often", base.Json, nullable=False),
        sa.Column("wish", sa.String(length=20), nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("handled_at", base.Instant(), nullable=True),
        sa.Column("result", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signups")),
    )
    op.create_index(op.f("ix_signups_address_hash"), "signups", ["address_hash"], unique=False)
    op.create_index(
        "ix_signups_open",
        "signups",
        ["id"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )

    op.create_table(
        "spendings",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("wall", base.Instant(), nullable=False),
        sa.Column("boots", base.Json, nullable=False),
        sa.Column("slots", base.Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spendings")),
    )
    op.create_table(
        "staff",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("disabled_at", base.Instant(), nullable=True),
        sa.CheckConstraint(
            "role IN ('writer', 'approver', 'list keeper', 'operator')", name=op.f("ck_staff_role_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("address_key", name=op.f("uq_staff_address_key")),
    )
    op.create_table(
        "statements",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("deck", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("original", sa.LargeBinary(), nullable=False),
        sa.Column("original_name", sa.String(length=300), nullable=False),
        sa.Column("revises_id", base.Key, nullable=True),
        sa.Column("read_at", base.Instant(), nullable=False),
        sa.Column("withdrawn_at", base.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["revises_id"], ["statements.id"], name=op.f("fk_statements_revises_id_statements")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_statements_content_hash")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=330), nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("attributes", base.Json, nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("erased_at", base.Instant(), nullable=True),
        sa.CheckConstraint(
            "erased_at IS NULL OR (address = '' AND name = '')", name=op.f("ck_subscribers_erased_is_empty")
        ),
        sa.CheckConstraint("format IN ('html', 'text')", name=op.f("ck_subscribers_format_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
    )
    op.create_index(op.f("ix_subscribers_address_hash"), "subscribers", ["address_hash"], unique=False)

    op.create_table(
        "suppressions",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.Column("lifted_at", base.Instant(), nullable=True),
        sa.Column("lifted_why", sa.String(length=200), nullable=False),
        sa.CheckConstraint("scope IN ('all', 'mailings')", name=op.f("ck_suppressions_scope_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "uq_suppressions_open",
        "suppressions",
        ["address_hash", "scope"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )

    op.create_table(
        "workers",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        sa.Column("report", base.Json, nullable=False),
        sa.Column("started_at", base.Instant(), nullable=False),
        sa.Column("seen_at", base.Instant(), nullable=False),
        sa.Column("ended_at", base.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("name", name=op.f("uq_workers_name")),
    )
    op.create_table(
        "batches",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("lane", sa.String(length=10), nullable=False),
        sa.Column("mailing_id", base.Key, nullable=True),
        sa.Column("route", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", base.Instant(), nullable=True),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.Column("done_at", base.Instant(), nullable=True),
        sa.CheckConstraint("(owner = '') = (lease_until IS NULL)", name=op.f("ck_batches_owner_has_lease")),
        sa.CheckConstraint("lane IN ('mailing', 'notice')", name=op.f("ck_batches_lane_known")),
        sa.CheckConstraint(
            "lane NOT IN ('mailing') OR (mailing_id IS NOT NULL)", name=op.f("ck_batches_mailing_is_named")
        ),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_batches_mailing_id_mailings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index(
        "ix_batches_open",
        "batches",
        ["lane", "mailing_id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )

    op.create_table(
        "corrections",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("statement_id", base.Key, nullable=True),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_corrections_note_is_said")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_corrections_mailing_id_mailings")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_corrections_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_mailing", "corrections", ["mailing_id"], unique=False)

    op.create_table(
        "followups",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("origin_id", base.Key, nullable=False),
        sa.Column("root_id", base.Key, nullable=False),
        sa.Column("whom", sa.String(length=10), nullable=False),
        sa.CheckConstraint("whom IN ('rest', 'refused')", name=op.f("ck_followups_whom_known")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_followups_mailing_id_mailings")),
        sa.ForeignKeyConstraint(["origin_id"], ["mailings.id"], name=op.f("fk_followups_origin_id_mailings")),
        sa.ForeignKeyConstraint(["root_id"], ["mailings.id"], name=op.f("fk_followups_root_id_mailings")),
        sa.PrimaryKeyConstraint("mailing_id", name=op.f("pk_followups")),
    )
    op.create_index("ix_followups_root", "followups", ["root_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_at", base.Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", base.Instant(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("verdict IN ('', 'approved', 'returned')", name=op.f("ck_approvals_verdict_known")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_approvals_mailing_id_mailings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_mailing", "approvals", ["mailing_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("rules", base.Json, nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name", name=op.f("uq_segments_name")),
    )
    op.create_table(
        "mailing_aims",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("languages", base.Json, nullable=False),
        sa.Column("rules", base.Json, nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_aims_mailing_id_mailings")),
        sa.PrimaryKeyConstraint("mailing_id", name=op.f("pk_mailing_aims")),
    )
    op.create_table(
        "former_names",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("row_id", base.Key, nullable=False),
        sa.CheckConstraint("kind IN ('list', 'mailing')", name=op.f("ck_former_names_kind_known")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_former_names")),
    )
    op.create_table(
        "consents",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("subscriber_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("words_version", sa.String(length=16), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("network", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("mailing_id", base.Key, nullable=True),
        sa.CheckConstraint(
            "kind IN ('asked', 'confirmed', 'imported', 'added', 'withdrawn', 'undone', 'not me')",
            name=op.f("ck_consents_kind_known"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_consents_list_id_lists")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_consents_subscriber_id_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_person", "consents", ["subscriber_id", "list_id"], unique=False)

    op.create_table(
        "editions",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("program", sa.LargeBinary(), nullable=False),
        sa.Column("reads", base.Json, nullable=False),
        sa.Column("requires", base.Json, nullable=False),
        sa.Column("html_bytes", sa.Integer(), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.CheckConstraint("format IN ('html', 'text')", name=op.f("ck_editions_format_known")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_editions_list_id_lists")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_editions_mailing_id_mailings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint(
            "mailing_id", "list_id", "language", "format", name=op.f("uq_editions_mailing_id_list_id_language_format")
        ),
    )
    op.create_table(
        "imports",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_imports_list_id_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "draft_versions",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("statement_id", base.Key, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_draft_versions_mailing_id_mailings")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_draft_versions_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "revision", name=op.f("pk_draft_versions")),
    )
    op.create_table(
        "mailing_statements",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("statement_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_statements_mailing_id_mailings")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_mailing_statements_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "position", name=op.f("pk_mailing_statements")),
    )
    op.create_table(
        "mailing_targets",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.CheckConstraint("role IN ('include', 'exclude')", name=op.f("ck_mailing_targets_role_known")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_mailing_targets_list_id_lists")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_targets_mailing_id_mailings")),
        sa.PrimaryKeyConstraint("mailing_id", "list_id", name=op.f("pk_mailing_targets")),
    )
    op.create_table(
        "notices",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subscriber_id", base.Key, nullable=True),
        sa.Column("list_id", base.Key, nullable=True),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("facts", base.Json, nullable=False),
        sa.Column("links", base.Json, nullable=False),
        sa.Column("id", base.Key, nullable=False),
        sa.Column("batch_id", base.Key, nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("next_at", base.Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_begun_at", base.Instant(), nullable=True),
        sa.Column("begun_at", base.Instant(), nullable=True),
        sa.Column("attempt", base.Key, nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("relay", sa.String(length=60), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("reply_code", sa.Integer(), nullable=False),
        sa.Column("reply_status", sa.String(length=12), nullable=False),
        sa.Column("reply_text", sa.String(length=500), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.Column("final_at", base.Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'begun', 'waiting', 'accepted', 'refused', 'uncertain', 'left_out')",
            name=op.f("ck_notices_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'refused', 'left_out') OR (final_at IS NOT NULL)",
            name=op.f("ck_notices_final_has_time"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('begun') OR (begun_at IS NOT NULL AND attempt <> 0 AND worker <> '')",
            name=op.f("ck_notices_begun_has_attempt"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('begun', 'accepted', 'uncertain') OR (first_begun_at IS NOT NULL)",
            name=op.f("ck_notices_begun_has_first"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('queued', 'waiting', 'begun', 'uncertain') OR (final_at IS NULL)",
            name=op.f("ck_notices_open_is_not_final"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'left_out', 'uncertain') OR (why <> '')", name=op.f("ck_notices_reason_is_named")
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting') OR (next_at IS NOT NULL AND why <> '')", name=op.f("ck_notices_waiting_has_time")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_notices_list_id_lists")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_notices_subscriber_id_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_batch",
        "notices",
        ["batch_id"],
        unique=False,
        sqlite_where=sa.text("final_at IS NULL"),
        postgresql_where=sa.text("final_at IS NULL"),
    )
    op.create_index(
        "ix_notices_new",
        "notices",
        ["state", "next_at"],
        unique=False,
        sqlite_where=sa.text("final_at IS NULL"),
        postgresql_where=sa.text("final_at IS NULL"),
    )
    op.create_index("ix_notices_person", "notices", ["subscriber_id", "kind"], unique=False)

    op.create_table(
        "outcomes",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("subscriber_id", base.Key, nullable=True),
        sa.Column("list_id", base.Key, nullable=True),
        sa.Column("mailing_id", base.Key, nullable=True),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("origin_id", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('bounced', 'complained', 'unsubscribed', 'undone', 'refused')",
            name=op.f("ck_outcomes_kind_known"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_outcomes_list_id_lists")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_outcomes_mailing_id_mailings")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_outcomes_subscriber_id_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("origin", "origin_id", name=op.f("uq_outcomes_origin_origin_id")),
    )
    op.create_index(op.f("ix_outcomes_mailing_id"), "outcomes", ["mailing_id"], unique=False)
    op.create_index(op.f("ix_outcomes_subscriber_id"), "outcomes", ["subscriber_id"], unique=False)

    op.create_table(
        "reasons",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("outcome_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("at", base.Instant(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "reason IN ('too many', 'not for me', 'never signed up', 'elsewhere', 'other')",
            name=op.f("ck_reasons_reason_known"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_reasons_list_id_lists")),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_reasons_outcome_id_outcomes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reasons")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_reasons_outcome_id")),
    )
    op.create_index(op.f("ix_reasons_list_id"), "reasons", ["list_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", base.Key, nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("seen_at", base.Instant(), nullable=False),
        sa.Column("ended_at", base.Instant(), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sessions_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sessions_secret_hash")),
    )
    op.create_index(op.f("ix_sessions_staff_id"), "sessions", ["staff_id"], unique=False)

    op.create_table(
        "second_steps",
        sa.Column("staff_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.Column("confirmed_at", base.Instant(), nullable=True),
        sa.Column("last_step", base.Key, nullable=False),
        sa.Column("recovery", base.Json, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_second_steps_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_second_steps")),
    )
    op.create_table(
        "staff_links",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", base.Key, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("expires_at", base.Instant(), nullable=False),
        sa.Column("used_at", base.Instant(), nullable=True),
        sa.CheckConstraint("purpose IN ('setup', 'reset')", name=op.f("ck_staff_links_purpose_known")),
        sa.CheckConstraint("used_at IS NULL OR used_at >= created_at", name=op.f("ck_staff_links_used_after_made")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_links_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_links_secret_hash")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", base.Key, nullable=False),
        sa.Column("subscriber_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("frequency", sa.String(length=10), nullable=False),
        sa.Column("created_at", base.Instant(), nullable=False),
        sa.Column("asked_at", base.Instant(), nullable=False),
        sa.Column("confirmed_at", base.Instant(), nullable=True),
        sa.Column("paused_until", base.Instant(), nullable=True),
        sa.Column("ended_at", base.Instant(), nullable=True),
        sa.Column("ended_why", sa.String(length=60), nullable=False),
        sa.CheckConstraint("frequency IN ('each', 'daily', 'weekly')", name=op.f("ck_subscriptions_frequency_known")),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'paused', 'ended')", name=op.f("ck_subscriptions_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('active', 'paused') OR (confirmed_at IS NOT NULL)",
            name=op.f("ck_subscriptions_active_is_confirmed"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('ended') OR (ended_at IS NOT NULL AND ended_why <> '')",
            name=op.f("ck_subscriptions_ended_has_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('paused') OR (paused_until IS NOT NULL)", name=op.f("ck_subscriptions_paused_has_end")
        ),
        sa.CheckConstraint(
            "state NOT IN ('pending', 'active', 'paused') OR (ended_at IS NULL)",
            name=op.f("ck_subscriptions_open_is_not_ended"),
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_subscriptions_list_id_lists")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id_subscribers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("subscriber_id", "list_id", name=op.f("uq_subscriptions_subscriber_id_list_id")),
    )
    op.create_index("ix_subscriptions_list", "subscriptions", ["list_id", "state", "subscriber_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("mailing_id", base.Key, nullable=False),
        sa.Column("subscriber_id", base.Key, nullable=False),
        sa.Column("subscription_id", base.Key, nullable=False),
        sa.Column("list_id", base.Key, nullable=False),
        sa.Column("edition_id", base.Key, nullable=True),
        sa.Column("route", sa.String(length=255), nullable=False),
        sa.Column("facts", base.Json, nullable=False),
        sa.Column("id", base.Key, nullable=False),
        sa.Column("batch_id", base.Key, nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_hash", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("next_at", base.Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_begun_at", base.Instant(), nullable=True),
        sa.Column("begun_at", base.Instant(), nullable=True),
        sa.Column("attempt", base.Key, nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("relay", sa.String(length=60), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("reply_code", sa.Integer(), nullable=False),
        sa.Column("reply_status", sa.String(length=12), nullable=False),
        sa.Column("reply_text", sa.String(length=500), nullable=False),
        sa.Column("made_at", base.Instant(), nullable=False),
        sa.Column("final_at", base.Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'begun', 'waiting', 'accepted', 'refused', 'uncertain', 'left_out')",
            name=op.f("ck_deliveries_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'refused', 'left_out') OR (final_at IS NOT NULL)",
            name=op.f("ck_deliveries_final_has_time"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('begun') OR (begun_at IS NOT NULL AND attempt <> 0 AND worker <> '')",
            name=op.f("ck_deliveries_begun_has_attempt"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('begun', 'accepted', 'uncertain') OR (first_begun_at IS NOT NULL)",
            name=op.f("ck_deliveries_begun_has_first"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('queued', 'waiting', 'begun', 'uncertain') OR (final_at IS NULL)",
            name=op.f("ck_deliveries_open_is_not_final"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'left_out', 'uncertain') OR (why <> '')",
            name=op.f("ck_deliveries_reason_is_named"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('waiting') OR (next_at IS NOT NULL AND why <> '')",
            name=op.f("ck_deliveries_waiting_has_time"),
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_deliveries_edition_id_editions")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_deliveries_list_id_lists")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailings.id"], name=op.f("fk_deliveries_mailing_id_mailings")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_deliveries_subscriber_id_subscribers")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("mailing_id", "subscriber_id", name=op.f("uq_deliveries_mailing_id_subscriber_id")),
    )
    op.create_index(
        "ix_deliveries_again",
        "deliveries",
        ["mailing_id", "next_at"],
        unique=False,
        sqlite_where=sa.text("final_at IS NULL"),
        postgresql_where=sa.text("final_at IS NULL"),
    )
    op.create_index(
        "ix_deliveries_told",
        "deliveries",
        ["mailing_id", "id"],
        unique=False,
        sqlite_where=sa.text("why <> '' OR again"),
        postgresql_where=sa.text("why <> '' OR again"),
    )
    op.create_index(
        "ix_deliveries_batch",
        "deliveries",
        ["batch_id"],
        unique=False,
        sqlite_where=sa.text("final_at IS NULL"),
        postgresql_where=sa.text("final_at IS NULL"),
    )
    op.create_index("ix_deliveries_person", "deliveries", ["subscriber_id"], unique=False)
