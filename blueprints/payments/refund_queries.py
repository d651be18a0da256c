"""What staff pages read of refunds, disputes, credit and what could not be applied: columns, paged by key."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Text, and_, cast, desc, func, literal, select
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Account, Customer
from blueprints.invoices.models import Invoice
from blueprints.payments.models import (
    Allocation,
    Attempt,
    Payment,
    QuarantinedPayment,
    Receipt,
)
from blueprints.payments.refund_models import Credit, Dispute, Refund, RefundPart
from blueprints.payments.rules import SURPLUS
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User
from tenants.provider_accounts import ProviderAccount

SIZE = 25
Line = Row[*tuple[Any, ...]]
NEEDS_STAFF = ("asked", "requested", "failed")


def _page(query: Select[*tuple[Any, ...]], key: Any, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """The newest first: ids grow with time."""
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(key < literal(after[0]))
    rows: list[Line] = list(db.session.execute(query.order_by(desc(key)).limit(size + 1)).all())
    older = encode_cursor((rows[size - 1].id,)) if len(rows) > size else None
    return Page(rows[:size], None, older)


def payment(payment_id: uuid.UUID) -> Line:
    """One payment with who paid it and by what. Raises NotFound."""
    row = db.session.execute(
        select(
            Payment.id,
            Payment.attempt_id,
            Payment.customer_id,
            Payment.amount,
            Payment.returned,
            Payment.currency,
            Payment.method,
            Payment.reference,
            Payment.paid_on,
            Payment.paid_at,
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Attempt.provider_reference,
            Attempt.mode,
            ProviderAccount.name.label("provider"),
            func.coalesce(Customer.name, User.name).label("payer"),
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
        .where(Payment.id == payment_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def paid_invoices(payment_id: uuid.UUID) -> Sequence[Line]:
    """What a payment paid: invoice, account, what came, what was taken off again."""
    return db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Invoice.period,
            Account.id.label("account_id"),
            Account.number.label("account_number"),
            Allocation.amount,
            Allocation.reversed,
        )
        .join(
            Allocation, and_(Allocation.tenant_id == Invoice.tenant_id, Allocation.invoice_id == Invoice.id)
        )
        .join(Account, and_(Account.tenant_id == Invoice.tenant_id, Account.id == Invoice.account_id))
        .where(Allocation.payment_id == payment_id)
        .order_by(Invoice.due_on, Invoice.number)
    ).all()


def credits_of(payment_id: uuid.UUID) -> Sequence[Line]:
    """What of a payment is credit."""
    return db.session.execute(
        select(Credit.id, Credit.remaining, Credit.amount, Account.number.label("account_number"))
        .join(Account, and_(Account.tenant_id == Credit.tenant_id, Account.id == Credit.account_id))
        .where(Credit.payment_id == payment_id)
        .order_by(Credit.id)
    ).all()


def _refunds() -> Select[*tuple[Any, ...]]:
    asker, requester, decider = aliased(User), aliased(User), aliased(User)

    def named(who: Any, column: Any) -> Any:
        return and_(who.tenant_id == Refund.tenant_id, who.id == column)

    return (
        select(
            Refund.id,
            Refund.payment_id,
            Refund.amount,
            Refund.currency,
            Refund.way,
            Refund.state,
            Refund.reason,
            Refund.reference,
            Refund.requested_at,
            Refund.decided_at,
            Refund.decision,
            Refund.sent_at,
            Refund.tries,
            Refund.event,
            Refund.problem,
            Refund.finished_at,
            Refund.requested_by,
            asker.name.label("asked_by"),
            requester.name.label("requester"),
            decider.name.label("decided_by"),
            Payment.paid_on,
            Payment.attempt_id,
            Payment.reference.label("payment_reference"),
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Customer.name.label("customer"),
        )
        .join(Payment, and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .outerjoin(
            Customer, and_(Customer.tenant_id == Payment.tenant_id, Customer.id == Payment.customer_id)
        )
        .outerjoin(asker, named(asker, Refund.asked_by))
        .outerjoin(requester, named(requester, Refund.requested_by))
        .outerjoin(decider, named(decider, Refund.decided_by))
    )


def refunds(state: str, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """Refunds of one state, or of all; "waiting" are those that staff must do something about."""
    query = _refunds()
    if state == "waiting":
        query = query.where(Refund.state.in_(NEEDS_STAFF))
    elif state:
        query = query.where(Refund.state == state)
    return _page(query, Refund.id, cursor, size)


def refund(refund_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_refunds().where(Refund.id == refund_id)).first()
    if row is None:
        raise NotFound()
    return row


def refunds_of(payment_id: uuid.UUID) -> Sequence[Line]:
    return db.session.execute(_refunds().where(Refund.payment_id == payment_id).order_by(Refund.id)).all()


def refund_parts(refund_id: uuid.UUID) -> Sequence[Line]:
    """From where a refund is taken; without a number it is credit."""
    return db.session.execute(
        select(RefundPart.invoice_id, RefundPart.amount, Invoice.number)
        .outerjoin(
            Invoice, and_(Invoice.tenant_id == RefundPart.tenant_id, Invoice.id == RefundPart.invoice_id)
        )
        .where(RefundPart.refund_id == refund_id)
        .order_by(Invoice.number)
    ).all()


def _disputes() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Dispute.id,
            Dispute.payment_id,
            Dispute.event,
            Dispute.state,
            Dispute.amount,
            Dispute.currency,
            Dispute.opened_at,
            Dispute.evidence_due,
            Dispute.answered_at,
            Dispute.answer,
            Dispute.closed_at,
            User.name.label("answered_by"),
            Payment.paid_on,
            Payment.reference.label("payment_reference"),
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Customer.name.label("customer"),
            ProviderAccount.name.label("provider"),
        )
        .join(Payment, and_(Payment.tenant_id == Dispute.tenant_id, Payment.id == Dispute.payment_id))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .outerjoin(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
        .outerjoin(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == Attempt.tenant_id,
                ProviderAccount.id == Attempt.provider_account_id,
            ),
        )
        .outerjoin(
            Customer, and_(Customer.tenant_id == Payment.tenant_id, Customer.id == Payment.customer_id)
        )
        .outerjoin(User, and_(User.tenant_id == Dispute.tenant_id, User.id == Dispute.answered_by))
    )


def disputes(closed: bool, cursor: str | None, size: int = SIZE) -> Page[Line]:
    return _page(_disputes().where((Dispute.state != "open") == closed), Dispute.id, cursor, size)


def disputes_of(payment_id: uuid.UUID) -> Sequence[Line]:
    return db.session.execute(_disputes().where(Dispute.payment_id == payment_id).order_by(Dispute.id)).all()


def dispute(dispute_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_disputes().where(Dispute.id == dispute_id)).first()
    if row is None:
        raise NotFound()
    return row


def _credits() -> Select[*tuple[Any, ...]]:
    """Credit with the payment that it came with, the invoice that it was meant for, and staff's task about it."""
    return (
        select(
            Credit.id,
            Credit.payment_id,
            Credit.account_id,
            Credit.invoice_id,
            Credit.remaining,
            Credit.amount,
            Credit.currency,
            Credit.created_at,
            Account.number.label("account_number"),
            Invoice.number.label("invoice_number"),
            Invoice.void_at,
            Payment.paid_on,
            Payment.method,
            Payment.reference,
            Payment.amount.label("paid"),
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Customer.name.label("customer"),
            QuarantinedPayment.id.label("task_id"),
            QuarantinedPayment.resolved_at,
            QuarantinedPayment.resolution,
        )
        .join(Account, and_(Account.tenant_id == Credit.tenant_id, Account.id == Credit.account_id))
        .join(Payment, and_(Payment.tenant_id == Credit.tenant_id, Payment.id == Credit.payment_id))
        .outerjoin(Invoice, and_(Invoice.tenant_id == Credit.tenant_id, Invoice.id == Credit.invoice_id))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .outerjoin(
            Customer, and_(Customer.tenant_id == Payment.tenant_id, Customer.id == Payment.customer_id)
        )
        .outerjoin(
            QuarantinedPayment,
            and_(
                QuarantinedPayment.tenant_id == Credit.tenant_id,
                QuarantinedPayment.attempt_id == Payment.attempt_id,
                QuarantinedPayment.kind == SURPLUS,
                QuarantinedPayment.data["invoice_id"].astext == cast(Credit.invoice_id, Text),
            ),
        )
    )


