"""Terms of leases: scenarios, rents, charges, documents, price indexes"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What `leases` did alone is four capabilities now (docs/decisions/0018): whoever had it keeps all of it.
    op.execute(
        "UPDATE tenants SET capabilities = capabilities || ARRAY['billing', 'owners', 'payouts']"
        " WHERE 'leases' = ANY (capabilities)"
    )


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
