"""What pages read of payments: columns, and only what is in reach."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_, union

from blueprints.accounts.models import Account, Customer
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.payments.models import Allocation, Attempt, AttemptItem, Payment, Receipt
from saas.database import db
from saas.identity_numbers import written_document
from saas.paging import Page, decode_cursor, encode_cursor
from tenants.context import Reach
from tenants.people import User
from tenants.provider_accounts import ProviderAccount

PAGE = 20


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment in a list. `id` is also its receipt's id; `number` None: neither side gave one."""

    id: uuid.UUID
    number: str | None
    paid_on: datetime.date
    amount: int
    currency: str
    method: str
    invoices: int


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """What one invoice got of a payment, in minor units."""

    id: uuid.UUID
    number: str
    type_names: Mapping[str, Any]
    period: str
    account_number: str
    amount: int


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """Everything that a receipt says. `verification_code` is None for payments made outside."""

    id: uuid.UUID
    number: str | None
    verification_code: str | None
    file_id: uuid.UUID | None
    paid_on: datetime.date
    paid_at: datetime.datetime | None
    amount: int
    currency: str
    method: str
    reference: str
    provider: str | None
    provider_reference: str | None
    attempt_id: uuid.UUID | None
    payer_name: str | None
    payer_document: str | None
    payer_email: str | None
    payer_language: str | None
    by_link: bool
    invoices: Sequence[PaidInvoice]
    returned: int = 0  # what of it has gone back since, or is disputed

    @property
    def surplus(self) -> int:
        """What fitted no invoice and stays the customer's."""
        return self.amount - self.returned - sum(line.amount for line in self.invoices)


@dataclass(frozen=True, slots=True)
class AttemptStatus:
    """Where a payment stands. `receipt_id` once it was captured."""

    id: uuid.UUID
    reference: str
    state: str
    mode: str
    amount: int
    currency: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    step: Mapping[str, Any] | None
    provider: str
    receipt_id: uuid.UUID | None
    invoice_ids: Sequence[uuid.UUID]


