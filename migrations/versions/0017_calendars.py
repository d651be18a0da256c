"""Calendars of business days"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_changes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('off', 'working', 'as-usual', 'subdivision')", name=op.f("ck_calendar_changes_kind")
        ),
        sa.CheckConstraint("(kind = 'subdivision') = (day IS NULL)", name=op.f("ck_calendar_changes_day")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_calendar_changes_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_calendar_changes_tenant_id_changed_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_calendar_changes")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_calendar_changes_tenant_id_number")),
    )
    protect(op, "calendar_changes")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
