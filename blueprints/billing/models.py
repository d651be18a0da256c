"""A billing run: the rent invoices of one month, what was foreseen for each lease, and credits that were left over."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class BillingRun(TenantOwned, Model):
    """One run for a month, of all leases or of one alone.

    States: preparing (the draft is being made), draft (to be looked at), running, done; stopped where it can go on
    once `problem` is solved (from preparing or running, as `started_at` says); done may become undoing and undone;
    a draft may be discarded. `rules` are the settings that it was drafted with, kept so that what was looked at is
    what is issued. `seen_to` is the number of the last lease that the draft has looked at, `done_to` the place of the
    last item that was worked on: a run that was killed goes on behind them.
    """

    __tablename__ = "billing_runs"

    period: Mapped[str]  # 2026-03
    lease_id: Mapped[uuid.UUID | None]
    issued_on: Mapped[datetime.date]
    state: Mapped[str]
    rules: Mapped[dict[str, Any]]
    seen_to: Mapped[str | None]
    items: Mapped[int] = mapped_column(default=0)
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)  # see runs.totals_of
    done_to: Mapped[int] = mapped_column(default=0)
    issued: Mapped[int] = mapped_column(default=0)
    issued_total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[dict[str, Any] | None]
    undo: Mapped[dict[str, Any] | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    started_by: Mapped[uuid.UUID | None]
    started_at: Mapped[datetime.datetime | None]
    finished_at: Mapped[datetime.datetime | None]
    undone_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        belongs_to("created_by", "users"),
        belongs_to("started_by", "users"),
        Index("ix_billing_runs_when", "tenant_id", text("created_at DESC"), text("id DESC")),
        Index("ix_billing_runs_period", "tenant_id", "period"),
        CheckConstraint(
            "state IN ('preparing', 'draft', 'running', 'stopped', 'done', 'undoing', 'undone', 'discarded')",
            name="state",
        ),
    )


class BillingItem(TenantOwned, Model):
    """What a run foresees, or has done, for one lease. Amounts in minor units of the tenant's currency.

    `effect`: new, changed or same against the month before; gone (billed then, not in force now); skipped, with the
    reason; covered (credits take all of it). `left` is credit that goes over to the next month. What was issued is
    found by the run and the account.
    """

    __tablename__ = "billing_items"

    run_id: Mapped[uuid.UUID]
    place: Mapped[int]
    lease_id: Mapped[uuid.UUID]
    lease_number: Mapped[str]
    effect: Mapped[str]
    reasons: Mapped[list[str]]
    warnings: Mapped[list[str]]
    subtotal: Mapped[int]
    tax: Mapped[int]
    withholding: Mapped[int]
    total: Mapped[int]
    left: Mapped[int]
    before: Mapped[int | None]  # total of the month before
    due_on: Mapped[datetime.date | None]

    __table_args__ = (
        unique("run_id", "place"),
        belongs_to("run_id", "billing_runs", ondelete="CASCADE"),
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        Index("ix_billing_items_lease", "tenant_id", "lease_id"),
        Index("ix_billing_items_effect", "tenant_id", "run_id", "effect", "place"),
        Index(
            "ix_billing_items_warned",
            "tenant_id",
            "run_id",
            "place",
            postgresql_where=text("cardinality(warnings) > 0"),
        ),
        CheckConstraint("effect IN ('new', 'changed', 'same', 'gone', 'skipped', 'covered')", name="effect"),
    )


class BillingCredit(TenantOwned, Model):
    """What was left of a credit when it exceeded its month: the next run of the lease takes it, `used_by`."""

    __tablename__ = "billing_credits"

    run_id: Mapped[uuid.UUID]
    lease_id: Mapped[uuid.UUID]
    period: Mapped[str]
    description: Mapped[str]
    amount: Mapped[int]
    taxed: Mapped[bool]
    used_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        belongs_to("run_id", "billing_runs", ondelete="CASCADE"),
        belongs_to("used_by", "billing_runs"),
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        Index("ix_billing_credits_lease", "tenant_id", "lease_id", "used_by"),
        Index("ix_billing_credits_run", "tenant_id", "run_id"),
        Index("ix_billing_credits_used", "tenant_id", "used_by"),
        CheckConstraint("amount > 0", name="amount"),
    )
