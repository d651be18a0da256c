"""Calendars of business days, and the clock of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_changes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('off', 'working', 'as-usual', 'subdivision')", name=op.f("ck_calendar_changes_kind")
        ),
        sa.CheckConstraint("(kind = 'subdivision') = (day IS NULL)", name=op.f("ck_calendar_changes_day")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_calendar_changes_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_calendar_changes_tenant_id_changed_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_calendar_changes")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_calendar_changes_tenant_id_number")),
    )
    protect(op, "calendar_changes")
    op.create_table(
        "case_terms",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days IS NULL OR rule IS NULL", name=op.f("ck_case_terms_one")),
        sa.CheckConstraint("days BETWEEN 1 AND 180", name=op.f("ck_case_terms_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_case_terms_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "set_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_case_terms_tenant_id_set_by"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_case_terms")),
    )
    op.create_index("ix_case_terms_class", "case_terms", ["tenant_id", "class_code", "valid_from"])
    protect(op, "case_terms")
    op.create_table(
        "case_clocks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("closes", sa.Text(), nullable=False),
        sa.Column("usual_days", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'answered', 'ended')", name=op.f("ck_case_clocks_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_case_clocks_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "case_id"],
            ["cases.tenant_id", "cases.id"],
            name=op.f("fk_case_clocks_tenant_id_case_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_case_clocks")),
        sa.UniqueConstraint(
            "tenant_id", "case_id", "stage", name=op.f("uq_case_clocks_tenant_id_case_id_stage")
        ),
    )
    op.create_index(
        "ix_case_clocks_answered",
        "case_clocks",
        ["tenant_id", sa.literal_column("answered_on DESC"), "case_id"],
    )
    protect(op, "case_clocks")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
