"""The simulated Stripe: its books"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import APP

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

THINGS = "stripe_simulator_things"


def upgrade() -> None:
    op.create_table(
        THINGS,
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("merchant", "name", "kind")),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{THINGS}")),
        sa.UniqueConstraint("merchant", "name", name=op.f(f"uq_{THINGS}_merchant_name")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {THINGS} TO {APP}")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
