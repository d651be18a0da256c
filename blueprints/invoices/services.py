"""Verbs on invoices: issue one, void one."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from blueprints.invoices.models import Invoice, InvoiceLine, InvoiceType
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line in minor units. `kind` is charge, tax or withholding (given positive, stored negative)."""

    kind: str
    description: str
    amount: int


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """What is needed to demand money. Amounts follow from the lines."""

    number: str
    type_code: str
    account_id: uuid.UUID
    period: str
    issued_on: datetime.date
    due_on: datetime.date
    currency: str
    lines: Sequence[NewLine]
    second_due_on: datetime.date | None = None
    second_total: int | None = None
    payment_code: str | None = None
    fiscal_kind: str | None = None
    fiscal_id: str | None = None
    fiscal_due_on: datetime.date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def add_invoice_type(
    code: str, *, account_kind: str, books: str, names: Mapping[str, Any], payable_online: bool = True
) -> None:
    """Give the active tenant an invoice type. `names`: {"es": {"one": …, "many": …}, …}."""
    db.session.add(
        InvoiceType(
            id=new_id(),
            code=code,
            account_kind=account_kind,
            books=books,
            names=dict(names),
            payable_online=payable_online,
        )
    )
    db.session.flush()


def issue_invoice(new: NewInvoice) -> uuid.UUID:
    """Issue an invoice and post it. Returns its id. Raises Refusal for amounts that make no demand."""
    kind = db.session.execute(select(InvoiceType.books).where(InvoiceType.code == new.type_code)).scalar()
    if kind is None:
        raise Refusal(N_("There is no invoice type “%(code)s”."), code=new.type_code)
    subtotal = sum(line.amount for line in new.lines if line.kind == "charge")
    tax = sum(line.amount for line in new.lines if line.kind == "tax")
    withholding = sum(line.amount for line in new.lines if line.kind == "withholding")
    total = subtotal + tax - withholding
    if total <= 0:
        raise Refusal(N_("The total must be more than zero."))
    invoice_id = new_id()
    db.session.add(
        Invoice(
            id=invoice_id,
            number=new.number,
            type_code=new.type_code,
            account_id=new.account_id,
            period=new.period,
            issued_on=new.issued_on,
            due_on=new.due_on,
            second_due_on=new.second_due_on,
            currency=new.currency,
            subtotal=subtotal,
            tax=tax,
            withholding=withholding,
            total=total,
            second_total=new.second_total,
            open_amount=0,
            payment_code=new.payment_code,
            fiscal_kind=new.fiscal_kind,
            fiscal_id=new.fiscal_id,
            fiscal_due_on=new.fiscal_due_on,
            details=dict(new.details),
            created_at=now(),
        )
    )
    db.session.flush()
    db.session.add_all(
        InvoiceLine(
            id=new_id(),
            invoice_id=invoice_id,
            position=position,
            kind=line.kind,
            description=line.description,
            amount=-line.amount if line.kind == "withholding" else line.amount,
        )
        for position, line in enumerate(new.lines, start=1)
    )
    db.session.flush()
    post(
        f"invoice:{invoice_id}:issue",
        "invoice-issued",
        books.issue(
            books=kind,
            account_id=new.account_id,
            invoice_id=invoice_id,
            total=total,
            tax=tax,
            withholding=withholding,
        ),
        currency=new.currency,
        occurred_on=new.issued_on,
    )
    return invoice_id


def void_invoice(invoice_id: uuid.UUID, *, reason: str, today: datetime.date, actor: Actor = SYSTEM) -> None:
    """Take an unpaid invoice back. Raises NotFound, or Refusal when anything was paid on it."""
    row = db.session.execute(
        select(
            Invoice.number,
            Invoice.account_id,
            Invoice.total,
            Invoice.tax,
            Invoice.withholding,
            Invoice.open_amount,
            Invoice.currency,
            Invoice.void_at,
            InvoiceType.books,
        )
        .join(
            InvoiceType,
            (InvoiceType.tenant_id == Invoice.tenant_id) & (InvoiceType.code == Invoice.type_code),
        )
        .where(Invoice.id == invoice_id)
        .with_for_update(of=Invoice)
    ).first()
    if row is None:
        raise NotFound()
    if row.void_at is not None:
        return
    if row.open_amount != row.total:
        raise Refusal(N_("Something was already paid on this invoice."))
    lines = books.issue(
        books=row.books,
        account_id=row.account_id,
        invoice_id=invoice_id,
        total=row.total,
        tax=row.tax,
        withholding=row.withholding,
    )
    post(
        f"invoice:{invoice_id}:void",
        "invoice-voided",
        books.reversal(lines),
        currency=row.currency,
        occurred_on=today,
    )
    db.session.execute(
        update(Invoice)
        .where(Invoice.id == invoice_id)
        .values(void_at=now(), void_reason=reason, settled_on=None)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "invoice.voided",
        actor=actor,
        subject=("invoice", invoice_id),
        data={"number": row.number, "total": row.total, "currency": row.currency, "reason": reason},
    )
