"""Invoices, their lines and their types."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class InvoiceType(TenantOwned, Model):
    """What kinds of demand a tenant makes: data, with own words. `books` names the posting rule."""

    __tablename__ = "invoice_types"

    code: Mapped[str]  # rent, commission, supply…
    account_kind: Mapped[str]
    names: Mapped[dict[str, Any]]  # {"es": {"one": …, "many": …}, "en": …}
    books: Mapped[str]
    payable_online: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (unique("code"),)


class Invoice(TenantOwned, Model):
    """A demand for money on one account. Amounts in minor units of `currency`.

    `open_amount` is a cache of the ledger's receivable, written only by ledger.services.post and checked
    by `flask ledger check`. `second_total` is what is owed from the day after `due_on` until `second_due_on`.
    """

    __tablename__ = "invoices"

    number: Mapped[str]
    type_code: Mapped[str]
    account_id: Mapped[uuid.UUID]
    period: Mapped[str]  # as sortable text: 2026-03, or 2026/2 of a two-month cycle
    issued_on: Mapped[datetime.date]
    due_on: Mapped[datetime.date]
    second_due_on: Mapped[datetime.date | None]
    currency: Mapped[str]
    subtotal: Mapped[int]
    tax: Mapped[int]
    withholding: Mapped[int]
    total: Mapped[int]
    second_total: Mapped[int | None]
    open_amount: Mapped[int] = mapped_column(default=0)
    settled_on: Mapped[datetime.date | None]
    void_at: Mapped[datetime.datetime | None]
    void_reason: Mapped[str | None]
    payment_code: Mapped[str | None]
    # Without leading zeros, as collectors may send it.
    bare_payment_code: Mapped[str | None] = mapped_column(
        Computed("ltrim(payment_code, '0')", persisted=True)
    )
    fiscal_kind: Mapped[str | None]  # cufe, cae
    fiscal_id: Mapped[str | None]
    fiscal_due_on: Mapped[datetime.date | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # consumption and the like, shown only
    document_file_id: Mapped[uuid.UUID | None]
    batch_id: Mapped[uuid.UUID | None]
    run_id: Mapped[uuid.UUID | None]  # the monthly run that made it
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("account_id", "accounts"),
        belongs_to("document_file_id", "files"),
        Index(
            "uq_invoices_number", "tenant_id", "number", unique=True, postgresql_where=text("void_at IS NULL")
        ),
        Index("ix_invoices_account", "tenant_id", "account_id", text("due_on DESC"), text("id DESC")),
        Index(
            "ix_invoices_open",
            "tenant_id",
            "account_id",
            "due_on",
            postgresql_where=text("open_amount > 0 AND void_at IS NULL"),
        ),
        Index("ix_invoices_batch", "tenant_id", "batch_id"),
        Index(
            "ix_invoices_payment_code",
            "tenant_id",
            "bare_payment_code",
            postgresql_where=text("bare_payment_code IS NOT NULL"),
        ),
        # What runs made: each account once a period, whoever runs twice. What came otherwise has an index of its own,
        # so that a row is written into one of the two only.
        Index(
            "uq_invoices_run",
            "tenant_id",
            "account_id",
            "period",
            "type_code",
            unique=True,
            postgresql_where=text("run_id IS NOT NULL AND void_at IS NULL"),
        ),
        Index(
            "ix_invoices_period",
            "tenant_id",
            "account_id",
            "period",
            postgresql_where=text("run_id IS NULL AND void_at IS NULL"),
        ),
        CheckConstraint("total > 0 AND subtotal >= 0 AND tax >= 0 AND withholding >= 0", name="amounts"),
        CheckConstraint("subtotal + tax - withholding = total", name="total"),
        CheckConstraint(
            "second_total IS NULL OR (second_total >= total AND second_due_on >= due_on)", name="second"
        ),
        CheckConstraint("open_amount >= 0", name="open"),
    )


class InvoiceLine(TenantOwned, Model):
    """One line: charge, tax or withholding (withholdings are negative)."""

    __tablename__ = "invoice_lines"

    invoice_id: Mapped[uuid.UUID]
    position: Mapped[int]
    kind: Mapped[str]
    description: Mapped[str]
    amount: Mapped[int]

    __table_args__ = (
        unique("invoice_id", "position"),
        belongs_to("invoice_id", "invoices", ondelete="CASCADE"),
        CheckConstraint("kind IN ('charge', 'tax', 'withholding')", name="kind"),
    )
