"""Payment links, what adapters note of an attempt, provider accounts whose secrets can change, stops"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _links()
    _attempts()
    _provider_accounts()
    _stops()


def _links() -> None:
    op.create_table(
        "payment_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_links_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payment_links_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payment_links_tenant_id_customer_id"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                ["users.tenant_id", "users.id"],
                name=op.f(f"fk_payment_links_tenant_id_{column}"),
            )
            for column in ("created_by", "revoked_by")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_links")),
        sa.UniqueConstraint(
            "tenant_id", "token_digest", name=op.f("uq_payment_links_tenant_id_token_digest")
        ),
    )
    op.create_index(
        "ix_payment_links_invoice",
        "payment_links",
        ["tenant_id", "invoice_id", sa.literal_column("created_at DESC")],
    )
    protect(op, "payment_links")


def _attempts() -> None:
    table = "payment_attempts"
    op.alter_column(table, "user_id", nullable=True)
    op.add_column(table, sa.Column("link_id", sa.Uuid(), nullable=True))
    _filled(table, "secrets_version", sa.BigInteger(), "1")
    _filled(table, "payer", JSON, "{}")
    _filled(table, "language", sa.Text(), "es")
    _filled(table, "facts", JSON, "{}")
    op.add_column(table, sa.Column("asked_at", MOMENT, nullable=True))
    op.create_foreign_key(
        op.f("fk_payment_attempts_tenant_id_link_id"),
        table,
        "payment_links",
        ["tenant_id", "link_id"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_payment_attempts_starter"), table, "(user_id IS NULL) <> (link_id IS NULL)"
    )
    op.create_index(
        "ix_payment_attempts_provider_reference",
        table,
        ["tenant_id", "provider_account_id", "provider_reference"],
        postgresql_where=sa.text("provider_reference IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_attempts_link",
        table,
        ["tenant_id", "link_id", "created_at"],
        postgresql_where=sa.text("link_id IS NOT NULL"),
    )


def _provider_accounts() -> None:
    table = "provider_accounts"
    _filled(table, "version", sa.BigInteger(), "1")
    _filled(table, "previous_secrets", JSON, "{}")
    _filled(table, "off_for", JSON, "{}")
    for column in (
        sa.Column("previous_hook_digest", sa.Text(), nullable=True),
        sa.Column("previous_until", MOMENT, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("check_problem", sa.Text(), nullable=True),
    ):
        op.add_column(table, column)


def _stops() -> None:
    table = "payment_stops"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("by IN ('tenant', 'platform')", name=op.f("ck_payment_stops_by")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_stops")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payment_stops_tenant_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                ["users.tenant_id", "users.id"],
                name=op.f(f"fk_payment_stops_tenant_id_{column}"),
            )
            for column in ("started_by", "ended_by")
        ),
    )
    op.create_index(
        "ix_payment_stops_open", table, ["tenant_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    protect(op, table)


def _filled(table: str, name: str, kind: sa.types.TypeEngine[object], value: str) -> None:
    """A column that the rows which are there already get a value for, without a default afterwards."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    op.alter_column(table, name, server_default=None)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
