"""What the daily comparison of our captures with the providers' books found."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class SettlementRun(TenantOwned, Model):
    """One provider account, one day of the tenant. `ours` and `theirs` count captures; a run that was repeated
    keeps its newest result."""

    __tablename__ = "settlement_runs"

    provider_account_id: Mapped[uuid.UUID]
    day: Mapped[datetime.date]
    ours: Mapped[int] = mapped_column(default=0)
    theirs: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("provider_account_id", "day"),
        belongs_to("provider_account_id", "provider_accounts"),
        Index("ix_settlement_runs_day", "tenant_id", text("day DESC"), "id"),
    )


class SettlementDifference(TenantOwned, Model):
    """One capture on which the books differ. Amounts in minor units, null where a side has none. It is open
    until a later comparison no longer finds it, or a person says what it was."""

    __tablename__ = "settlement_differences"

    run_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    reference: Mapped[str]
    provider_reference: Mapped[str]
    attempt_id: Mapped[uuid.UUID | None]
    our_amount: Mapped[int | None]
    their_amount: Mapped[int | None]
    currency: Mapped[str]
    found_at: Mapped[datetime.datetime]
    resolved_at: Mapped[datetime.datetime | None]
    resolved_by: Mapped[uuid.UUID | None]
    resolution: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_settlement_differences_what",
            "tenant_id",
            "run_id",
            "kind",
            "reference",
            "provider_reference",
            unique=True,
        ),
        belongs_to("run_id", "settlement_runs", ondelete="CASCADE"),
        belongs_to("attempt_id", "payment_attempts"),
        belongs_to("resolved_by", "users"),
        Index(
            "ix_settlement_differences_open",
            "tenant_id",
            "run_id",
            postgresql_where=text("resolved_at IS NULL"),
        ),
        CheckConstraint("kind IN ('missing', 'extra', 'amount')", name="kind"),
    )
