"""Domains that a tenant claims"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "domain_claims",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("proven_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_domain_claims"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_domain_claims_tenant_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("tenant_id", "host", name="uq_domain_claims_tenant_id_host"),
        sa.CheckConstraint("state IN ('waiting', 'proven', 'refused')", name="ck_domain_claims_state"),
    )
    protect(op, "domain_claims")
    op.create_index(
        "uq_domains_canonical",
        "domains",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("canonical"),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
