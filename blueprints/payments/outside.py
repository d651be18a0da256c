"""Payments that were made outside: at the bank, at the counter, as the tenant's books say."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.invoices.models import Invoice
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments.models import Allocation, Payment
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal


@dataclass(frozen=True, slots=True)
class OutsidePayment:
    """`items` are (invoice, amount in minor units); `number` the tenant's own receipt number, if it has one."""

    items: Sequence[tuple[uuid.UUID, int]]
    paid_on: datetime.date
    currency: str
    method: str
    reference: str
    number: str | None = None
    customer_id: uuid.UUID | None = None


def record_outside_payment(new: OutsidePayment, *, actor: Actor | None = SYSTEM) -> uuid.UUID:
    """Keep a payment and post it; what exceeds an invoice's first total is its surcharge for lateness.

    Returns the payment's id. Raises Refusal when an amount is more than the invoice can take. `actor` is None where
    the caller leaves one row of evidence for many payments.
    """
    payment_id = new_id()
    amount = sum(amount for _invoice, amount in new.items)
    db.session.add(
        Payment(
            id=payment_id,
            number=new.number,
            customer_id=new.customer_id,
            paid_on=new.paid_on,
            amount=amount,
            currency=new.currency,
            method=new.method,
            reference=new.reference,
            created_at=now(),
        )
    )
    db.session.flush()
    # What later capabilities book of it: the invoices' own money, without what lateness added.
    principals = [
        (invoice_id, _settle(payment_id, invoice_id, amount, new)) for invoice_id, amount in sorted(new.items)
    ]
    emit(
        "payment.captured",
        payment_id=payment_id,
        items=[(invoice_id, principal) for invoice_id, principal in principals if principal],
        currency=new.currency,
        paid_on=new.paid_on,
    )
    if actor is not None:
        audit.record(
            "payment.recorded",
            actor=actor,
            subject=("payment", payment_id),
            customer_id=new.customer_id,
            data={
                "amount": amount,
                "currency": new.currency,
                "paid_on": new.paid_on.isoformat(),
                "method": new.method,
                "reference": new.reference,
                "invoices": len(new.items),
            },
        )
    return payment_id


def _settle(payment_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, new: OutsidePayment) -> int:
    """Post what an invoice gets. Returns how much of it is no surcharge."""
    row = db.session.execute(
        select(Invoice.account_id, Invoice.open_amount, Invoice.total, Invoice.second_total, Invoice.due_on)
        .where(Invoice.id == invoice_id, Invoice.void_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise Refusal(N_("There is no such invoice."))
    late: int = max(amount - row.open_amount, 0)
    allowed = (row.second_total or row.total) - row.total
    if late > allowed or (late and new.paid_on <= row.due_on):
        raise Refusal(N_("The amount is more than what is owed on the invoice."))
    post(
        f"payment:{payment_id}:{invoice_id}:surcharge",
        "surcharge",
        books.surcharge(account_id=row.account_id, invoice_id=invoice_id, amount=late),
        currency=new.currency,
        occurred_on=new.paid_on,
    )
    db.session.add(Allocation(id=new_id(), payment_id=payment_id, invoice_id=invoice_id, amount=amount))
    db.session.flush()
    post(
        f"payment:{payment_id}:{invoice_id}",
        "payment",
        books.settle(source=books.CLEARING, account_id=row.account_id, invoice_id=invoice_id, amount=amount),
        currency=new.currency,
        occurred_on=new.paid_on,
    )
    return amount - late