@dataclass(frozen=True, slots=True)
class LinkedAttempt:
    """Where a payment through a link stands. `verification_code` once there is a receipt."""

    id: uuid.UUID
    reference: str
    state: str
    amount: int
    currency: str
    mode: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    step: Mapping[str, Any] | None
    email: str | None
    receipt_number: str | None
    verification_code: str | None


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What anybody who holds a code may know."""

    number: str
    paid_on: datetime.date
    amount: int
    currency: str
    returned: int = 0


def recent_payments(reach: Reach, limit: int = 5) -> list[PaymentLine]:
    """The newest payments in reach, newest first."""
    return [_line(row) for row in db.session.execute(_lines(reach).limit(limit))]


def payments_page(
    reach: Reach, *, before: str | None = None, after: str | None = None, size: int = PAGE
) -> Page[PaymentLine]:
    """One page of all payments in reach, newest first; the cursors are of this list."""
    key = tuple_(Payment.paid_on, Payment.id)
    older_than = decode_cursor(before, (datetime.date, uuid.UUID))
    newer_than = decode_cursor(after, (datetime.date, uuid.UUID))
    query = _lines(reach)
    if newer_than is not None:
        query = query.order_by(None).order_by(Payment.paid_on, Payment.id).where(key > newer_than)
    elif older_than is not None:
        query = query.where(key < older_than)
    lines = [_line(row) for row in db.session.execute(query.limit(size + 1))]
    more, lines = len(lines) > size, lines[:size]
    if newer_than is not None:
        lines.reverse()
    if not lines:
        return Page(lines)
    has_newer = more if newer_than is not None else older_than is not None
    has_older = True if newer_than is not None else more
    return Page(
        lines,
        newer=encode_cursor((lines[0].paid_on, lines[0].id)) if has_newer else None,
        older=encode_cursor((lines[-1].paid_on, lines[-1].id)) if has_older else None,
    )


def _lines(reach: Reach) -> Select[Any]:
    in_reach, own = _visible(reach)
    invoices = (
        select(func.count())
        .select_from(Allocation)
        .where(Allocation.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    return (
        select(
            Payment.id,
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Payment.paid_on,
            Payment.amount,
            Payment.currency,
            Payment.method,
            invoices.label("invoices"),
        )
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .where(Payment.id.in_(in_reach), own)
        .order_by(Payment.paid_on.desc(), Payment.id.desc())
    )


def _line(row: Any) -> PaymentLine:
    return PaymentLine(*row)


def _visible(reach: Reach) -> tuple[Any, ColumnElement[bool]]:
    """The payments that may be shown: those the person made, and those whose invoices all lie in reach.

    A payment that somebody else made for more than the shared account would tell what else they owe.
    """
    seen = reachable(reach, "see")
    touching = (
        select(Allocation.payment_id)
        .join(Invoice, and_(Invoice.tenant_id == Allocation.tenant_id, Invoice.id == Allocation.invoice_id))
        .join(seen, seen.c.account_id == Invoice.account_id)
        .where(theirs(seen, Invoice.issued_on))
    )
    own = _made_by(reach)
    also = reachable(reach, "see").alias("also")
    beyond = exists(
        select(Allocation.id)
        .join(Invoice, and_(Invoice.tenant_id == Allocation.tenant_id, Invoice.id == Allocation.invoice_id))
        .outerjoin(
            also,
            and_(also.c.account_id == Invoice.account_id, theirs(also, Invoice.issued_on)),
        )
        .where(Allocation.payment_id == Payment.id, also.c.account_id.is_(None))
        .correlate(Payment)
    )
    return union(touching, own), or_(Payment.id.in_(own), ~beyond)


def _made_by(reach: Reach) -> Select[Any]:
    if reach.customer_id is not None:
        return select(Payment.id).where(Payment.customer_id == reach.customer_id)
    return (
        select(Payment.id)
        .join(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
        .where(Attempt.user_id == reach.user_id)
    )


def receipt(reach: Reach, receipt_id: uuid.UUID) -> ReceiptFacts | None:
    """A receipt in reach; a payment made outside has one too, without code and file."""
    in_reach, own = _visible(reach)
    found = db.session.execute(
        select(Payment.id).where(Payment.id == receipt_id, Payment.id.in_(in_reach), own)
    ).scalar()
    return receipt_facts(found) if found is not None else None


def receipt_facts(receipt_id: uuid.UUID) -> ReceiptFacts | None:
    """What a receipt says, whoever asks: for documents and letters. Pages ask `receipt`."""
    row = db.session.execute(
        select(
            Payment.id,
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Receipt.verification_code,
            Receipt.file_id,
            Payment.paid_on,
            Payment.paid_at,
            Payment.amount,
            Payment.returned,
            Payment.currency,
            Payment.method,
            Payment.reference,
            ProviderAccount.name.label("provider"),
            Attempt.provider_reference,
            Payment.attempt_id,
            # Whoever paid through a link has told an address and is told nothing of the customer.
            case((Attempt.link_id.is_(None), func.coalesce(Customer.name, User.name))).label("payer_name"),
            case((Attempt.link_id.is_(None), Customer.document_kind)).label("document_kind"),
            case((Attempt.link_id.is_(None), Customer.document_number)).label("document_number"),
            func.coalesce(User.email, Attempt.payer["email"].astext).label("payer_email"),
            func.coalesce(User.language, Attempt.language).label("payer_language"),
            Attempt.link_id.is_not(None).label("by_link"),
        )
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .outerjoin(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
        .outerjoin(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == Attempt.tenant_id,
                ProviderAccount.id == Attempt.provider_account_id,
            ),
        )
        .outerjoin(User, and_(User.tenant_id == Attempt.tenant_id, User.id == Attempt.user_id))
        .outerjoin(
            Customer, and_(Customer.tenant_id == Payment.tenant_id, Customer.id == Payment.customer_id)
        )
        .where(Payment.id == receipt_id)
    ).first()
    if row is None:
        return None
    told = dict(row._mapping)
    document = written_document(told.pop("document_kind"), told.pop("document_number"))
    return ReceiptFacts(**told, payer_document=document or None, invoices=_paid_invoices(receipt_id))


def _paid_invoices(payment_id: uuid.UUID) -> list[PaidInvoice]:
    rows = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            InvoiceType.names,
            Invoice.period,
            Account.number,
            (Allocation.amount - Allocation.reversed).label("amount"),
        )
        .join(
            Allocation, and_(Allocation.tenant_id == Invoice.tenant_id, Allocation.invoice_id == Invoice.id)
        )
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .join(Account, and_(Account.tenant_id == Invoice.tenant_id, Account.id == Invoice.account_id))
        .where(Allocation.payment_id == payment_id, Allocation.amount > Allocation.reversed)
        .order_by(Invoice.due_on, Invoice.number)
    )
    return [PaidInvoice(*row) for row in rows]


def attempt(reach: Reach, attempt_id: uuid.UUID) -> AttemptStatus | None:
    """An attempt that the person started (or the customer's users, while staff look on)."""
    whose: ColumnElement[bool]
    if reach.customer_id is not None:
        whose = User.customer_id == reach.customer_id
    else:
        whose = Attempt.user_id == reach.user_id
    row = db.session.execute(
        select(
            Attempt.id,
            Attempt.reference,
            Attempt.state,
            Attempt.mode,
            Attempt.amount,
            Attempt.currency,
            Attempt.created_at,
            Attempt.expires_at,
            Attempt.step,
            ProviderAccount.name.label("provider"),
            Payment.id.label("receipt_id"),
        )
        .join(User, and_(User.tenant_id == Attempt.tenant_id, User.id == Attempt.user_id))
        .join(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == Attempt.tenant_id,
                ProviderAccount.id == Attempt.provider_account_id,
            ),
        )
        .outerjoin(Payment, and_(Payment.tenant_id == Attempt.tenant_id, Payment.attempt_id == Attempt.id))
        .where(Attempt.id == attempt_id, whose)
    ).first()
    if row is None:
        return None
    items = db.session.execute(select(AttemptItem.invoice_id).where(AttemptItem.attempt_id == attempt_id))
    return AttemptStatus(**row._mapping, invoice_ids=[item.invoice_id for item in items])


