"""Parties and access have days; suppliers of what owners are charged for are paid"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

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
    _supplier_payments()


def _supplier_payments() -> None:
    table = "supplier_payments"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column("reversed_by", sa.Uuid(), nullable=True),
        sa.Column("reverse_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_supplier_payments_amount")),
        sa.CheckConstraint(
            "(reversed_on IS NULL) = (reverse_reason IS NULL)", name=op.f("ck_supplier_payments_reversed")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{other}.tenant_id", f"{other}.id"],
                name=op.f(f"fk_supplier_payments_tenant_id_{column}"),
            )
            for column, other in (
                ("charge_id", "owner_charges"),
                ("made_by", "users"),
                ("reversed_by", "users"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_supplier_payments_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_supplier_payments")),
    )
    op.create_index(
        "uq_supplier_payments_charge",
        table,
        ["tenant_id", "charge_id"],
        unique=True,
        postgresql_where=sa.text("reversed_on IS NULL"),
    )
    protect(op, table)


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
