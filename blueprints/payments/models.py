"""Attempts to pay, what providers observed of them, the payments that came of it and their receipts."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class Attempt(TenantOwned, Model):
    """One try to pay frozen items at one provider. `reference` is what the provider knows it by.

    Started by a user or through a payment link. `payer` is who pays, frozen as providers are told;
    `facts` are the adapter's own notes; `secrets_version` says with which secrets it was started.
    """

    __tablename__ = "payment_attempts"

    reference: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    link_id: Mapped[uuid.UUID | None]
    provider_account_id: Mapped[uuid.UUID]
    secrets_version: Mapped[int] = mapped_column(default=1)
    mode: Mapped[str]
    state: Mapped[str]
    payer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str] = mapped_column(default="es")
    amount: Mapped[int]
    currency: Mapped[str]
    items_key: Mapped[str]  # digest of the chosen invoices: a second click finds the first attempt
    step: Mapped[dict[str, Any] | None]  # how the payer is sent away, kept so that it can be repeated
    asked_at: Mapped[datetime.datetime | None]  # when somebody went to fetch the step
    provider_reference: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    poll_at: Mapped[datetime.datetime | None]
    polls: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("reference"),
        belongs_to("user_id", "users"),
        belongs_to("link_id", "payment_links"),
        belongs_to("provider_account_id", "provider_accounts"),
        Index(
            "ix_payment_attempts_provider_reference",
            "tenant_id",
            "provider_account_id",
            "provider_reference",
            postgresql_where=text("provider_reference IS NOT NULL"),
        ),
        Index(
            "ix_payment_attempts_link",
            "tenant_id",
            "link_id",
            "created_at",
            postgresql_where=text("link_id IS NOT NULL"),
        ),
        CheckConstraint("(user_id IS NULL) <> (link_id IS NULL)", name="starter"),
        Index("ix_payment_attempts_user", "tenant_id", "user_id", text("created_at DESC")),
        Index(
            "ix_payment_attempts_poll", "tenant_id", "poll_at", postgresql_where=text("poll_at IS NOT NULL")
        ),
        CheckConstraint(
            "state IN ('created', 'pending', 'captured', 'failed', 'expired', 'canceled')", name="state"
        ),
        CheckConstraint("amount > 0", name="amount"),
    )


class PaymentLink(TenantOwned, Model):
    """A way to pay one invoice without logging in: it opens that and nothing else. Only the token's digest
    is kept; `customer_id` is whom it was made for."""

    __tablename__ = "payment_links"

    token_digest: Mapped[str]
    invoice_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    revoked_at: Mapped[datetime.datetime | None]
    revoked_by: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime.datetime | None]
    opened: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        unique("token_digest"),
        belongs_to("invoice_id", "invoices"),
        belongs_to("customer_id", "customers"),
        belongs_to("created_by", "users"),
        belongs_to("revoked_by", "users"),
        Index("ix_payment_links_invoice", "tenant_id", "invoice_id", text("created_at DESC")),
    )


class AttemptItem(TenantOwned, Model):
    """What an attempt pays, frozen when it started. While `open`, no other attempt may hold the invoice."""

    __tablename__ = "payment_attempt_items"

    attempt_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    surcharge: Mapped[int] = mapped_column(default=0)  # what of the amount the second due date added
    open: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        unique("attempt_id", "invoice_id"),
        belongs_to("attempt_id", "payment_attempts"),
        belongs_to("invoice_id", "invoices"),
        Index(
            "uq_payment_attempt_items_open",
            "tenant_id",
            "invoice_id",
            unique=True,
            postgresql_where=text("open"),
        ),
        CheckConstraint("amount > 0 AND surcharge >= 0 AND surcharge < amount", name="amount"),
    )


class ObservationRow(TenantOwned, Model):
    """What was observed of an attempt, once per dedupe key, and what it did."""

    __tablename__ = "payment_observations"

    provider_account_id: Mapped[uuid.UUID]
    dedupe_key: Mapped[str]
    attempt_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    provider_reference: Mapped[str]
    evidence: Mapped[str]
    raw_digest: Mapped[str]
    event: Mapped[str] = mapped_column(default="")  # the provider's own number of a refund or dispute
    refund: Mapped[str] = mapped_column(default="")  # the id of our refund, as the provider repeated it
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    occurred_at: Mapped[datetime.datetime]
    recorded_at: Mapped[datetime.datetime]
    effect: Mapped[str]

    __table_args__ = (
        unique("provider_account_id", "dedupe_key"),
        belongs_to("provider_account_id", "provider_accounts"),
        belongs_to("attempt_id", "payment_attempts"),
        Index("ix_payment_observations_attempt", "tenant_id", "attempt_id", "recorded_at"),
    )


class Payment(TenantOwned, Model):
    """Money that arrived: by an attempt, or outside as the tenant's books say.

    `returned` is what of it has gone back, by refunds and disputes; the rest lies on invoices or is credit.
    """

    __tablename__ = "payments"

    number: Mapped[str | None]  # the tenant's own receipt number, for payments made outside
    attempt_id: Mapped[uuid.UUID | None]
    customer_id: Mapped[uuid.UUID | None]
    paid_on: Mapped[datetime.date]
    paid_at: Mapped[datetime.datetime | None]
    amount: Mapped[int]
    returned: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    currency: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str]
    batch_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("attempt_id"),
        unique("number"),
        belongs_to("attempt_id", "payment_attempts"),
        belongs_to("customer_id", "customers"),
        Index("ix_payments_batch", "tenant_id", "batch_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("returned >= 0 AND returned <= amount", name="returned"),
    )


class Allocation(TenantOwned, Model):
    """Which part of a payment went to which invoice. `reversed` is what was taken off it again; `surcharge`
    what lateness added, of what is left. Bulk imports write rows without the last two."""

    __tablename__ = "payment_allocations"

    payment_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    reversed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    surcharge: Mapped[int] = mapped_column(default=0, server_default=text("0"))

    __table_args__ = (
        unique("payment_id", "invoice_id"),
        belongs_to("payment_id", "payments", ondelete="CASCADE"),
        belongs_to("invoice_id", "invoices"),
        Index("ix_payment_allocations_invoice", "tenant_id", "invoice_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("reversed >= 0 AND surcharge >= 0 AND reversed + surcharge <= amount", name="left"),
    )


class Receipt(TenantOwned, Model):
    """The proof given to the payer: rendered once, stored with its hash, served from there."""

    __tablename__ = "receipts"

    number: Mapped[str]
    payment_id: Mapped[uuid.UUID]
    verification_code: Mapped[str]
    file_id: Mapped[uuid.UUID | None]
    issued_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("number"),
        unique("payment_id"),
        unique("verification_code"),
        belongs_to("payment_id", "payments", ondelete="CASCADE"),
        belongs_to("file_id", "files"),
    )


class QuarantinedPayment(TenantOwned, Model):
    """What could not be applied: seen by staff, never lost. `kind` says what to do about it."""

    __tablename__ = "payment_quarantine"

    kind: Mapped[str]  # unknown-reference, amount-differs, currency-differs, mode-differs, surplus…
    provider_account_id: Mapped[uuid.UUID | None]
    attempt_id: Mapped[uuid.UUID | None]
    dedupe_key: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime]
    resolved_at: Mapped[datetime.datetime | None]
    resolved_by: Mapped[uuid.UUID | None]
    resolution: Mapped[str | None]

    __table_args__ = (
        unique("dedupe_key"),
        belongs_to("provider_account_id", "provider_accounts"),
        belongs_to("attempt_id", "payment_attempts"),
    )


class InboxRow(TenantOwned, Model):
    """A notice as it came in, byte for byte, before anybody believed it."""

    __tablename__ = "hook_inbox"

    provider_account_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    received_at: Mapped[datetime.datetime]
    state: Mapped[str]  # received, applied, forged, quarantined
    error: Mapped[str | None]
    times: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        unique("provider_account_id", "digest"),
        belongs_to("provider_account_id", "provider_accounts"),
        Index("ix_hook_inbox_state", "tenant_id", "state", "received_at"),
    )
