"""The monthly run"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from saas.schema import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _invoices()
    _runs()
    _items()
    _credits()


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *parts,
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{name}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{name}")),
    )


def _belongs_to(name: str, column: str, table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_{name}_tenant_id_{column}"),
        ondelete=ondelete,
    )


def _invoices() -> None:
    op.add_column("invoices", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_invoices_run",
        "invoices",
        ["tenant_id", "account_id", "period", "type_code"],
        unique=True,
        postgresql_where=sa.text("run_id IS NOT NULL AND void_at IS NULL"),
    )
    op.create_index(
        "ix_invoices_period",
        "invoices",
        ["tenant_id", "account_id", "period"],
        postgresql_where=sa.text("run_id IS NULL AND void_at IS NULL"),
    )


def _runs() -> None:
    _table(
        "billing_runs",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("seen_to", sa.Text(), nullable=True),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("totals", JSONB(), nullable=False),
        sa.Column("done_to", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("issued_total", sa.BigInteger(), nullable=False),
        sa.Column("problem", JSONB(), nullable=True),
        sa.Column("undo", JSONB(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        _belongs_to("billing_runs", "lease_id", "leases", "CASCADE"),
        _belongs_to("billing_runs", "created_by", "users"),
        _belongs_to("billing_runs", "started_by", "users"),
        sa.CheckConstraint(
            "state IN ('preparing', 'draft', 'running', 'stopped', 'done', 'undoing', 'undone', 'discarded')",
            name=op.f("ck_billing_runs_state"),
        ),
    )
    op.create_index(
        "ix_billing_runs_when",
        "billing_runs",
        ["tenant_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index("ix_billing_runs_period", "billing_runs", ["tenant_id", "period"])
    protect(op, "billing_runs")


def _items() -> None:
    _table(
        "billing_items",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("lease_number", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("reasons", ARRAY(sa.Text()), nullable=False),
        sa.Column("warnings", ARRAY(sa.Text()), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("withholding", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        _belongs_to("billing_items", "run_id", "billing_runs", "CASCADE"),
        _belongs_to("billing_items", "lease_id", "leases", "CASCADE"),
        sa.UniqueConstraint(
            "tenant_id", "run_id", "place", name=op.f("uq_billing_items_tenant_id_run_id_place")
        ),
        sa.CheckConstraint(
            "effect IN ('new', 'changed', 'same', 'gone', 'skipped', 'covered')",
            name=op.f("ck_billing_items_effect"),
        ),
    )
    op.create_index("ix_billing_items_lease", "billing_items", ["tenant_id", "lease_id"])
    op.create_index("ix_billing_items_effect", "billing_items", ["tenant_id", "run_id", "effect", "place"])
    op.create_index(
        "ix_billing_items_warned",
        "billing_items",
        ["tenant_id", "run_id", "place"],
        postgresql_where=sa.text("cardinality(warnings) > 0"),
    )
    protect(op, "billing_items")


def _credits() -> None:
    _table(
        "billing_credits",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("taxed", sa.Boolean(), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        _belongs_to("billing_credits", "run_id", "billing_runs", "CASCADE"),
        _belongs_to("billing_credits", "lease_id", "leases", "CASCADE"),
        _belongs_to("billing_credits", "used_by", "billing_runs"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_billing_credits_amount")),
    )
    op.create_index("ix_billing_credits_lease", "billing_credits", ["tenant_id", "lease_id", "used_by"])
    op.create_index("ix_billing_credits_run", "billing_credits", ["tenant_id", "run_id"])
    op.create_index("ix_billing_credits_used", "billing_credits", ["tenant_id", "used_by"])
    protect(op, "billing_credits")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
