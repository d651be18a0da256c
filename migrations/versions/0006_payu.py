"""The simulated PayU: its orders and their movements"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import APP

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ORDERS = "payu_simulator_orders"
TRANSACTIONS = "payu_simulator_transactions"


def upgrade() -> None:
    texts = ("merchant", "account", "reference", "description", "amount", "currency", "algorithm")
    more = ("language", "buyer_name", "buyer_email", "response_url", "confirmation_url")
    op.create_table(
        ORDERS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("keys_number", sa.BigInteger(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in more),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ORDERS}")),
        sa.UniqueConstraint("merchant", "reference", name=op.f(f"uq_{ORDERS}_merchant_reference")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{ORDERS}_number")),
    )
    op.create_table(
        TRANSACTIONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "state", "method", "value", "reason")
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("comes_true_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TRANSACTIONS}")),
        sa.CheckConstraint(
            "kind IN ('AUTHORIZATION_AND_CAPTURE', 'REFUND', 'PARTIAL_REFUND', 'VOID')",
            name=op.f(f"ck_{TRANSACTIONS}_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'APPROVED', 'DECLINED', 'EXPIRED', 'REVIEW')",
            name=op.f(f"ck_{TRANSACTIONS}_state"),
        ),
    )
    op.create_index(f"ix_{TRANSACTIONS}_order", TRANSACTIONS, ["order_id", "created_at"])
    for table in (ORDERS, TRANSACTIONS):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
