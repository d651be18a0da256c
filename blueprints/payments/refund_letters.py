"""Letters about money that goes back, or that was too much."""

from __future__ import annotations

import uuid

from sqlalchemy import and_, func, select

from blueprints.payments import refund_rules
from blueprints.payments.letter_texts import CREDIT, REFUNDS, REJECTED
from blueprints.payments.models import Attempt, Payment, Receipt
from blueprints.payments.refund_models import Credit, Refund
from saas.database import db
from saas.mail import Letter
from saas.money import Money
from tenants.letters import address_of
from tenants.people import User
from tenants.worded_letters import Content, compose_worded


def refund_letter(refund_id: uuid.UUID) -> Letter | None:
    """Tell the payer that a refund was made; None when nobody is known to write to."""
    row = db.session.execute(
        _facts(Refund.amount, Refund.currency, Refund.way, Refund.reference, Refund.finished_at)
        .join(Refund, and_(Refund.tenant_id == Payment.tenant_id, Refund.payment_id == Payment.id))
        .where(Refund.id == refund_id)
    ).first()
    if row is None or not row.email:
        return None
    way = row.way or refund_rules.PROVIDER
    return compose_worded(
        REFUNDS[way],
        row.email,
        {
            "customer": row.name or row.email,
            "amount": Money(row.amount, row.currency),
            "paid_on": row.paid_on,
            "receipt": row.number,
            "reference": row.reference,
        },
        lambda: Content(url=address_of("payments.receipt", receipt_id=row.payment_id) if row.number else ""),
        language=row.language,
        kind="refund",
        about=f"refund:{refund_id}",
    )


def rejected_letter(refund_id: uuid.UUID) -> Letter | None:
    """Tell a customer whose wish was not fulfilled why; None when staff alone had asked."""
    row = db.session.execute(
        select(Refund.amount, Refund.currency, Refund.decision, User.name, User.email, User.language)
        .join(User, and_(User.tenant_id == Refund.tenant_id, User.id == Refund.asked_by))
        .where(Refund.id == refund_id)
    ).first()
    if row is None or not row.email:
        return None
    return compose_worded(
        REJECTED,
        row.email,
        {"customer": row.name, "amount": Money(row.amount, row.currency), "reason": row.decision},
        language=row.language,
        kind="refund",
        about=f"refund:{refund_id}",
    )


def credit_letter(payment_id: uuid.UUID) -> Letter | None:
    """Tell the payer that more came than was owed, and what can be done with it; None when it is spent already."""
    row = db.session.execute(
        _facts(
            func.sum(Credit.remaining).label("credit"), Payment.currency, func.min(Payment.amount).label("paid")
        )
        .join(Credit, and_(Credit.tenant_id == Payment.tenant_id, Credit.payment_id == Payment.id))
        .where(Payment.id == payment_id)
        .group_by(
            Payment.id, Payment.paid_on, Payment.currency, Receipt.number, User.name, User.email, User.language,
            Attempt.payer, Attempt.language,
        )
    ).first()  # fmt: skip
    if row is None or not row.email or not row.credit:
        return None
    return compose_worded(
        CREDIT,
        row.email,
        {
            "customer": row.name or row.email,
            "credit": Money(int(row.credit), row.currency),
            "paid_on": row.paid_on,
            "paid": Money(row.paid, row.currency),
            "receipt": row.number,
        },
        lambda: Content(url=address_of("payments.credit")),
        language=row.language,
        kind="refund",
        about=f"receipt:{payment_id}",
    )


def _facts(*columns: object):  # type: ignore[no-untyped-def]
    """Payments with whom to write to: the user who paid, or whoever a payment link was opened by."""
    return (
        select(
            Payment.id.label("payment_id"),
            Payment.paid_on,
            Receipt.number,
            func.coalesce(User.name, Attempt.payer["name"].astext).label("name"),
            func.coalesce(User.email, Attempt.payer["email"].astext).label("email"),
            func.coalesce(User.language, Attempt.language).label("language"),
            *columns,
        )
        .select_from(Payment)
        .outerjoin(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
        .outerjoin(User, and_(User.tenant_id == Attempt.tenant_id, User.id == Attempt.user_id))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
    )
