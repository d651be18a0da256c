"""Messages and what became of them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("attachments", JSONB, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("again_of", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('mail', 'whatsapp', 'phone', 'letter')", name=op.f("ck_messages_channel")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'deferred', 'sent', 'refused', 'bounced', 'dropped')",
            name=op.f("ck_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "again_of"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_messages_tenant_id_again_of"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_messages_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "made_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_messages_tenant_id_made_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_messages_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_messages_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_messages_tenant_id_key")),
    )
    op.create_index("ix_messages_about", "messages", ["tenant_id", "about"], unique=False)
    op.create_index(
        "ix_messages_contacts",
        "messages",
        ["tenant_id", "customer_id", "sent_at"],
        unique=False,
        postgresql_where=sa.text("counts"),
    )
    op.create_index("ix_messages_customer", "messages", ["tenant_id", "customer_id", "id"], unique=False)
    op.create_index(
        "ix_messages_kept",
        "messages",
        ["tenant_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_trouble",
        "messages",
        ["tenant_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('refused', 'bounced')"),
    )
    op.create_index("ix_messages_user", "messages", ["tenant_id", "user_id", "id"], unique=False)
    protect(op, "messages")

    op.create_table(
        "message_reminders",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_message_reminders_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_message_reminders_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_reminders_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_message_reminders_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_reminders")),
        sa.UniqueConstraint(
            "tenant_id",
            "invoice_id",
            "customer_id",
            "step",
            name=op.f("uq_message_reminders_tenant_id_invoice_id_customer_id_step"),
        ),
    )
    op.create_index(
        "ix_message_reminders_customer", "message_reminders", ["tenant_id", "customer_id"], unique=False
    )
    op.create_index(
        "ix_message_reminders_message", "message_reminders", ["tenant_id", "message_id"], unique=False
    )
    protect(op, "message_reminders")

    op.create_table(
        "message_templates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "made_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_message_templates_tenant_id_made_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_message_templates_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "tenant_id",
            "kind",
            "language",
            "version",
            name=op.f("uq_message_templates_tenant_id_kind_language_version"),
        ),
    )
    protect(op, "message_templates")

    op.create_table(
        "message_choices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("source IN ('profile', 'link', 'staff')", name=op.f("ck_message_choices_source")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_message_choices_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "made_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_message_choices_tenant_id_made_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_message_choices_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_choices")),
    )
    op.create_index(
        "ix_message_choices_customer",
        "message_choices",
        ["tenant_id", "customer_id", "kind", "channel", "id"],
        unique=False,
    )
    protect(op, "message_choices")

    op.create_table(
        "message_dead_addresses",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_dead_addresses_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_message_dead_addresses_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_message_dead_addresses")),
        sa.UniqueConstraint("tenant_id", "address", name=op.f("uq_message_dead_addresses_tenant_id_address")),
    )
    op.create_index(
        "ix_message_dead_addresses_message",
        "message_dead_addresses",
        ["tenant_id", "message_id"],
        unique=False,
    )
    protect(op, "message_dead_addresses")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
