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


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
