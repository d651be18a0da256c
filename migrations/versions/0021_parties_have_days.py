"""Parties and access have days: one person may hold another share, or come back, in rows of their own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DAYS = "daterange(valid_from, valid_until, '[]')"


def upgrade() -> None:
    # Equality of keys and overlap of days in one constraint.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
    _dated("account_parties", ("account_id", "customer_id", "role"))
    # Several rows move together: what is right is right when all are written.
    _dated("access", ("user_id", "account_id", "role"), " DEFERRABLE INITIALLY DEFERRED")
    # Of a run, who is paid comes first.
    op.create_index(
        "ix_payout_lines_order",
        "payout_lines",
        ["tenant_id", "run_id", sa.text("(state = 'left-out')"), "id"],
    )


def _dated(table: str, whose: tuple[str, ...], checked: str = "") -> None:
    op.drop_constraint(f"uq_{table}_tenant_id_{'_'.join(whose)}", table, type_="unique")
    op.create_check_constraint(op.f(f"ck_{table}_days"), table, "valid_until >= valid_from")
    equal = ", ".join(f"{column} WITH =" for column in ("tenant_id", *whose))
    op.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT ex_{table}_days EXCLUDE USING gist ({equal}, {DAYS} WITH &&)"
        f"{checked}"
    )
    op.create_index(f"ix_{table}_whose", table, ["tenant_id", *whose])


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
