"""Refunds, disputes and credit"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.schema import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
MOMENT = sa.DateTime(timezone=True)
ID, NUMBER, TEXT = sa.Uuid(), sa.BigInteger(), sa.Text()


def upgrade() -> None:
    _payments()
    _refunds()
    _disputes()
    _credits()
    _reversals()
    _bank()


def _payments() -> None:
    # Bulk imports insert rows without these, so their defaults stay in the schema.
    op.add_column("payments", sa.Column("returned", NUMBER, nullable=False, server_default="0"))
    op.create_check_constraint(
        op.f("ck_payments_returned"), "payments", "returned >= 0 AND returned <= amount"
    )
    for name in ("reversed", "surcharge"):
        op.add_column("payment_allocations", sa.Column(name, NUMBER, nullable=False, server_default="0"))
    op.create_check_constraint(
        op.f("ck_payment_allocations_left"),
        "payment_allocations",
        "reversed >= 0 AND surcharge >= 0 AND reversed + surcharge <= amount",
    )
    _filled("payment_observations", "event", TEXT, "")
    _filled("payment_observations", "facts", JSON, "{}")
    _filled("payment_observations", "refund", TEXT, "")


def _refunds() -> None:
    table = "payment_refunds"
    _create(
        table,
        _column("payment_id", ID),
        _column("amount", NUMBER),
        _column("currency", TEXT),
        _column("way", TEXT, nullable=True),
        _column("state", TEXT),
        _column("reason", TEXT),
        _column("reference", TEXT, nullable=True),
        _column("asked_by", ID, nullable=True),
        _column("requested_by", ID, nullable=True),
        _column("requested_at", MOMENT),
        _column("decided_by", ID, nullable=True),
        _column("decided_at", MOMENT, nullable=True),
        _column("decision", TEXT, nullable=True),
        _column("sent_at", MOMENT, nullable=True),
        _column("tries", NUMBER),
        _column("event", TEXT),
        _column("told", TEXT),
        _column("problem", TEXT, nullable=True),
        _column("finished_at", MOMENT, nullable=True),
        _check(table, "amount", "amount > 0"),
        _check(table, "way", "way IN ('provider', 'outside', 'credit')"),
        _check(
            table,
            "state",
            "state IN ('asked', 'requested', 'approved', 'sent', 'pending', 'done', 'failed', 'rejected')",
        ),
        links={
            "payment_id": "payments",
            "asked_by": "users",
            "requested_by": "users",
            "decided_by": "users",
        },
    )
    op.create_index("ix_payment_refunds_payment", table, ["tenant_id", "payment_id"])
    op.create_index(
        "uq_payment_refunds_event",
        table,
        ["tenant_id", "payment_id", "event"],
        unique=True,
        postgresql_where=sa.text("event <> ''"),
    )
    op.create_index(
        "ix_payment_refunds_open",
        table,
        ["tenant_id", "id"],
        postgresql_where=sa.text("state NOT IN ('done', 'rejected')"),
    )
    _create(
        "payment_refund_parts",
        _column("refund_id", ID),
        _column("invoice_id", ID, nullable=True),
        _column("amount", NUMBER),
        _check("payment_refund_parts", "amount", "amount > 0"),
        _unique("payment_refund_parts", ["refund_id", "invoice_id"], nulls=True),
        links={"refund_id": "payment_refunds", "invoice_id": "invoices"},
        owned_by=["refund_id"],
    )


def _disputes() -> None:
    table = "payment_disputes"
    _create(
        table,
        _column("payment_id", ID),
        _column("event", TEXT),
        _column("state", TEXT),
        _column("amount", NUMBER),
        _column("currency", TEXT),
        _column("opened_at", MOMENT),
        _column("evidence_due", MOMENT, nullable=True),
        _column("answered_at", MOMENT, nullable=True),
        _column("answered_by", ID, nullable=True),
        _column("answer", TEXT, nullable=True),
        _column("closed_at", MOMENT, nullable=True),
        _check(table, "amount", "amount > 0"),
        _check(table, "state", "state IN ('open', 'won', 'lost')"),
        _unique(table, ["payment_id", "event"]),
        links={"payment_id": "payments", "answered_by": "users"},
    )
    op.create_index(
        "ix_payment_disputes_open",
        table,
        ["tenant_id", "opened_at"],
        postgresql_where=sa.text("state = 'open'"),
    )


def _credits() -> None:
    table = "payment_credits"
    _create(
        table,
        _column("payment_id", ID),
        _column("account_id", ID),
        _column("invoice_id", ID, nullable=True),
        _column("surcharge", NUMBER),
        _column("amount", NUMBER),
        _column("remaining", NUMBER),
        _column("currency", TEXT),
        _column("created_at", MOMENT),
        _check(table, "remaining", "remaining >= 0 AND remaining <= amount AND surcharge >= 0"),
        _unique(table, ["payment_id", "account_id", "invoice_id"], nulls=True),
        links={"payment_id": "payments", "account_id": "accounts", "invoice_id": "invoices"},
        owned_by=["payment_id"],
    )
    op.create_index(
        "ix_payment_credits_account",
        table,
        ["tenant_id", "account_id"],
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index("ix_payment_credits_invoice", table, ["tenant_id", "invoice_id"])
    _create(
        "payment_credit_uses",
        _column("account_id", ID),
        _column("invoice_id", ID),
        _column("amount", NUMBER),
        _column("currency", TEXT),
        _column("used_by", ID, nullable=True),
        _column("used_at", MOMENT),
        _check("payment_credit_uses", "amount", "amount > 0"),
        links={"account_id": "accounts", "invoice_id": "invoices", "used_by": "users"},
    )
    op.create_index(
        "ix_payment_credit_uses_account", "payment_credit_uses", ["tenant_id", "account_id", "used_at"]
    )


def _reversals() -> None:
    table = "payment_reversals"
    _create(
        table,
        _column("payment_id", ID),
        _column("refund_id", ID, nullable=True),
        _column("dispute_id", ID, nullable=True),
        _column("number", NUMBER),
        _column("invoice_id", ID, nullable=True),
        _column("credit_id", ID, nullable=True),
        _column("amount", NUMBER),
        _column("surcharge", NUMBER),
        _column("created_at", MOMENT),
        _check(table, "amount", "amount <> 0"),
        _check(table, "one_case", "(refund_id IS NULL) <> (dispute_id IS NULL)"),
        _check(table, "one_place", "(invoice_id IS NULL) <> (credit_id IS NULL)"),
        links={
            "payment_id": "payments",
            "refund_id": "payment_refunds",
            "dispute_id": "payment_disputes",
            "invoice_id": "invoices",
            "credit_id": "payment_credits",
        },
    )
    op.create_index("ix_payment_reversals_payment", table, ["tenant_id", "payment_id"])


def _bank() -> None:
    """The invented bank gives money back too, and its cardholders complain."""
    _filled("bank_simulator_orders", "refunds", JSON, "[]")
    _filled("bank_simulator_orders", "dispute", TEXT, "")
    op.add_column("bank_simulator_orders", sa.Column("disputed_at", MOMENT, nullable=True))


def _create(
    table: str,
    *parts: sa.schema.SchemaItem,
    links: Mapping[str, str],
    owned_by: Sequence[str] = (),
) -> None:
    """A tenant's table with its keys; rows `owned_by` a column's row go with it."""
    op.create_table(
        table,
        _column("tenant_id", ID),
        _column("id", ID),
        *parts,
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{other}.tenant_id", f"{other}.id"],
                name=op.f(f"fk_{table}_tenant_id_{column}"),
                ondelete="CASCADE" if column in owned_by else None,
            )
            for column, other in links.items()
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
    protect(op, table)


def _column(name: str, kind: sa.types.TypeEngine[object], *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, columns: Sequence[str], *, nulls: bool = False) -> sa.UniqueConstraint:
    """Unique within a tenant; with `nulls` two nulls are the same."""
    return sa.UniqueConstraint(
        "tenant_id",
        *columns,
        name=op.f(f"uq_{table}_tenant_id_{'_'.join(columns)}"),
        postgresql_nulls_not_distinct=True if nulls else None,
    )


def _filled(table: str, name: str, kind: sa.types.TypeEngine[object], value: str) -> None:
    """A column that the rows which are there already get a value for, without a default afterwards."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    op.alter_column(table, name, server_default=None)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