def linked_attempt(reference: str) -> LinkedAttempt | None:
    """An attempt that was started through a payment link, by its reference: what may be shown to whoever has it."""
    row = db.session.execute(
        select(
            Attempt.id,
            Attempt.reference,
            Attempt.state,
            Attempt.amount,
            Attempt.currency,
            Attempt.mode,
            Attempt.created_at,
            Attempt.expires_at,
            Attempt.step,
            Attempt.payer["email"].astext.label("email"),
            Receipt.number.label("receipt_number"),
            Receipt.verification_code,
        )
        .outerjoin(Payment, and_(Payment.tenant_id == Attempt.tenant_id, Payment.attempt_id == Attempt.id))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .where(Attempt.reference == reference, Attempt.link_id.is_not(None))
    ).first()
    return LinkedAttempt(**row._mapping) if row is not None else None


def reference_of(attempt_id: uuid.UUID) -> str:
    """What an attempt is called outside."""
    return db.session.execute(select(Attempt.reference).where(Attempt.id == attempt_id)).scalar_one()


def invoices_in_process(invoice_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Which of these invoices an open attempt holds."""
    rows = db.session.execute(
        select(AttemptItem.invoice_id).where(AttemptItem.open, AttemptItem.invoice_id.in_(list(invoice_ids)))
    )
    return frozenset(row.invoice_id for row in rows)


def checked_receipt(code: str) -> CheckedReceipt | None:
    """The receipt that a verification code stands for: only what a third person may know."""
    row = db.session.execute(
        select(Receipt.number, Payment.paid_on, Payment.amount, Payment.currency, Payment.returned)
        .join(Payment, and_(Payment.tenant_id == Receipt.tenant_id, Payment.id == Receipt.payment_id))
        .where(Receipt.verification_code == code)
    ).first()
    return CheckedReceipt(*row) if row is not None else None
