"""Money that goes back or belongs to no invoice: refunds, disputes, credit, and what each took off a payment."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class Refund(TenantOwned, Model):
    """Money of one payment to give back, in minor units; `id` is what a provider knows it by.

    `way`: provider, outside (by other means, with a `reference`), credit (it stays, on the account), or null
    while a customer's wish waits for staff. `told` is the most that the provider has said of it; `event` the
    provider's own number. One that was made at the provider's own pages has neither asker nor requester.
    """

    __tablename__ = "payment_refunds"

    payment_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    way: Mapped[str | None]
    state: Mapped[str]
    reason: Mapped[str]
    reference: Mapped[str | None]
    asked_by: Mapped[uuid.UUID | None]  # the customer's user whose wish it is
    requested_by: Mapped[uuid.UUID | None]
    requested_at: Mapped[datetime.datetime]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime.datetime | None]
    decision: Mapped[str | None]
    sent_at: Mapped[datetime.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    event: Mapped[str] = mapped_column(default="")
    told: Mapped[str] = mapped_column(default="")
    problem: Mapped[str | None]  # what the provider said when it could not
    finished_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        belongs_to("payment_id", "payments"),
        belongs_to("asked_by", "users"),
        belongs_to("requested_by", "users"),
        belongs_to("decided_by", "users"),
        Index("ix_payment_refunds_payment", "tenant_id", "payment_id"),
        Index(
            "uq_payment_refunds_event",
            "tenant_id",
            "payment_id",
            "event",
            unique=True,
            postgresql_where=text("event <> ''"),
        ),
        Index(
            "ix_payment_refunds_open",
            "tenant_id",
            "id",
            postgresql_where=text("state NOT IN ('done', 'rejected')"),
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("way IN ('provider', 'outside', 'credit')", name="way"),
        CheckConstraint(
            "state IN ('asked', 'requested', 'approved', 'sent', 'pending', 'done', 'failed', 'rejected')",
            name="state",
        ),
    )


class RefundPart(TenantOwned, Model):
    """From where a refund is taken: an invoice that the payment paid, or (null) its credit."""

    __tablename__ = "payment_refund_parts"

    refund_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID | None]
    amount: Mapped[int]

    __table_args__ = (
        unique("refund_id", "invoice_id", postgresql_nulls_not_distinct=True),
        belongs_to("refund_id", "payment_refunds", ondelete="CASCADE"),
        belongs_to("invoice_id", "invoices"),
        CheckConstraint("amount > 0", name="amount"),
    )


class Dispute(TenantOwned, Model):
    """The payer's bank takes a payment back until it is decided. `event` is the provider's number of it."""

    __tablename__ = "payment_disputes"

    payment_id: Mapped[uuid.UUID]
    event: Mapped[str]
    state: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    opened_at: Mapped[datetime.datetime]
    evidence_due: Mapped[datetime.datetime | None]  # until when the provider takes evidence
    answered_at: Mapped[datetime.datetime | None]  # when staff noted what they sent
    answered_by: Mapped[uuid.UUID | None]
    answer: Mapped[str | None]
    closed_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("payment_id", "event"),
        belongs_to("payment_id", "payments"),
        belongs_to("answered_by", "users"),
        Index("ix_payment_disputes_open", "tenant_id", "opened_at", postgresql_where=text("state = 'open'")),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
    )


class Credit(TenantOwned, Model):
    """Money of a payment that lies on an account and on no invoice. `invoice_id` is the invoice it was meant
    for: when that one opens again, this settles it (with the `surcharge` that was frozen for it)."""

    __tablename__ = "payment_credits"

    payment_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID | None]
    surcharge: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int]
    remaining: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("payment_id", "account_id", "invoice_id", postgresql_nulls_not_distinct=True),
        belongs_to("payment_id", "payments", ondelete="CASCADE"),
        belongs_to("account_id", "accounts"),
        belongs_to("invoice_id", "invoices"),
        Index(
            "ix_payment_credits_account", "tenant_id", "account_id", postgresql_where=text("remaining > 0")
        ),
        Index("ix_payment_credits_invoice", "tenant_id", "invoice_id"),
        CheckConstraint("remaining >= 0 AND remaining <= amount AND surcharge >= 0", name="remaining"),
    )


class CreditUse(TenantOwned, Model):
    """Credit that was put on an invoice by somebody. The id comes with the form, so a second click is the same."""

    __tablename__ = "payment_credit_uses"

    account_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    used_by: Mapped[uuid.UUID | None]
    used_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("account_id", "accounts"),
        belongs_to("invoice_id", "invoices"),
        belongs_to("used_by", "users"),
        Index("ix_payment_credit_uses_account", "tenant_id", "account_id", "used_at"),
        CheckConstraint("amount > 0", name="amount"),
    )


class Reversal(TenantOwned, Model):
    """What a refund or a dispute took off an invoice or a credit (positive), or gave back (negative)."""

    __tablename__ = "payment_reversals"

    payment_id: Mapped[uuid.UUID]
    refund_id: Mapped[uuid.UUID | None]
    dispute_id: Mapped[uuid.UUID | None]
    number: Mapped[int]  # of the case: part of the books' key
    invoice_id: Mapped[uuid.UUID | None]  # off an invoice…
    credit_id: Mapped[uuid.UUID | None]  # …or off a credit
    amount: Mapped[int]
    surcharge: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("payment_id", "payments"),
        belongs_to("refund_id", "payment_refunds"),
        belongs_to("dispute_id", "payment_disputes"),
        belongs_to("invoice_id", "invoices"),
        belongs_to("credit_id", "payment_credits"),
        Index("ix_payment_reversals_payment", "tenant_id", "payment_id"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(refund_id IS NULL) <> (dispute_id IS NULL)", name="one_case"),
        CheckConstraint("(invoice_id IS NULL) <> (credit_id IS NULL)", name="one_place"),
    )
