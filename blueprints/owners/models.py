"""What the agency keeps of collected rent, and what it charges to owners. Minor units; rates in millionths."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class RentCommission(TenantOwned, Model):
    """On what terms one rent invoice bears commission: written with the first money that is collected on it, and the
    same for every later part, so that parts and reversals add up.

    `base` is the rent of the invoice without taxes and other charges, `rate` the commission in millionths of it,
    `taxes` a list of {"kind": "tax" | "withholding", "name": text, "rate": millionths} on the commission.
    """

    __tablename__ = "rent_commissions"

    rent_invoice_id: Mapped[uuid.UUID]
    mandate_account_id: Mapped[uuid.UUID]
    period: Mapped[str]
    currency: Mapped[str]
    base: Mapped[int]
    rent_total: Mapped[int]
    rate: Mapped[int]
    taxes: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("rent_invoice_id"),
        belongs_to("rent_invoice_id", "invoices"),
        belongs_to("mandate_account_id", "accounts"),
        Index("ix_rent_commissions_mandate", "tenant_id", "mandate_account_id", "period"),
        CheckConstraint("base >= 0 AND rent_total > 0", name="base"),
        CheckConstraint("rate > 0 AND rate < 1000000", name="rate"),
    )


class CommissionDocument(TenantOwned, Model):
    """One step of the commission on a rent invoice: an invoice when rent came in, a credit note when it went back.

    Amounts are never negative; `amounts` are those of the taxes, in the order of `RentCommission.taxes`. `source` is
    the event that asked for it.
    """

    __tablename__ = "commission_documents"

    commission_id: Mapped[uuid.UUID]
    position: Mapped[int]
    kind: Mapped[str]
    number: Mapped[str]
    invoice_id: Mapped[uuid.UUID | None]  # of an invoice: the invoice
    collected: Mapped[int]  # what was collected of the rent invoice when it was made
    charge: Mapped[int]
    amounts: Mapped[list[Any]] = mapped_column(default=list)
    tax: Mapped[int]
    withholding: Mapped[int]
    total: Mapped[int]
    currency: Mapped[str]
    issued_on: Mapped[datetime.date]
    source: Mapped[str]
    file_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("commission_id", "position"),
        unique("kind", "number"),
        unique("invoice_id"),
        belongs_to("commission_id", "rent_commissions"),
        belongs_to("invoice_id", "invoices"),
        belongs_to("file_id", "files"),
        CheckConstraint("kind IN ('credit-note', 'invoice')", name="kind"),
        CheckConstraint("(kind = 'invoice') = (invoice_id IS NOT NULL)", name="invoice"),
        CheckConstraint(
            "charge >= 0 AND tax >= 0 AND withholding >= 0 AND total >= 0"
            " AND total = charge + tax - withholding",
            name="amounts",
        ),
    )


class OwnerCharge(TenantOwned, Model):
    """What owners pay out of their rent: a repair, an insurance. `amount` is all of it, `tax` what of it is tax.

    The owners of `charged_on` bear it by share. `source_key` names what it comes from, once; `supplier` who is to be
    paid. A reversed one stays, and its reversal stands in the books on `reversed_on`.
    """

    __tablename__ = "owner_charges"

    number: Mapped[str]
    mandate_account_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    description: Mapped[str]
    supplier: Mapped[str]
    reference: Mapped[str]
    amount: Mapped[int]
    tax: Mapped[int]
    currency: Mapped[str]
    charged_on: Mapped[datetime.date]
    source_key: Mapped[str | None]  # such as case:<id>
    file_id: Mapped[uuid.UUID | None]
    made_by: Mapped[uuid.UUID | None]
    made_at: Mapped[datetime.datetime]
    reversed_on: Mapped[datetime.date | None]
    reversed_by: Mapped[uuid.UUID | None]
    reverse_reason: Mapped[str | None]

    __table_args__ = (
        unique("number"),
        unique("source_key"),
        belongs_to("mandate_account_id", "accounts"),
        belongs_to("file_id", "files"),
        belongs_to("made_by", "users"),
        belongs_to("reversed_by", "users"),
        Index("ix_owner_charges_mandate", "tenant_id", "mandate_account_id", "charged_on"),
        Index("ix_owner_charges_newest", "tenant_id", text("charged_on DESC"), text("id DESC")),
        CheckConstraint("kind IN ('repair', 'insurance', 'service', 'other')", name="kind"),
        CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name="amount"),
        CheckConstraint("(reversed_on IS NULL) = (reverse_reason IS NULL)", name="reversed"),
    )


class SupplierPayment(TenantOwned, Model):
    """The money that went to whoever did what owners were charged for: all of a charge, once. One that was recorded by
    mistake stays, and its reversal stands in the books on `reversed_on`."""

    __tablename__ = "supplier_payments"

    charge_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    paid_on: Mapped[datetime.date]
    method: Mapped[str]
    reference: Mapped[str]
    made_by: Mapped[uuid.UUID | None]
    made_at: Mapped[datetime.datetime]
    reversed_on: Mapped[datetime.date | None]
    reversed_by: Mapped[uuid.UUID | None]
    reverse_reason: Mapped[str | None]

    __table_args__ = (
        belongs_to("charge_id", "owner_charges"),
        belongs_to("made_by", "users"),
        belongs_to("reversed_by", "users"),
        Index(
            "uq_supplier_payments_charge",
            "tenant_id",
            "charge_id",
            unique=True,
            postgresql_where=text("reversed_on IS NULL"),
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(reversed_on IS NULL) = (reverse_reason IS NULL)", name="reversed"),
    )
