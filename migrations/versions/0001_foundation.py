"""foundation"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_simulator_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("notice_url", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transaction_number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('new', 'pending', 'approved', 'declined', 'expired')",
            name=op.f("ck_bank_simulator_orders_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_simulator_orders")),
        sa.UniqueConstraint(
            "merchant", "reference", name=op.f("uq_bank_simulator_orders_merchant_reference")
        ),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("capabilities", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("theme_version_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f("ck_tenants_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "attempt_buckets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window_began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_attempt_buckets_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_attempt_buckets")),
        sa.UniqueConstraint("tenant_id", "kind", "key", name=op.f("uq_attempt_buckets_tenant_id_kind_key")),
    )
    op.create_index("ix_attempt_buckets_age", "attempt_buckets", ["tenant_id", "window_began"], unique=False)
    op.create_table(
        "audit_rows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_audit_rows_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit_rows")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_audit_rows_tenant_id_number")),
    )
    op.create_index(
        "ix_audit_rows_customer", "audit_rows", ["tenant_id", "customer_id", "number"], unique=False
    )
    op.create_index(
        "ix_audit_rows_subject",
        "audit_rows",
        ["tenant_id", "subject_kind", "subject_id", "number"],
        unique=False,
    )
    op.create_table(
        "counters",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_counters_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_counters")),
        sa.UniqueConstraint("tenant_id", "series", name=op.f("uq_counters_tenant_id_series")),
    )
    op.create_table(
        "customers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_kind", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_customers_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customers")),
        sa.UniqueConstraint(
            "tenant_id",
            "document_kind",
            "document_number",
            name=op.f("uq_customers_tenant_id_document_kind_document_number"),
        ),
    )
    op.create_index("ix_customers_batch", "customers", ["tenant_id", "batch_id"], unique=False)
    op.create_index("ix_customers_document", "customers", ["tenant_id", "document_number"], unique=False)
    op.create_index(
        "ix_customers_email", "customers", ["tenant_id", sa.literal_column("lower(email)")], unique=False
    )
    op.create_index(
        "ix_customers_name", "customers", ["tenant_id", sa.literal_column("lower(name)"), "id"], unique=False
    )
    op.create_table(
        "domains",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("canonical", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_domains_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_domains")),
    )
    op.create_index(op.f("ix_domains_tenant_id"), "domains", ["tenant_id"], unique=False)
    op.create_table(
        "files",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_files_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_files")),
    )
    op.create_table(
        "invoice_types",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("account_kind", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("books", sa.Text(), nullable=False),
        sa.Column("payable_online", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_invoice_types_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_types")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_invoice_types_tenant_id_code")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_journal_entries_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint(
            "tenant_id", "business_key", name=op.f("uq_journal_entries_tenant_id_business_key")
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_outbox_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("tenant_id", "topic", "key", name=op.f("uq_outbox_tenant_id_topic_key")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["tenant_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "properties",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("stratum", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.BigInteger(), nullable=True),
        sa.Column("longitude", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_properties_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_properties")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_properties_tenant_id_code")),
    )
    op.create_index("ix_properties_batch", "properties", ["tenant_id", "batch_id"], unique=False)
    op.create_table(
        "provider_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("preference", sa.BigInteger(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secrets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hook_digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('test', 'live')", name=op.f("ck_provider_accounts_mode")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_provider_accounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_provider_accounts")),
        sa.UniqueConstraint(
            "tenant_id", "hook_digest", name=op.f("uq_provider_accounts_tenant_id_hook_digest")
        ),
        sa.UniqueConstraint(
            "tenant_id", "provider", "name", name=op.f("uq_provider_accounts_tenant_id_provider_name")
        ),
    )
    op.create_index(
        "ix_provider_accounts_enabled",
        "provider_accounts",
        ["tenant_id", "preference"],
        unique=False,
        postgresql_where=sa.text("enabled"),
    )
    op.create_table(
        "theme_versions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("tokens", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_theme_versions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_theme_versions")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_theme_versions_tenant_id_number")),
    )
    op.create_table(
        "used_human_checks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_used_human_checks_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_used_human_checks")),
        sa.UniqueConstraint("tenant_id", "digest", name=op.f("uq_used_human_checks_tenant_id_digest")),
    )
    op.create_index(
        "ix_used_human_checks_expiry", "used_human_checks", ["tenant_id", "expires_at"], unique=False
    )
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('supply', 'lease', 'mandate')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_accounts_status")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "property_id"],
            ["properties.tenant_id", "properties.id"],
            name=op.f("fk_accounts_tenant_id_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_accounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("tenant_id", "kind", "number", name=op.f("uq_accounts_tenant_id_kind_number")),
    )
    op.create_index("ix_accounts_batch", "accounts", ["tenant_id", "batch_id"], unique=False)
    op.create_index("ix_accounts_number", "accounts", ["tenant_id", "number"], unique=False)
    op.create_index("ix_accounts_property", "accounts", ["tenant_id", "property_id"], unique=False)
    op.create_table(
        "hook_inbox",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", postgresql.BYTEA(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_account_id"],
            ["provider_accounts.tenant_id", "provider_accounts.id"],
            name=op.f("fk_hook_inbox_tenant_id_provider_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_hook_inbox_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_hook_inbox")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_account_id",
            "digest",
            name=op.f("uq_hook_inbox_tenant_id_provider_account_id_digest"),
        ),
    )
    op.create_index("ix_hook_inbox_state", "hook_inbox", ["tenant_id", "state", "received_at"], unique=False)
    op.create_table(
        "import_batches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detected", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("undo", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "mode IN ('all-or-nothing', 'good-rows-only')", name=op.f("ck_import_batches_mode")
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'waiting', 'running', 'done', 'refused', 'failed', 'undoing', 'undone')",
            name=op.f("ck_import_batches_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_import_batches_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_import_batches_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_import_batches")),
    )
    op.create_index(
        "ix_import_batches_when",
        "import_batches",
        ["tenant_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('invited', 'active', 'disabled')", name=op.f("ck_users_status")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_users_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_users_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_users_tenant_id_email")),
    )
    op.create_index("ix_users_customer", "users", ["tenant_id", "customer_id"], unique=False)
    op.create_table(
        "access",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("can_see", sa.Boolean(), nullable=False),
        sa.Column("can_pay", sa.Boolean(), nullable=False),
        sa.Column("can_claim", sa.Boolean(), nullable=False),
        sa.Column("can_enrol", sa.Boolean(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('holder', 'renter', 'owner', 'delegate')", name=op.f("ck_access_role")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_access_tenant_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_access_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_access_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access")),
        sa.UniqueConstraint(
            "tenant_id",
            "user_id",
            "account_id",
            "role",
            name=op.f("uq_access_tenant_id_user_id_account_id_role"),
        ),
    )
    op.create_index("ix_access_account", "access", ["tenant_id", "account_id"], unique=False)
    op.create_index(
        "uq_access_main", "access", ["tenant_id", "user_id"], unique=True, postgresql_where=sa.text("main")
    )
    op.create_table(
        "account_parties",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("role IN ('holder', 'renter', 'owner')", name=op.f("ck_account_parties_role")),
        sa.CheckConstraint("share > 0 AND share <= 1000000", name=op.f("ck_account_parties_share")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_account_parties_tenant_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_account_parties_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_account_parties_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account_parties")),
        sa.UniqueConstraint(
            "tenant_id",
            "account_id",
            "customer_id",
            "role",
            name=op.f("uq_account_parties_tenant_id_account_id_customer_id_role"),
        ),
    )
    op.create_index(
        "ix_account_parties_customer", "account_parties", ["tenant_id", "customer_id"], unique=False
    )
    op.create_table(
        "import_refusals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("refuses", sa.Boolean(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "batch_id"],
            ["import_batches.tenant_id", "import_batches.id"],
            name=op.f("fk_import_refusals_tenant_id_batch_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_import_refusals_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_import_refusals")),
        sa.UniqueConstraint(
            "tenant_id",
            "batch_id",
            "row_number",
            "msgid",
            "column",
            name=op.f("uq_import_refusals_tenant_id_batch_id_row_number_msgid_column"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "invoices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("second_due_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("withholding", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("second_total", sa.BigInteger(), nullable=True),
        sa.Column("open_amount", sa.BigInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("payment_code", sa.Text(), nullable=True),
        sa.Column("fiscal_kind", sa.Text(), nullable=True),
        sa.Column("fiscal_id", sa.Text(), nullable=True),
        sa.Column("fiscal_due_on", sa.Date(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("document_file_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("open_amount >= 0", name=op.f("ck_invoices_open")),
        sa.CheckConstraint(
            "second_total IS NULL OR (second_total >= total AND second_due_on >= due_on)",
            name=op.f("ck_invoices_second"),
        ),
        sa.CheckConstraint("subtotal + tax - withholding = total", name=op.f("ck_invoices_total")),
        sa.CheckConstraint(
            "total > 0 AND subtotal >= 0 AND tax >= 0 AND withholding >= 0", name=op.f("ck_invoices_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_invoices_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_invoices_tenant_id_document_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_invoices_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoices")),
    )
    op.create_index(
        "ix_invoices_account",
        "invoices",
        ["tenant_id", "account_id", sa.literal_column("due_on DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_invoices_batch", "invoices", ["tenant_id", "batch_id"], unique=False)
    op.create_index(
        "ix_invoices_open",
        "invoices",
        ["tenant_id", "account_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("open_amount > 0 AND void_at IS NULL"),
    )
    op.create_index(
        "uq_invoices_number",
        "invoices",
        ["tenant_id", "number"],
        unique=True,
        postgresql_where=sa.text("void_at IS NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("lease_account_id", sa.Uuid(), nullable=False),
        sa.Column("mandate_account_id", sa.Uuid(), nullable=False),
        sa.Column("rent", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("commission", sa.BigInteger(), nullable=False),
        sa.Column("payment_day", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("commission >= 0 AND commission < 1000000", name=op.f("ck_leases_commission")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_leases_term")),
        sa.CheckConstraint("payment_day BETWEEN 1 AND 31", name=op.f("ck_leases_payment_day")),
        sa.CheckConstraint("rent > 0", name=op.f("ck_leases_rent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lease_account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_leases_tenant_id_lease_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "mandate_account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_leases_tenant_id_mandate_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "property_id"],
            ["properties.tenant_id", "properties.id"],
            name=op.f("fk_leases_tenant_id_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_leases_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_leases")),
        sa.UniqueConstraint(
            "tenant_id", "lease_account_id", name=op.f("uq_leases_tenant_id_lease_account_id")
        ),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_leases_tenant_id_number")),
    )
    op.create_index("ix_leases_mandate", "leases", ["tenant_id", "mandate_account_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_ledger_accounts_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_ledger_accounts_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_accounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "tenant_id",
            "kind",
            "account_id",
            "customer_id",
            "currency",
            name=op.f("uq_ledger_accounts_tenant_id_kind_account_id_customer_id_currency"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_ledger_accounts_customer", "ledger_accounts", ["tenant_id", "customer_id"], unique=False
    )
    op.create_table(
        "one_time_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_version", sa.BigInteger(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'recovery', 'email-new', 'email-old')",
            name=op.f("ck_one_time_links_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_one_time_links_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_one_time_links_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint(
            "tenant_id", "token_digest", name=op.f("uq_one_time_links_tenant_id_token_digest")
        ),
    )
    op.create_index(
        "uq_one_time_links_live",
        "one_time_links",
        ["tenant_id", "user_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("consumed_at IS NULL"),
    )
    op.create_table(
        "payment_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("items_key", sa.Text(), nullable=False),
        sa.Column("step", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('created', 'pending', 'captured', 'failed', 'expired', 'canceled')",
            name=op.f("ck_payment_attempts_state"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_attempts_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_account_id"],
            ["provider_accounts.tenant_id", "provider_accounts.id"],
            name=op.f("fk_payment_attempts_tenant_id_provider_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payment_attempts_tenant_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_attempts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("tenant_id", "reference", name=op.f("uq_payment_attempts_tenant_id_reference")),
    )
    op.create_index(
        "ix_payment_attempts_poll",
        "payment_attempts",
        ["tenant_id", "poll_at"],
        unique=False,
        postgresql_where=sa.text("poll_at IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_attempts_user",
        "payment_attempts",
        ["tenant_id", "user_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_table(
        "payouts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("mandate_account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payouts_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payouts_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_payouts_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "mandate_account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payouts_tenant_id_mandate_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payouts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_payouts_tenant_id_number")),
    )
    op.create_index("ix_payouts_batch", "payouts", ["tenant_id", "batch_id"], unique=False)
    op.create_index(
        "ix_payouts_customer", "payouts", ["tenant_id", "customer_id", "paid_on", "id"], unique=False
    )
    op.create_index(
        "ix_payouts_mandate", "payouts", ["tenant_id", "mandate_account_id", "period"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("notice", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("viewing_customer_id", sa.Uuid(), nullable=True),
        sa.Column("viewing_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_sessions_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_sessions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("tenant_id", "token_digest", name=op.f("uq_sessions_tenant_id_token_digest")),
    )
    op.create_index("ix_sessions_user", "sessions", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "staff_roles",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_staff_roles_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_staff_roles_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_staff_roles")),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "role", name=op.f("uq_staff_roles_tenant_id_user_id_role")
        ),
    )
    op.create_table(
        "invoice_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('charge', 'tax', 'withholding')", name=op.f("ck_invoice_lines_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_lines_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_invoice_lines_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name=op.f("uq_invoice_lines_tenant_id_invoice_id_position")
        ),
    )
    op.create_table(
        "payment_attempt_items",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("surcharge", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND surcharge >= 0 AND surcharge < amount",
            name=op.f("ck_payment_attempt_items_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_payment_attempt_items_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_attempt_items_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_attempt_items_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_attempt_items")),
        sa.UniqueConstraint(
            "tenant_id",
            "attempt_id",
            "invoice_id",
            name=op.f("uq_payment_attempt_items_tenant_id_attempt_id_invoice_id"),
        ),
    )
    op.create_index(
        "uq_payment_attempt_items_open",
        "payment_attempt_items",
        ["tenant_id", "invoice_id"],
        unique=True,
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "payment_observations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("raw_digest", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_payment_observations_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_account_id"],
            ["provider_accounts.tenant_id", "provider_accounts.id"],
            name=op.f("fk_payment_observations_tenant_id_provider_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_observations_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_observations")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_account_id",
            "dedupe_key",
            name=op.f("uq_payment_observations_tenant_id_provider_account_id_dedupe_key"),
        ),
    )
    op.create_index(
        "ix_payment_observations_attempt",
        "payment_observations",
        ["tenant_id", "attempt_id", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "payment_quarantine",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_payment_quarantine_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_account_id"],
            ["provider_accounts.tenant_id", "provider_accounts.id"],
            name=op.f("fk_payment_quarantine_tenant_id_provider_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_quarantine_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_quarantine")),
        sa.UniqueConstraint(
            "tenant_id", "dedupe_key", name=op.f("uq_payment_quarantine_tenant_id_dedupe_key")
        ),
    )
    op.create_table(
        "payments",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_payments_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payments_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payments_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint("tenant_id", "attempt_id", name=op.f("uq_payments_tenant_id_attempt_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_payments_tenant_id_number")),
    )
    op.create_index("ix_payments_batch", "payments", ["tenant_id", "batch_id"], unique=False)
    op.create_table(
        "postings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_account_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["journal_entries.tenant_id", "journal_entries.id"],
            name=op.f("fk_postings_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_postings_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ledger_account_id"],
            ["ledger_accounts.tenant_id", "ledger_accounts.id"],
            name=op.f("fk_postings_tenant_id_ledger_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_postings_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_entry", "postings", ["tenant_id", "entry_id"], unique=False)
    op.create_index("ix_postings_invoice", "postings", ["tenant_id", "invoice_id"], unique=False)
    op.create_index(
        "ix_postings_ledger_account", "postings", ["tenant_id", "ledger_account_id", "id"], unique=False
    )
    op.create_table(
        "payment_allocations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_allocations_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payment_allocations_tenant_id_payment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_allocations_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_allocations")),
        sa.UniqueConstraint(
            "tenant_id",
            "payment_id",
            "invoice_id",
            name=op.f("uq_payment_allocations_tenant_id_payment_id_invoice_id"),
        ),
    )
    op.create_index(
        "ix_payment_allocations_invoice", "payment_allocations", ["tenant_id", "invoice_id"], unique=False
    )
    op.create_table(
        "receipts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("verification_code", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_receipts_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_receipts_tenant_id_payment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_receipts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_receipts_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "payment_id", name=op.f("uq_receipts_tenant_id_payment_id")),
        sa.UniqueConstraint(
            "tenant_id", "verification_code", name=op.f("uq_receipts_tenant_id_verification_code")
        ),
    )


def downgrade() -> None:
    op.drop_table("receipts")
    op.drop_index("ix_payment_allocations_invoice", table_name="payment_allocations")
    op.drop_table("payment_allocations")
    op.drop_index("ix_postings_ledger_account", table_name="postings")
    op.drop_index("ix_postings_invoice", table_name="postings")
    op.drop_index("ix_postings_entry", table_name="postings")
    op.drop_table("postings")
    op.drop_index("ix_payments_batch", table_name="payments")
    op.drop_table("payments")
    op.drop_table("payment_quarantine")
    op.drop_index("ix_payment_observations_attempt", table_name="payment_observations")
    op.drop_table("payment_observations")
    op.drop_index(
        "uq_payment_attempt_items_open", table_name="payment_attempt_items", postgresql_where=sa.text("open")
    )
    op.drop_table("payment_attempt_items")
    op.drop_table("invoice_lines")
    op.drop_table("staff_roles")
    op.drop_index("ix_sessions_user", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_payouts_mandate", table_name="payouts")
    op.drop_index("ix_payouts_customer", table_name="payouts")
    op.drop_index("ix_payouts_batch", table_name="payouts")
    op.drop_table("payouts")
    op.drop_index("ix_payment_attempts_user", table_name="payment_attempts")
    op.drop_index(
        "ix_payment_attempts_poll",
        table_name="payment_attempts",
        postgresql_where=sa.text("poll_at IS NOT NULL"),
    )
    op.drop_table("payment_attempts")
    op.drop_index(
        "uq_one_time_links_live", table_name="one_time_links", postgresql_where=sa.text("consumed_at IS NULL")
    )
    op.drop_table("one_time_links")
    op.drop_index("ix_ledger_accounts_customer", table_name="ledger_accounts")
    op.drop_table("ledger_accounts")
    op.drop_index("ix_leases_mandate", table_name="leases")
    op.drop_table("leases")
    op.drop_index("uq_invoices_number", table_name="invoices", postgresql_where=sa.text("void_at IS NULL"))
    op.drop_index(
        "ix_invoices_open",
        table_name="invoices",
        postgresql_where=sa.text("open_amount > 0 AND void_at IS NULL"),
    )
    op.drop_index("ix_invoices_batch", table_name="invoices")
    op.drop_index("ix_invoices_account", table_name="invoices")
    op.drop_table("invoices")
    op.drop_table("import_refusals")
    op.drop_index("ix_account_parties_customer", table_name="account_parties")
    op.drop_table("account_parties")
    op.drop_index("uq_access_main", table_name="access", postgresql_where=sa.text("main"))
    op.drop_index("ix_access_account", table_name="access")
    op.drop_table("access")
    op.drop_index("ix_users_customer", table_name="users")
    op.drop_table("users")
    op.drop_index("ix_import_batches_when", table_name="import_batches")
    op.drop_table("import_batches")
    op.drop_index("ix_hook_inbox_state", table_name="hook_inbox")
    op.drop_table("hook_inbox")
    op.drop_index("ix_accounts_property", table_name="accounts")
    op.drop_index("ix_accounts_number", table_name="accounts")
    op.drop_index("ix_accounts_batch", table_name="accounts")
    op.drop_table("accounts")
    op.drop_index("ix_used_human_checks_expiry", table_name="used_human_checks")
    op.drop_table("used_human_checks")
    op.drop_table("theme_versions")
    op.drop_index(
        "ix_provider_accounts_enabled", table_name="provider_accounts", postgresql_where=sa.text("enabled")
    )
    op.drop_table("provider_accounts")
    op.drop_index("ix_properties_batch", table_name="properties")
    op.drop_table("properties")
    op.drop_index(
        "ix_outbox_due", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL")
    )
    op.drop_table("outbox")
    op.drop_table("journal_entries")
    op.drop_table("invoice_types")
    op.drop_table("files")
    op.drop_index(op.f("ix_domains_tenant_id"), table_name="domains")
    op.drop_table("domains")
    op.drop_index("ix_customers_name", table_name="customers")
    op.drop_index("ix_customers_email", table_name="customers")
    op.drop_index("ix_customers_document", table_name="customers")
    op.drop_index("ix_customers_batch", table_name="customers")
    op.drop_table("customers")
    op.drop_table("counters")
    op.drop_index("ix_audit_rows_subject", table_name="audit_rows")
    op.drop_index("ix_audit_rows_customer", table_name="audit_rows")
    op.drop_table("audit_rows")
    op.drop_index("ix_attempt_buckets_age", table_name="attempt_buckets")
    op.drop_table("attempt_buckets")
    op.drop_table("tenants")
    op.drop_table("bank_simulator_orders")
