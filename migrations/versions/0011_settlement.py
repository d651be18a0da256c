"""The daily comparison with providers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settlement_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ours", sa.BigInteger(), nullable=False),
        sa.Column("theirs", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_settlement_runs_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_account_id"],
            ["provider_accounts.tenant_id", "provider_accounts.id"],
            name=op.f("fk_settlement_runs_tenant_id_provider_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_settlement_runs")),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_account_id",
            "day",
            name=op.f("uq_settlement_runs_tenant_id_provider_account_id_day"),
        ),
    )
    op.create_index(
        "ix_settlement_runs_day", "settlement_runs", ["tenant_id", sa.literal_column("day DESC"), "id"]
    )
    protect(op, "settlement_runs")
    op.create_table(
        "settlement_differences",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("our_amount", sa.BigInteger(), nullable=True),
        sa.Column("their_amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('missing', 'extra', 'amount')", name=op.f("ck_settlement_differences_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_settlement_differences_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["settlement_runs.tenant_id", "settlement_runs.id"],
            name=op.f("fk_settlement_differences_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempts.tenant_id", "payment_attempts.id"],
            name=op.f("fk_settlement_differences_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "resolved_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_settlement_differences_tenant_id_resolved_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_settlement_differences")),
    )
    op.create_index(
        "uq_settlement_differences_what",
        "settlement_differences",
        ["tenant_id", "run_id", "kind", "reference", "provider_reference"],
        unique=True,
    )
    op.create_index(
        "ix_settlement_differences_open",
        "settlement_differences",
        ["tenant_id", "run_id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    protect(op, "settlement_differences")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
