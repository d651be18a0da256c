"""The credit that a reader may know of: of accounts in reach, and only what came since they are theirs."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, exists, func, select

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.standing_credit import StandingCredit
from blueprints.payments.models import Payment
from blueprints.payments.refund_models import Credit, Refund, RefundPart
from blueprints.payments.refund_rules import HOLDING
from saas.database import db
from tenants.context import Reach

PAGE_OF_CREDIT = "payments.credit"


@dataclass(frozen=True, slots=True)
class AccountCredit:
    """An account's credit for its reader. `sees_from`: what came before may be somebody else's."""

    account_id: uuid.UUID
    number: str
    address: str
    currency: str
    amount: int
    sees_from: datetime.date | None
    may_pay: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Credit that was asked back: how much, when, and what staff said."""

    amount: int
    currency: str
    requested_at: datetime.datetime
    state: str


def has_credit(accounts: FromClause) -> ColumnElement[bool]:
    """Whether any account of a subquery has credit; who it belongs to is found out by `credit_in_reach`."""
    return exists(select(Credit.id).where(Credit.account_id == accounts.c.account_id, Credit.remaining > 0))


def credit_in_reach(reach: Reach, account_id: uuid.UUID | None = None) -> list[AccountCredit]:
    """The credit of accounts in reach, by account and currency."""
    # Whose days are over asks the staff: by itself, credit is for who has the account now.
    mine = reachable(reach, now=True)
    payable = reachable(reach, "pay", now=True).alias("payable")
    query = (
        select(
            Credit.account_id,
            Account.number,
            Account.address,
            Credit.currency,
            func.sum(Credit.remaining).label("amount"),
            mine.c.sees_from,
            payable.c.account_id.is_not(None).label("may_pay"),
        )
        .join(mine, mine.c.account_id == Credit.account_id)
        .join(Account, and_(Account.tenant_id == Credit.tenant_id, Account.id == Credit.account_id))
        .join(Payment, and_(Payment.tenant_id == Credit.tenant_id, Payment.id == Credit.payment_id))
        .outerjoin(payable, payable.c.account_id == Credit.account_id)
        .where(Credit.remaining > 0, theirs(mine, Payment.paid_on))
        .group_by(
            Credit.account_id,
            Account.number,
            Account.address,
            Credit.currency,
            mine.c.sees_from,
            payable.c.account_id,
        )
        .order_by(Account.number, Credit.currency)
    )
    if account_id is not None:
        query = query.where(Credit.account_id == account_id)
    return [
        AccountCredit(
            row.account_id,
            row.number,
            row.address,
            row.currency,
            int(row.amount),
            row.sees_from,
            row.may_pay,
        )
        for row in db.session.execute(query)
    ]


def told_credit(reach: Reach, account_id: uuid.UUID | None) -> Sequence[StandingCredit]:
    """The same, for pages of invoices."""
    return [
        StandingCredit(line.account_id, line.number, line.amount, line.currency, PAGE_OF_CREDIT)
        for line in credit_in_reach(reach, account_id)
    ]


def asked_back(reach: Reach) -> list[Asked]:
    """What the reader asked back of credit and what is not decided yet."""
    if reach.user_id is None:
        return []
    rows = db.session.execute(
        select(Refund.amount, Refund.currency, Refund.requested_at, Refund.state)
        .where(
            Refund.asked_by == reach.user_id,
            Refund.state.in_(HOLDING),
            Refund.id.in_(select(RefundPart.refund_id).where(RefundPart.invoice_id.is_(None))),
        )
        .order_by(Refund.id)
    )
    return [Asked(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Payable:
    """An invoice that credit could pay."""

    id: uuid.UUID
    number: str
    type_names: dict[str, object]
    period: str
    currency: str
    total: int
    second_total: int | None
    open_amount: int
    due_on: datetime.date
    second_due_on: datetime.date | None


def payable_with(reach: Reach, account_id: uuid.UUID, currency: str) -> list[Payable]:
    """What an account in reach owes and the reader may pay, the oldest first."""
    mine = reachable(reach, "pay", now=True)
    rows = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            InvoiceType.names,
            Invoice.period,
            Invoice.currency,
            Invoice.total,
            Invoice.second_total,
            Invoice.open_amount,
            Invoice.due_on,
            Invoice.second_due_on,
        )
        .join(mine, mine.c.account_id == Invoice.account_id)
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(
            Invoice.account_id == account_id,
            Invoice.currency == currency,
            Invoice.open_amount > 0,
            Invoice.void_at.is_(None),
            theirs(mine, Invoice.issued_on),
        )
        .order_by(Invoice.due_on, Invoice.id)
        .limit(40)
    )
    return [Payable(*row) for row in rows]
