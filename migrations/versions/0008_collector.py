"""Files of cash collectors, their lines, and coupons; invoices are found by the code that is on the paper"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Without the zeros in front: files fill their columns with them, and codes may begin with some of their own.
    op.execute(
        "CREATE INDEX ix_invoices_payment_code ON invoices (tenant_id, ltrim(payment_code, '0'))"
        " WHERE payment_code IS NOT NULL"
    )
    _files()
    _lines()
    _coupons()


def _files() -> None:
    table = "collected_files"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("outcome", JSON, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        *_owned(
            table,
            provider_account_id="provider_accounts",
            file_id="files",
            created_by="users",
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "provider_account_id",
            "sha256",
            name=op.f("uq_collected_files_tenant_id_provider_account_id_sha256"),
        ),
        sa.CheckConstraint(
            "state IN ('checked', 'waiting', 'running', 'done')", name=op.f("ck_collected_files_state")
        ),
        sa.CheckConstraint("lines >= 0 AND total >= 0", name=op.f("ck_collected_files_amounts")),
    )
    op.create_index(
        "ix_collected_files_when",
        table,
        ["tenant_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    protect(op, table)


def _lines() -> None:
    table = "collected_lines"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("collected_file_id", sa.Uuid(), nullable=False),
        sa.Column("provider_account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        *_owned(
            table,
            collected_file_id="collected_files",
            provider_account_id="provider_accounts",
            attempt_id="payment_attempts",
            invoice_id="invoices",
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "collected_file_id",
            "number",
            name=op.f("uq_collected_lines_tenant_id_collected_file_id_number"),
        ),
        sa.CheckConstraint("amount > 0 AND fee >= 0", name=op.f("ck_collected_lines_amount")),
        sa.CheckConstraint(
            "(effect IS NULL) = (applied_at IS NULL)", name=op.f("ck_collected_lines_applied")
        ),
    )
    op.create_index(
        "uq_collected_lines_key",
        table,
        ["tenant_id", "provider_account_id", "key"],
        unique=True,
        postgresql_where=sa.text("counts"),
    )
    protect(op, table)


def _coupons() -> None:
    table = "payment_coupons"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        *_owned(table, attempt_id="payment_attempts", file_id="files"),
        sa.UniqueConstraint("tenant_id", "attempt_id", name=op.f("uq_payment_coupons_tenant_id_attempt_id")),
    )
    protect(op, table)


def _owned(table: str, **belongs: str) -> list[sa.Constraint]:
    """The keys of a tenant's table: its own, the tenant's, and those that cannot cross tenants."""
    return [
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{other}.tenant_id", f"{other}.id"],
                name=op.f(f"fk_{table}_tenant_id_{column}"),
            )
            for column, other in belongs.items()
        ),
    ]


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
