"""What makes an agency's accounts: the terms of leases, their papers, and what was paid out to owners.

Amounts in minor units of the lease's currency, rates and index values in millionths (19 % is 190000)."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class LeaseScenario(TenantOwned, Model):
    """How leases of one sort are taxed and adjusted: data of the tenant.

    `rent_taxes` and `commission_taxes` are lists of {"kind": "tax" | "withholding", "name": text, "rate": millionths};
    `index_code` names a price index, `cap` a legal limit of data/caps.toml (none: by agreement).
    """

    __tablename__ = "lease_scenarios"

    code: Mapped[str]
    names: Mapped[dict[str, Any]]  # {"es": …, "en": …}
    purpose: Mapped[str]
    rent_taxes: Mapped[list[Any]] = mapped_column(default=list)
    commission_taxes: Mapped[list[Any]] = mapped_column(default=list)
    index_code: Mapped[str | None]
    cap: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        unique("code"),
        CheckConstraint("purpose IN ('housing', 'commercial')", name="purpose"),
        CheckConstraint(
            "jsonb_typeof(rent_taxes) = 'array' AND jsonb_typeof(commission_taxes) = 'array'", name="taxes"
        ),
    )


def _as_signed(column: str) -> Any:
    """A column that begins as another one of the same row."""

    def value(context: ExecutionContext) -> Any:
        return context.get_current_parameters()[column]  # type: ignore[attr-defined]

    return mapped_column(default=value)


class Lease(TenantOwned, Model):
    """One contract ties a renter's lease account to the owners' mandate account.

    `rent` (a month) is the one in force today, `rent_since` the day from which the newest row of lease_rents holds;
    `ends_on` is the end that was signed, `term_until` the end of the present term, which moves when it renews;
    `ended_on` is the last day of a lease that was terminated, set ahead of time too. `commission` of the rent.
    `scenario_from` says who chose the scenario: a person (chosen), the import by the kind of property (guessed)
    or by what its invoices show (invoiced). `adjustment_points` are added to the index by agreement.
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
    scenario_code: Mapped[str | None]
    scenario_from: Mapped[str] = mapped_column(default="chosen", server_default="chosen")
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    ended_on: Mapped[datetime.date | None]
    end_reason: Mapped[str | None]
    renews: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    renewal_months: Mapped[int] = mapped_column(default=12, server_default="12")
    adjustment_points: Mapped[int] = mapped_column(default=0, server_default="0")
    rent_since: Mapped[datetime.date] = _as_signed("starts_on")
    term_until: Mapped[datetime.date] = _as_signed("ends_on")

    __table_args__ = (
        unique("number"),
        unique("lease_account_id"),
        Index("ix_leases_mandate", "tenant_id", "mandate_account_id"),
        Index("ix_leases_property", "tenant_id", "property_id"),
        Index("ix_leases_term", "tenant_id", "status", "term_until", "id"),
        Index("ix_leases_rent_since", "tenant_id", "status", "rent_since", "id"),
        ForeignKeyConstraint(
            ["tenant_id", "scenario_code"], ["lease_scenarios.tenant_id", "lease_scenarios.code"]
        ),
        belongs_to("property_id", "properties"),
        belongs_to("lease_account_id", "accounts", ondelete="CASCADE"),
        belongs_to("mandate_account_id", "accounts", ondelete="CASCADE"),
        CheckConstraint("rent > 0", name="rent"),
        CheckConstraint("commission >= 0 AND commission < 1000000", name="commission"),
        CheckConstraint("payment_day BETWEEN 1 AND 31", name="payment_day"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint("status IN ('draft', 'active', 'ended')", name="status"),
        CheckConstraint("status <> 'ended' OR ended_on IS NOT NULL", name="ended"),
        CheckConstraint("renewal_months BETWEEN 1 AND 120", name="renewal"),
        CheckConstraint("scenario_from IN ('chosen', 'guessed', 'invoiced')", name="scenario_from"),
    )


class LeaseRent(TenantOwned, Model):
    """The rent of a lease from a day on. In force on a day is the last row that begins on it or before.

    `facts` keep how it came about: the rent before, the index and its value, the cap, who was told.
    """

    __tablename__ = "lease_rents"

    lease_id: Mapped[uuid.UUID]
    valid_from: Mapped[datetime.date]
    rent: Mapped[int]
    reason: Mapped[str]
    index_code: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        unique("lease_id", "valid_from"),
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        Index("ix_lease_rents_from", "tenant_id", "valid_from"),
        CheckConstraint("rent > 0", name="rent"),
        CheckConstraint("reason IN ('start', 'index', 'agreed', 'correction')", name="reason"),
    )


class LeaseCharge(TenantOwned, Model):
    """What is billed with the rent, or taken off it, from one period until another (none: every month from then)."""

    __tablename__ = "lease_charges"

    lease_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    description: Mapped[str]
    amount: Mapped[int]
    taxed: Mapped[bool] = mapped_column(default=False)
    from_period: Mapped[str]
    until_period: Mapped[str | None]

    __table_args__ = (
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        Index("ix_lease_charges_lease", "tenant_id", "lease_id"),
        CheckConstraint("kind IN ('charge', 'credit')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("until_period IS NULL OR until_period >= from_period", name="periods"),
    )


class PriceIndex(TenantOwned, Model):
    """By how much prices rose in the twelve months that end with the period; below zero, they fell."""

    __tablename__ = "price_indexes"

    code: Mapped[str]
    period: Mapped[str]  # 2024-12
    value: Mapped[int]  # millionths: 5.2 % is 52000
    source: Mapped[str]
    published_on: Mapped[datetime.date | None]

    __table_args__ = (unique("code", "period"),)


class LeaseDocument(TenantOwned, Model):
    """One version of a paper of a lease; the newest of a kind and title is `current`, unless it was withdrawn."""

    __tablename__ = "lease_documents"

    lease_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    title: Mapped[str]
    file_id: Mapped[uuid.UUID]
    version: Mapped[int]
    expires_on: Mapped[datetime.date | None]
    for_renter: Mapped[bool] = mapped_column(default=True)
    for_owner: Mapped[bool] = mapped_column(default=True)
    current: Mapped[bool] = mapped_column(default=True)
    added_at: Mapped[datetime.datetime]
    added_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        unique("lease_id", "kind", "title", "version"),
        belongs_to("lease_id", "leases", ondelete="CASCADE"),
        belongs_to("file_id", "files"),
        belongs_to("added_by", "users"),
        Index(
            "ix_lease_documents_expiring",
            "tenant_id",
            "expires_on",
            "id",
            postgresql_where=text("current AND expires_on IS NOT NULL"),
        ),
        CheckConstraint("kind IN ('contract', 'inventory', 'policy', 'other')", name="kind"),
        CheckConstraint("version > 0", name="version"),
    )


class Payout(TenantOwned, Model):
    """Money handed to one owner for one mandate and period. Minor units.

    States: paid; under-way (approved, the bank has not answered: `paid_on` is the day it was ordered for); returned
    (the bank did not do it: it is void too, and the money is the owner's again).
    """

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
    state: Mapped[str] = mapped_column(default="paid", server_default="paid")
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
        CheckConstraint("state IN ('paid', 'under-way', 'returned')", name="state"),
        CheckConstraint("state <> 'returned' OR void_at IS NOT NULL", name="returned"),
    )
