"""Cases that staff file for somebody: who is not in the books, and lists by the day of receipt"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("person", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_check_constraint(
        op.f("ck_cases_person"), "cases", "person IS NULL OR (customer_id IS NULL AND user_id IS NULL)"
    )
    op.create_index("ix_cases_received", "cases", ["tenant_id", "received_at", "id"])
    op.create_index(
        "ix_cases_person", "cases", ["tenant_id", "id"], postgresql_where=sa.text("person IS NOT NULL")
    )


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
