"""Commission on collected rent, charges to owners, certificates"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
ID, NUMBER, TEXT = sa.Uuid(), sa.BigInteger(), sa.Text()


def upgrade() -> None:
    _issued_documents()
    _rent_commissions()
    _commission_documents()
    _owner_charges()


def _owned(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )


def _key(table: str, column: str, other: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{other}.tenant_id", f"{other}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
        ondelete=ondelete,
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("tenant_id", *columns, name=op.f(f"uq_{table}_tenant_id_{'_'.join(columns)}"))


def _issued_documents() -> None:
    table = "issued_documents"
    _owned(
        table,
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("file_id", ID, nullable=True),
        sa.Column("superseded_by", ID, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_reason", TEXT, nullable=True),
        _key(table, "file_id", "files"),
        _key(table, "superseded_by", table),
        _unique(table, "kind", "key"),
        _unique(table, "code"),
    )
    op.create_index("ix_issued_documents_subject", table, ["tenant_id", "subject", "kind", "id"])
    protect(op, table)


def _rent_commissions() -> None:
    table = "rent_commissions"
    _owned(
        table,
        sa.Column("rent_invoice_id", ID, nullable=False),
        sa.Column("mandate_account_id", ID, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("base", NUMBER, nullable=False),
        sa.Column("rent_total", NUMBER, nullable=False),
        sa.Column("rate", NUMBER, nullable=False),
        sa.Column("taxes", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("base >= 0 AND rent_total > 0", name=op.f(f"ck_{table}_base")),
        sa.CheckConstraint("rate > 0 AND rate < 1000000", name=op.f(f"ck_{table}_rate")),
        _key(table, "rent_invoice_id", "invoices"),
        _key(table, "mandate_account_id", "accounts"),
        _unique(table, "rent_invoice_id"),
    )
    op.create_index("ix_rent_commissions_mandate", table, ["tenant_id", "mandate_account_id", "period"])
    protect(op, table)


def _commission_documents() -> None:
    table = "commission_documents"
    _owned(
        table,
        sa.Column("commission_id", ID, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("invoice_id", ID, nullable=True),
        sa.Column("collected", NUMBER, nullable=False),
        sa.Column("charge", NUMBER, nullable=False),
        sa.Column("amounts", JSON, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("withholding", NUMBER, nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("file_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('credit-note', 'invoice')", name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint("(kind = 'invoice') = (invoice_id IS NOT NULL)", name=op.f(f"ck_{table}_invoice")),
        sa.CheckConstraint(
            "charge >= 0 AND tax >= 0 AND withholding >= 0 AND total >= 0"
            " AND total = charge + tax - withholding",
            name=op.f(f"ck_{table}_amounts"),
        ),
        _key(table, "commission_id", "rent_commissions"),
        _key(table, "invoice_id", "invoices"),
        _key(table, "file_id", "files"),
        _unique(table, "commission_id", "position"),
        _unique(table, "kind", "number"),
        _unique(table, "invoice_id"),
    )
    protect(op, table)


def _owner_charges() -> None:
    table = "owner_charges"
    _owned(
        table,
        sa.Column("number", TEXT, nullable=False),
        sa.Column("mandate_account_id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("supplier", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("source_key", TEXT, nullable=True),
        sa.Column("file_id", ID, nullable=True),
        sa.Column("made_by", ID, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column("reversed_by", ID, nullable=True),
        sa.Column("reverse_reason", TEXT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('repair', 'insurance', 'service', 'other')", name=op.f(f"ck_{table}_kind")
        ),
        sa.CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name=op.f(f"ck_{table}_amount")),
        sa.CheckConstraint(
            "(reversed_on IS NULL) = (reverse_reason IS NULL)", name=op.f(f"ck_{table}_reversed")
        ),
        _key(table, "mandate_account_id", "accounts"),
        _key(table, "file_id", "files"),
        _key(table, "made_by", "users"),
        _key(table, "reversed_by", "users"),
        _unique(table, "number"),
        _unique(table, "source_key"),
    )
    op.create_index("ix_owner_charges_mandate", table, ["tenant_id", "mandate_account_id", "charged_on"])
    op.create_index(
        "ix_owner_charges_newest",
        table,
        ["tenant_id", sa.literal_column("charged_on DESC"), sa.literal_column("id DESC")],
    )
    protect(op, table)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
