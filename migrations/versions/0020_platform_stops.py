"""Stops of a provider for every tenant, those that come later too"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import APP, OWNER, PLATFORM

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "platform_stops"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_stops")),
    )
    op.create_index(
        "uq_platform_stops_open",
        table,
        ["provider"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.execute(f"ALTER TABLE {table} OWNER TO {OWNER}")
    op.execute(f"GRANT SELECT ON {table} TO {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {PLATFORM}")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
