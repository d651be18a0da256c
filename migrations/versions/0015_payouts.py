"""Bank accounts of owners and runs that pay them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from saas.schema import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Payouts of before were made by hand or imported: all of them are paid.
    op.add_column("payouts", sa.Column("state", sa.Text(), server_default="paid", nullable=False))
    op.create_check_constraint(
        op.f("ck_payouts_state"), "payouts", "state IN ('paid', 'under-way', 'returned')"
    )
    op.create_check_constraint(
        op.f("ck_payouts_returned"), "payouts", "state <> 'returned' OR void_at IS NOT NULL"
    )
    op.create_table(
        "owner_bank_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("bank_code", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("account_kind", sa.Text(), nullable=False),
        sa.Column("sealed_number", sa.Text(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("number_fingerprint", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("holder_document_kind", sa.Text(), nullable=False),
        sa.Column("holder_document_number", sa.Text(), nullable=False),
        sa.Column("another_holder", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_by_staff", sa.Boolean(), nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("confirm_until", MOMENT, nullable=False),
        sa.Column("mailed_to", sa.Text(), nullable=True),
        sa.Column("link_digest", sa.Text(), nullable=True),
        sa.Column("sealed_code", sa.Text(), nullable=True),
        sa.Column("code_sent_to", sa.Text(), nullable=True),
        sa.Column("alarm_digest", sa.Text(), nullable=False),
        sa.Column("link_confirmed_at", MOMENT, nullable=True),
        sa.Column("vouched_by", sa.Uuid(), nullable=True),
        sa.Column("vouched_at", MOMENT, nullable=True),
        sa.Column("vouched_note", sa.Text(), nullable=True),
        sa.Column("holder_approved_by", sa.Uuid(), nullable=True),
        sa.Column("holder_approved_at", MOMENT, nullable=True),
        sa.Column("holder_note", sa.Text(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("usable_from", MOMENT, nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_owner_bank_accounts_ended")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR usable_from IS NOT NULL", name=op.f("ck_owner_bank_accounts_usable")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'frozen', 'ended')", name=op.f("ck_owner_bank_accounts_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_owner_bank_accounts_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entered_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_owner_bank_accounts_tenant_id_entered_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "holder_approved_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_owner_bank_accounts_tenant_id_holder_approved_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vouched_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_owner_bank_accounts_tenant_id_vouched_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_owner_bank_accounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_owner_bank_accounts")),
        sa.UniqueConstraint(
            "tenant_id", "alarm_digest", name=op.f("uq_owner_bank_accounts_tenant_id_alarm_digest")
        ),
        sa.UniqueConstraint(
            "tenant_id", "link_digest", name=op.f("uq_owner_bank_accounts_tenant_id_link_digest")
        ),
    )
    op.create_index(
        "ix_owner_bank_accounts_customer",
        "owner_bank_accounts",
        ["tenant_id", "customer_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_owner_bank_accounts_state",
        "owner_bank_accounts",
        ["tenant_id", "state", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_owner_bank_accounts_waiting",
        "owner_bank_accounts",
        ["tenant_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    protect(op, "owner_bank_accounts")
    op.create_table(
        "payout_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cut_on", sa.Date(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scope", JSONB(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=True),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("layout", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("file_made_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('prepared', 'approved', 'done', 'dropped')", name=op.f("ck_payout_runs_state")
        ),
        sa.CheckConstraint("lines >= 0 AND total >= 0", name=op.f("ck_payout_runs_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "approved_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payout_runs_tenant_id_approved_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_payout_runs_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "prepared_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payout_runs_tenant_id_prepared_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payout_runs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payout_runs")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_payout_runs_tenant_id_number")),
    )
    op.create_index(
        "ix_payout_runs_state",
        "payout_runs",
        ["tenant_id", "state", sa.literal_column("id DESC")],
        unique=False,
    )
    protect(op, "payout_runs")
    op.create_table(
        "payout_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("mandate_account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("in_file", sa.Boolean(), nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("bank_words", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('under-way', 'paid', 'returned')) = (payout_id IS NOT NULL)",
            name=op.f("ck_payout_lines_payout"),
        ),
        sa.CheckConstraint(
            "amount >= 0 AND (state = 'left-out' OR amount > 0)", name=op.f("ck_payout_lines_amount")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'left-out', 'under-way', 'paid', 'returned')",
            name=op.f("ck_payout_lines_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bank_account_id"],
            ["owner_bank_accounts.tenant_id", "owner_bank_accounts.id"],
            name=op.f("fk_payout_lines_tenant_id_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payout_lines_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ended_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payout_lines_tenant_id_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "mandate_account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_payout_lines_tenant_id_mandate_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payout_id"],
            ["payouts.tenant_id", "payouts.id"],
            name=op.f("fk_payout_lines_tenant_id_payout_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["payout_runs.tenant_id", "payout_runs.id"],
            name=op.f("fk_payout_lines_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payout_lines_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payout_lines")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_payout_lines_tenant_id_key")),
        sa.UniqueConstraint(
            "tenant_id",
            "run_id",
            "mandate_account_id",
            "customer_id",
            name=op.f("uq_payout_lines_tenant_id_run_id_mandate_account_id_customer_id"),
        ),
    )
    op.create_index("ix_payout_lines_payout", "payout_lines", ["tenant_id", "payout_id"], unique=False)
    op.create_index(
        "ix_payout_lines_run", "payout_lines", ["tenant_id", "run_id", "state", "id"], unique=False
    )
    protect(op, "payout_lines")
    op.create_table(
        "payout_answers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("outcome", JSONB(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.CheckConstraint("lines >= 0 AND total >= 0 AND kept >= 0", name=op.f("ck_payout_answers_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_payout_answers_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "taken_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payout_answers_tenant_id_taken_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payout_answers_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payout_answers")),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_payout_answers_tenant_id_sha256")),
    )
    op.create_index(
        "ix_payout_answers_kept",
        "payout_answers",
        ["tenant_id", "id"],
        unique=False,
        postgresql_where=sa.text("kept > 0"),
    )
    protect(op, "payout_answers")
    op.create_table(
        "payout_answer_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_payout_answer_lines_resolved")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answer_id"],
            ["payout_answers.tenant_id", "payout_answers.id"],
            name=op.f("fk_payout_answer_lines_tenant_id_answer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["payout_lines.tenant_id", "payout_lines.id"],
            name=op.f("fk_payout_answer_lines_tenant_id_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "resolved_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_payout_answer_lines_tenant_id_resolved_by"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payout_answer_lines_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payout_answer_lines")),
        sa.UniqueConstraint(
            "tenant_id", "answer_id", "number", name=op.f("uq_payout_answer_lines_tenant_id_answer_id_number")
        ),
    )
    protect(op, "payout_answer_lines")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
