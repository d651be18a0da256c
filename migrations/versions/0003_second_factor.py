"""Second factors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _of_a_user(
        "second_factors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("tenant_id", "user_id", name="uq_second_factors_tenant_id_user_id"),
    )
    _of_a_user(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.UniqueConstraint(
            "tenant_id", "user_id", "digest", name="uq_recovery_codes_tenant_id_user_id_digest"
        ),
    )
    _of_a_user(
        "pending_sign_ins",
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("guesses", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.UniqueConstraint("tenant_id", "token_digest", name="uq_pending_sign_ins_tenant_id_token_digest"),
    )
    op.create_index("ix_pending_sign_ins_user", "pending_sign_ins", ["tenant_id", "user_id"])
    op.create_index("ix_pending_sign_ins_expiry", "pending_sign_ins", ["tenant_id", "expires_at"])


def _of_a_user(table: str, *columns: sa.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=f"fk_{table}_tenant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=f"fk_{table}_tenant_id_user_id",
            ondelete="CASCADE",
        ),
    )
    protect(op, table)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