def credits(every: bool, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """Credit that lies on accounts: what nobody has decided about, or all."""
    query = _credits().where(Credit.remaining > 0)
    if not every:
        query = query.where(QuarantinedPayment.id.is_not(None), QuarantinedPayment.resolved_at.is_(None))
    return _page(query, Credit.id, cursor, size)


def credit(credit_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_credits().where(Credit.id == credit_id)).first()
    if row is None:
        raise NotFound()
    return row


def also_paid(invoice_id: uuid.UUID | None, but: uuid.UUID) -> Sequence[Line]:
    """The other payments that lie on an invoice."""
    return db.session.execute(
        select(
            Payment.id,
            Payment.paid_on,
            Payment.method,
            Payment.reference,
            Payment.amount,
            Payment.currency,
            (Allocation.amount - Allocation.reversed).label("on_invoice"),
            func.coalesce(Receipt.number, Payment.number).label("number"),
            Customer.name.label("customer"),
        )
        .join(
            Allocation, and_(Allocation.tenant_id == Payment.tenant_id, Allocation.payment_id == Payment.id)
        )
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .outerjoin(
            Customer, and_(Customer.tenant_id == Payment.tenant_id, Customer.id == Payment.customer_id)
        )
        .where(
            Allocation.invoice_id == invoice_id,
            Payment.id != but,
            Allocation.amount > Allocation.reversed,
        )
        .order_by(Payment.id)
        .limit(5)
    ).all()


def open_invoices(account_id: uuid.UUID, currency: str) -> Sequence[Line]:
    """What an account owes, the oldest first."""
    return db.session.execute(
        select(Invoice.id, Invoice.number, Invoice.due_on, Invoice.open_amount, Invoice.currency)
        .where(
            Invoice.account_id == account_id,
            Invoice.open_amount > 0,
            Invoice.void_at.is_(None),
            Invoice.currency == currency,
        )
        .order_by(Invoice.due_on, Invoice.id)
        .limit(20)
    ).all()


def waiting() -> dict[str, int]:
    """How much waits for staff: refunds, disputes, payments that were too much."""
    return {
        "refunds": _count(select(Refund.id).where(Refund.state.in_(NEEDS_STAFF))),
        "disputes": _count(select(Dispute.id).where(Dispute.state == "open", Dispute.answered_at.is_(None))),
        "doubles": _count(
            _credits()
            .with_only_columns(Credit.id)
            .where(
                Credit.remaining > 0,
                QuarantinedPayment.id.is_not(None),
                QuarantinedPayment.resolved_at.is_(None),
            )
        ),
        "quarantined": _count(
            select(QuarantinedPayment.id).where(
                QuarantinedPayment.resolved_at.is_(None), QuarantinedPayment.kind != SURPLUS
            )
        ),
    }


def _count(query: Select[*tuple[Any, ...]]) -> int:
    some = query.limit(1000).subquery()
    return int(db.session.execute(select(func.count()).select_from(some)).scalar_one())


def quarantine(resolved: bool, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """What could not be applied. Money that was too much has pages of its own."""
    query = _quarantined().where(
        QuarantinedPayment.kind != SURPLUS,
        QuarantinedPayment.resolved_at.is_not(None) if resolved else QuarantinedPayment.resolved_at.is_(None),
    )
    return _page(query, QuarantinedPayment.id, cursor, size)


def quarantined(quarantined_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_quarantined().where(QuarantinedPayment.id == quarantined_id)).first()
    if row is None:
        raise NotFound()
    return row


def _quarantined() -> Select[*tuple[Any, ...]]:
    return (
        select(
            QuarantinedPayment.id,
            QuarantinedPayment.kind,
            QuarantinedPayment.data,
            QuarantinedPayment.created_at,
            QuarantinedPayment.resolved_at,
            QuarantinedPayment.resolution,
            QuarantinedPayment.attempt_id,
            User.name.label("resolved_by"),
            Attempt.reference,
            Payment.id.label("payment_id"),
            ProviderAccount.name.label("provider"),
        )
        .outerjoin(
            User,
            and_(User.tenant_id == QuarantinedPayment.tenant_id, User.id == QuarantinedPayment.resolved_by),
        )
        .outerjoin(
            Attempt,
            and_(
                Attempt.tenant_id == QuarantinedPayment.tenant_id, Attempt.id == QuarantinedPayment.attempt_id
            ),
        )
        .outerjoin(Payment, and_(Payment.tenant_id == Attempt.tenant_id, Payment.attempt_id == Attempt.id))
        .outerjoin(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == QuarantinedPayment.tenant_id,
                ProviderAccount.id == QuarantinedPayment.provider_account_id,
            ),
        )
    )
