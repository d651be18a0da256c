"""Whether payments and the books agree: what `flask ledger check` asks besides balances of invoices."""

from __future__ import annotations

import uuid
from collections import defaultdict

from sqlalchemy import Uuid, and_, cast, func, or_, select

from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import CLEARING, CUSTOMER_CREDIT
from blueprints.payments.models import Allocation, Attempt, Payment
from blueprints.payments.refund_models import Credit, Dispute, Refund, Reversal
from saas.database import db


def differences() -> list[str]:
    """Every difference in the active tenant, one line each; empty when all agrees. Reads whole tables."""
    return [*_payments(), *_credit(), *_clearing()]


def _payments() -> list[str]:
    """Of each payment: what lies on invoices, what is credit and what went back is no more than came in, and what
    the invoices and credits lost is what refunds and disputes took."""
    allocated = _sums(Allocation.payment_id, Allocation.amount - Allocation.reversed)
    credited = _sums(Credit.payment_id, Credit.remaining)
    taken = _sums(Reversal.payment_id, Reversal.amount)
    wrong = []
    touched = or_(Payment.attempt_id.is_not(None), Payment.returned > 0)
    for row in db.session.execute(
        select(Payment.id, Payment.amount, Payment.returned).where(touched).order_by(Payment.id)
    ):
        if taken[row.id] != row.returned:
            wrong.append(f"payment {row.id}: {row.returned} went back, its reversals say {taken[row.id]}")
        placed = allocated[row.id] + credited[row.id]
        if placed != row.amount - row.returned:
            wrong.append(
                f"payment {row.id}: {row.amount} came, {row.returned} went back, {placed} lies somewhere"
            )
    return wrong


def _sums(key: object, amount: object) -> dict[uuid.UUID, int]:
    rows = db.session.execute(select(key, func.sum(amount)).group_by(key))  # type: ignore[call-overload]
    found: dict[uuid.UUID, int] = defaultdict(int)
    found.update({row[0]: int(row[1]) for row in rows})
    return found


def _credit() -> list[str]:
    """Of each account: the books' credit is the sum of its credits, and never below zero."""
    ours = _sums(Credit.account_id, Credit.remaining)
    rows = db.session.execute(
        select(LedgerAccount.account_id, func.sum(-Posting.amount).label("amount"))
        .join(
            Posting,
            and_(Posting.tenant_id == LedgerAccount.tenant_id, Posting.ledger_account_id == LedgerAccount.id),
        )
        .where(LedgerAccount.kind == CUSTOMER_CREDIT)
        .group_by(LedgerAccount.account_id)
    ).all()
    books = {row.account_id: int(row.amount) for row in rows}
    return [
        f"account {account_id}: credit {books.get(account_id, 0)} in the books, {ours[account_id]} in payments"
        for account_id in sorted(books.keys() | {key for key, amount in ours.items() if amount}, key=str)
        if books.get(account_id, 0) != ours[account_id] or books.get(account_id, 0) < 0
    ]


def _clearing() -> list[str]:
    """Of each provider account: money that the books say is there is what was captured, less what went back."""
    ours = {
        row.id: int(row.amount)
        for row in db.session.execute(
            select(
                Attempt.provider_account_id.label("id"),
                func.sum(Payment.amount - Payment.returned).label("amount"),
            )
            .join(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
            .group_by(Attempt.provider_account_id)
        )
    }
    books: dict[uuid.UUID, int] = defaultdict(int)
    for account_id, amount in _booked():
        books[account_id] += amount
    return [
        f"provider account {account_id}: {books[account_id]} in the books, {ours.get(account_id, 0)} in payments"
        for account_id in sorted(ours.keys() | books.keys(), key=str)
        if books[account_id] != ours.get(account_id, 0) or books[account_id] < 0
    ]


def _booked() -> list[tuple[uuid.UUID, int]]:
    """What entries moved of the money at providers, by provider account. An entry's key names its cause."""
    cause = cast(func.split_part(JournalEntry.business_key, ":", 2), Uuid)
    moved = (
        select(cause.label("cause"), func.sum(Posting.amount).label("amount"))
        .select_from(Posting)
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .where(
            LedgerAccount.kind == CLEARING,
            or_(
                *(
                    JournalEntry.business_key.startswith(f"{what}:")
                    for what in ("attempt", "refund", "dispute")
                )
            ),
        )
        .group_by(cause)
    )
    amounts = {row.cause: int(row.amount) for row in db.session.execute(moved)}
    found = []
    for model in (Refund, Dispute):
        rows = db.session.execute(
            select(model.id, Attempt.provider_account_id)
            .join(Payment, and_(Payment.tenant_id == model.tenant_id, Payment.id == model.payment_id))
            .join(Attempt, and_(Attempt.tenant_id == Payment.tenant_id, Attempt.id == Payment.attempt_id))
        )
        found += [(row.provider_account_id, amounts[row.id]) for row in rows if row.id in amounts]
    rows = db.session.execute(select(Attempt.id, Attempt.provider_account_id))
    found += [(row.provider_account_id, amounts[row.id]) for row in rows if row.id in amounts]
    return found
