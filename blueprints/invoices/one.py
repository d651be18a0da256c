"""One invoice in reach, whole: what it asks for, line by line, and what the books say happened to it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices.models import Invoice, InvoiceLine, InvoiceType
from blueprints.invoices.queries import InvoiceLine as Listed
from blueprints.invoices.queries import columns, listed, may_pay
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import RECEIVABLE
from saas.database import db
from saas.refusals import NotFound
from tenants.context import Reach


@dataclass(frozen=True, slots=True)
class Line:
    """One line: kind charge, tax or withholding (negative), minor units."""

    kind: str
    description: str
    amount: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What an entry of the books did to the invoice: debit positive, minor units. `kind` is the entry's."""

    occurred_on: datetime.date
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment towards the invoice, told by payments. `address` is the endpoint and its values of the page
    that shows it (None when there is none)."""

    paid_on: datetime.date
    amount: int
    currency: str
    method: str
    reference: str
    address: tuple[str, Mapping[str, uuid.UUID]] | None = None


payments_of: list[Callable[[uuid.UUID], Sequence[PaymentLine]]] = []
"""Who knows the payments of an invoice. Payments come later in the order of capabilities and add themselves when the
process starts; each costs the page of one invoice a statement."""


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """Everything that the page and the document of one invoice show."""

    listed: Listed
    type_code: str
    account_kind: str
    account_city: str
    account_details: Mapping[str, Any]
    subtotal: int
    tax: int
    withholding: int
    second_total: int | None
    payment_code: str | None
    fiscal_kind: str | None
    fiscal_id: str | None
    fiscal_due_on: datetime.date | None
    details: Mapping[str, Any]
    void_reason: str | None
    document_file_id: uuid.UUID | None
    lines: Sequence[Line]
    movements: Sequence[Movement]
    payments: Sequence[PaymentLine]


def invoice(reach: Reach, invoice_id: uuid.UUID, *, language: str) -> InvoiceView:
    """One invoice with its lines, movements and payments: three statements and the providers' own.

    Raises NotFound when it is not in reach, exactly as when it does not exist.
    """
    mine = reachable(reach)
    row = db.session.execute(
        columns(language, may_pay(reach))
        .add_columns(
            Account.city.label("account_city"),
            Account.details.label("account_details"),
            Invoice.subtotal,
            Invoice.tax,
            Invoice.withholding,
            Invoice.payment_code,
            Invoice.fiscal_kind,
            Invoice.fiscal_id,
            Invoice.fiscal_due_on,
            Invoice.details,
            Invoice.void_reason,
            Invoice.document_file_id,
        )
        .select_from(mine)
        .join(Invoice, Invoice.account_id == mine.c.account_id)
        .join(Account, Account.id == Invoice.account_id)
        .join(InvoiceType, InvoiceType.code == Invoice.type_code)
        .where(Invoice.id == invoice_id, theirs(mine, Invoice.issued_on))
    ).first()
    if row is None:
        raise NotFound()
    return InvoiceView(
        listed=listed(row, reach.today),
        type_code=row.type_code,
        account_kind=row.account_kind,
        account_city=row.account_city,
        account_details=row.account_details,
        subtotal=row.subtotal,
        tax=row.tax,
        withholding=row.withholding,
        second_total=row.second_total,
        payment_code=row.payment_code,
        fiscal_kind=row.fiscal_kind,
        fiscal_id=row.fiscal_id,
        fiscal_due_on=row.fiscal_due_on,
        details=row.details,
        void_reason=row.void_reason,
        document_file_id=row.document_file_id,
        lines=_lines(invoice_id),
        movements=_movements(invoice_id),
        payments=[payment for found in payments_of for payment in found(invoice_id)],
    )


def _lines(invoice_id: uuid.UUID) -> list[Line]:
    rows = db.session.execute(
        select(InvoiceLine.kind, InvoiceLine.description, InvoiceLine.amount)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    )
    return [Line(row.kind, row.description, row.amount) for row in rows]


def _movements(invoice_id: uuid.UUID) -> list[Movement]:
    rows = db.session.execute(
        select(JournalEntry.occurred_on, JournalEntry.kind, Posting.amount)
        .select_from(Posting)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(and_(Posting.invoice_id == invoice_id, LedgerAccount.kind == RECEIVABLE))
        .order_by(JournalEntry.occurred_on, Posting.id)
    )
    return [Movement(row.occurred_on, row.kind, row.amount) for row in rows]
