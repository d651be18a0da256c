"""What payments tell earlier capabilities, and the jobs that they bring."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, and_, exists, func, select

from blueprints.invoices import one, queries
from blueprints.invoices.models import Invoice
from blueprints.payments import jobs
from blueprints.payments.models import Allocation, AttemptItem, Payment, Receipt
from blueprints.payments.titles import method_title
from saas.database import db

JOBS = jobs  # imported for its handlers


def _payments_of(invoice_id: uuid.UUID) -> list[one.PaymentLine]:
    """The payments of one invoice, which the caller has found to be in reach. A part of a larger payment
    shows this invoice's part; the page behind the link decides by itself what else may be seen."""
    rows = db.session.execute(
        select(
            Payment.id,
            Payment.paid_on,
            Allocation.amount,
            Payment.currency,
            Payment.method,
            func.coalesce(Receipt.number, Payment.number, Payment.reference).label("reference"),
        )
        .join(
            Allocation, and_(Allocation.tenant_id == Payment.tenant_id, Allocation.payment_id == Payment.id)
        )
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .where(Allocation.invoice_id == invoice_id)
        .order_by(Payment.paid_on, Payment.id)
    )
    return [
        one.PaymentLine(
            row.paid_on,
            row.amount,
            row.currency,
            method_title(row.method),
            row.reference,
            ("payments.receipt", {"receipt_id": row.id}),
        )
        for row in rows
    ]


def _held() -> ColumnElement[bool]:
    return exists().where(AttemptItem.invoice_id == Invoice.id, AttemptItem.open)


queries.in_process.append(_held)
one.payments_of.append(_payments_of)
