"""What payments tell earlier capabilities, and the jobs that they bring."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, func, select

from blueprints.invoices import one, queries, standing_credit, under_way
from blueprints.invoices.models import Invoice
from blueprints.invoices.under_way import UnderWay
from blueprints.payments import jobs
from blueprints.payments.credit_queries import has_credit, told_credit
from blueprints.payments.models import Allocation, Attempt, AttemptItem, Payment, Receipt
from blueprints.payments.rules import PENDING
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
            (Allocation.amount - Allocation.reversed).label("amount"),
            Payment.currency,
            Payment.method,
            func.coalesce(Receipt.number, Payment.number, Payment.reference).label("reference"),
        )
        .join(
            Allocation, and_(Allocation.tenant_id == Payment.tenant_id, Allocation.payment_id == Payment.id)
        )
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .where(Allocation.invoice_id == invoice_id, Allocation.amount > Allocation.reversed)
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


def _own(user_id: uuid.UUID, invoice_ids: Sequence[uuid.UUID]) -> list[UnderWay]:
    """The user's own open attempts that hold any of these invoices, the newest first."""
    rows = db.session.execute(
        select(Attempt.id, Attempt.amount, Attempt.currency, Attempt.created_at, Attempt.state)
        .where(
            Attempt.user_id == user_id,
            Attempt.id.in_(
                select(AttemptItem.attempt_id).where(
                    AttemptItem.open, AttemptItem.invoice_id.in_(list(invoice_ids))
                )
            ),
        )
        .order_by(Attempt.created_at.desc(), Attempt.id)
    )
    return [
        UnderWay(
            row.amount,
            row.currency,
            row.created_at,
            row.state == PENDING,
            ("payments.status", {"attempt_id": row.id}),
        )
        for row in rows
    ]


queries.in_process.append(_held)
standing_credit.conditions.append(has_credit)
standing_credit.told_by.append(told_credit)
under_way.told_by.append(_own)
one.payments_of.append(_payments_of)
