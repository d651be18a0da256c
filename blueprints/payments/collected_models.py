"""Files of cash collectors with their lines, and the coupons that were printed."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class CollectedFile(TenantOwned, Model):
    """A collector's daily file, checked whole. States: checked (nobody has said go), waiting, running, done.

    `total` in minor units of `currency`; empty currency: its lines are in several.
    """

    __tablename__ = "collected_files"

    provider_account_id: Mapped[uuid.UUID]
    file_id: Mapped[uuid.UUID]
    file_name: Mapped[str]
    sha256: Mapped[str]
    layout: Mapped[str]
    state: Mapped[str]
    lines: Mapped[int]
    total: Mapped[int]
    currency: Mapped[str]
    first_day: Mapped[datetime.date | None]
    last_day: Mapped[datetime.date | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # effect -> number of lines, once it is done
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    started_at: Mapped[datetime.datetime | None]
    finished_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("provider_account_id", "sha256"),
        belongs_to("provider_account_id", "provider_accounts"),
        belongs_to("file_id", "files"),
        belongs_to("created_by", "users"),
        Index("ix_collected_files_when", "tenant_id", text("created_at DESC"), text("id DESC")),
        CheckConstraint("state IN ('checked', 'waiting', 'running', 'done')", name="state"),
        CheckConstraint("lines >= 0 AND total >= 0", name="amounts"),
    )


class CollectedLineRow(TenantOwned, Model):
    """One payment of a file. `effect` is what became of it, None while nobody has applied it; `counts` when its
    key is its own: the same key counts once per collector, in whatever file it stands."""

    __tablename__ = "collected_lines"

    collected_file_id: Mapped[uuid.UUID]
    provider_account_id: Mapped[uuid.UUID]
    number: Mapped[int]
    key: Mapped[str]
    reference: Mapped[str]
    amount: Mapped[int]
    fee: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str]
    paid_on: Mapped[datetime.date]
    counts: Mapped[bool] = mapped_column(default=False)
    effect: Mapped[str | None]
    attempt_id: Mapped[uuid.UUID | None]
    invoice_id: Mapped[uuid.UUID | None]
    applied_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("collected_file_id", "number"),
        belongs_to("collected_file_id", "collected_files"),
        belongs_to("provider_account_id", "provider_accounts"),
        belongs_to("attempt_id", "payment_attempts"),
        belongs_to("invoice_id", "invoices"),
        Index(
            "uq_collected_lines_key",
            "tenant_id",
            "provider_account_id",
            "key",
            unique=True,
            postgresql_where=text("counts"),
        ),
        CheckConstraint("amount > 0 AND fee >= 0", name="amount"),
        CheckConstraint("(effect IS NULL) = (applied_at IS NULL)", name="applied"),
    )


class Coupon(TenantOwned, Model):
    """The paper of an attempt that is paid on paper: rendered once, served from there. `id` is the attempt's."""

    __tablename__ = "payment_coupons"

    attempt_id: Mapped[uuid.UUID]
    file_id: Mapped[uuid.UUID]
    issued_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("attempt_id"),
        belongs_to("attempt_id", "payment_attempts"),
        belongs_to("file_id", "files"),
    )
