"""Contact data with history"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_changes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_contact_changes_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_contact_changes_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contact_changes")),
        sa.CheckConstraint(
            "field IN ('email', 'phone', 'address', 'city')", name=op.f("ck_contact_changes_field")
        ),
        sa.CheckConstraint(
            "source IN ('customer', 'staff', 'import')", name=op.f("ck_contact_changes_source")
        ),
        sa.CheckConstraint("before IS DISTINCT FROM after", name=op.f("ck_contact_changes_changed")),
    )
    op.create_index("ix_contact_changes_customer", "contact_changes", ["tenant_id", "customer_id", "id"])
    protect(op, "contact_changes")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
