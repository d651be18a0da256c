"""What makes an agency's accounts: the terms of a lease, and what was paid out to owners."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class Lease(TenantOwned, Model):
    """One contract ties a renter's lease account to the owners' mandate account.

    `rent` in minor units a month; `commission` in millionths of the rent (9 % is 90000).
    """

    __tablename__ = "leases"

    number: Mapped[str]
    property_id: Mapped[uuid.UUID]
    lease_account_id: Mapped[uuid.UUID]
    mandate_account_id: Mapped[uuid.UUID]
    rent: Mapped[int]
    currency: Mapped[str]
    commission: Mapped[int]
    payment_day: Mapped[int]
    starts_on: Mapped[datetime.date]
    ends_on: Mapped[datetime.date]
    batch_id: Mapped[uuid.UUID | None]

    __table_args__ = (
        unique("number"),
        unique("lease_account_id"),
        Index("ix_leases_mandate", "tenant_id", "mandate_account_id"),
        belongs_to("property_id", "properties"),
        belongs_to("lease_account_id", "accounts", ondelete="CASCADE"),
        belongs_to("mandate_account_id", "accounts", ondelete="CASCADE"),
        CheckConstraint("rent > 0", name="rent"),
        CheckConstraint("commission >= 0 AND commission < 1000000", name="commission"),
        CheckConstraint("payment_day BETWEEN 1 AND 31", name="payment_day"),
        CheckConstraint("ends_on >= starts_on", name="term"),
    )


class Payout(TenantOwned, Model):
    """Money handed to one owner for one mandate and period. Minor units."""

    __tablename__ = "payouts"

    number: Mapped[str]
    mandate_account_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID]
    period: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    paid_on: Mapped[datetime.date]
    method: Mapped[str]
    reference: Mapped[str]
    void_at: Mapped[datetime.datetime | None]
    file_id: Mapped[uuid.UUID | None]
    batch_id: Mapped[uuid.UUID | None]

    __table_args__ = (
        unique("number"),
        belongs_to("mandate_account_id", "accounts"),
        belongs_to("customer_id", "customers"),
        belongs_to("file_id", "files"),
        Index("ix_payouts_customer", "tenant_id", "customer_id", "paid_on", "id"),
        Index("ix_payouts_mandate", "tenant_id", "mandate_account_id", "period"),
        Index("ix_payouts_batch", "tenant_id", "batch_id"),
        CheckConstraint("amount > 0", name="amount"),
    )
