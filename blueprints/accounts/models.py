"""Customers, properties, accounts, the parties of an account and the access of users to it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


def never_at_once(name: str, *whose: str, at_the_end: bool = False) -> ExcludeConstraint:
    """Rows of the same keys never share a day: each day has one answer, however often it changes. `at_the_end`: it is
    checked when the transaction is."""
    keys: list[Any] = [(column(key), "=") for key in ("tenant_id", *whose)]
    days = text("daterange(valid_from, valid_until, '[]')")
    options = {"deferrable": True, "initially": "DEFERRED"} if at_the_end else {}
    return ExcludeConstraint(*keys, (days, "&&"), name=name, using="gist", **options)


class Customer(TenantOwned, Model):
    """A person or company in the tenant's books."""

    __tablename__ = "customers"

    document_kind: Mapped[str]
    document_number: Mapped[str]  # normalised
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    batch_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    updated_at: Mapped[datetime.datetime]
    # Without accents and capitals, to search and sort by; columns, because row security keeps indexes on expressions
    # from being used.
    plain_name: Mapped[str] = mapped_column(Computed("plain(name)", persisted=True))
    plain_email: Mapped[str | None] = mapped_column(Computed("lower(email)", persisted=True))

    __table_args__ = (
        unique("document_kind", "document_number"),
        Index("ix_customers_name", "tenant_id", "plain_name", "id"),
        Index("ix_customers_document", "tenant_id", "document_number"),
        Index("ix_customers_email", "tenant_id", "plain_email"),
        Index("ix_customers_batch", "tenant_id", "batch_id"),
    )


class ContactChange(TenantOwned, Model):
    """One change of how a customer is reached: who changed it, and what it was. Rows are never updated."""

    __tablename__ = "contact_changes"

    customer_id: Mapped[uuid.UUID]
    field: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    source: Mapped[str]
    changed_by: Mapped[str]  # a name, as it was then
    changed_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("customer_id", "customers", ondelete="CASCADE"),
        Index("ix_contact_changes_customer", "tenant_id", "customer_id", "id"),
        CheckConstraint("field IN ('email', 'phone', 'address', 'city')", name="field"),
        CheckConstraint("source IN ('customer', 'staff', 'import')", name="source"),
        CheckConstraint("before IS DISTINCT FROM after", name="changed"),
    )


class Property(TenantOwned, Model):
    """A place that can be leased or supplied. Coordinates in millionths of a degree."""

    __tablename__ = "properties"

    code: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str]
    city: Mapped[str]
    stratum: Mapped[int | None]
    latitude: Mapped[int | None]
    longitude: Mapped[int | None]
    batch_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (unique("code"), Index("ix_properties_batch", "tenant_id", "batch_id"))


class Account(TenantOwned, Model):
    """Whatever can be billed: a supply, a lease or a mandate."""

    __tablename__ = "accounts"

    kind: Mapped[str]
    number: Mapped[str]  # as the tenant prints it
    property_id: Mapped[uuid.UUID | None]
    address: Mapped[str]
    city: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    opened_on: Mapped[datetime.date | None]
    closed_on: Mapped[datetime.date | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # category, meter… shown, never decided on
    batch_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("kind", "number"),
        belongs_to("property_id", "properties"),
        Index("ix_accounts_number", "tenant_id", "number"),
        Index("ix_accounts_property", "tenant_id", "property_id"),
        Index("ix_accounts_batch", "tenant_id", "batch_id"),
        CheckConstraint("kind IN ('supply', 'lease', 'mandate')", name="kind"),
        CheckConstraint("status IN ('active', 'closed')", name="status"),
    )


class AccountParty(TenantOwned, Model):
    """Who stands behind an account in the tenant's books, and on which days (inclusive; None: no bound). `share` in
    millionths of the whole. Another share, or coming back, is another row: a day that is past keeps its answer."""

    __tablename__ = "account_parties"

    account_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID]
    role: Mapped[str]
    share: Mapped[int] = mapped_column(default=1_000_000)
    valid_from: Mapped[datetime.date | None]
    valid_until: Mapped[datetime.date | None]

    __table_args__ = (
        never_at_once("ex_account_parties_days", "account_id", "customer_id", "role"),
        Index("ix_account_parties_whose", "tenant_id", "account_id", "customer_id", "role"),
        belongs_to("account_id", "accounts", ondelete="CASCADE"),
        belongs_to("customer_id", "customers"),
        Index("ix_account_parties_customer", "tenant_id", "customer_id"),
        CheckConstraint("role IN ('holder', 'renter', 'owner')", name="role"),
        CheckConstraint("share > 0 AND share <= 1000000", name="share"),
        CheckConstraint("valid_until >= valid_from", name="days"),
    )


class Access(TenantOwned, Model):
    """What a user may do with an account, and from when until when (inclusive, tenant's days)."""

    __tablename__ = "access"

    user_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID]
    role: Mapped[str]
    can_see: Mapped[bool] = mapped_column(default=True)
    can_pay: Mapped[bool] = mapped_column(default=True)
    can_claim: Mapped[bool] = mapped_column(default=True)
    can_enrol: Mapped[bool] = mapped_column(default=True)
    main: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str | None]  # the user's own name for the account
    valid_from: Mapped[datetime.date | None]
    valid_until: Mapped[datetime.date | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        never_at_once("ex_access_days", "user_id", "account_id", "role", at_the_end=True),
        Index("ix_access_whose", "tenant_id", "user_id", "account_id", "role"),
        belongs_to("user_id", "users", ondelete="CASCADE"),
        belongs_to("account_id", "accounts", ondelete="CASCADE"),
        Index("ix_access_account", "tenant_id", "account_id"),
        Index("uq_access_main", "tenant_id", "user_id", unique=True, postgresql_where=text("main")),
        CheckConstraint("role IN ('holder', 'renter', 'owner', 'delegate')", name="role"),
        CheckConstraint("valid_until >= valid_from", name="days"),
    )
