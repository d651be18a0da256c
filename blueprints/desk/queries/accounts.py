"""Accounts as staff see them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from sqlalchemy import BigInteger, and_, desc, func, literal, select, tuple_, union

from blueprints.accounts.models import Access, Account, AccountParty, Customer, Property
from blueprints.desk.queries import SIZE, Line, first_page_of, like
from blueprints.invoices.models import Invoice
from blueprints.payments.models import Allocation, Payment
from saas.database import db
from saas.paging import Page, decode_cursor
from saas.refusals import NotFound
from tenants.people import User

INVOICES_SHOWN = 12
PAYMENTS_SHOWN = 12
USERS_SHOWN = 50


def find_accounts(
    words: str, cursor: str | None, *, customer_id: uuid.UUID | None = None, size: int = SIZE
) -> Page[Line]:
    """Accounts by number; `words` begin a number or are parts of a party's name.

    Columns: id, kind, number, address, city, status.
    """
    query = select(Account.id, Account.kind, Account.number, Account.address, Account.city, Account.status)
    if customer_id is not None:
        own = select(AccountParty.account_id).where(AccountParty.customer_id == customer_id)
        query = query.where(Account.id.in_(own))
    if words:
        named = (
            select(AccountParty.account_id)
            .join(
                Customer,
                and_(Customer.tenant_id == AccountParty.tenant_id, Customer.id == AccountParty.customer_id),
            )
            .where(*(Customer.plain_name.like(func.plain(f"%{like(word)}%")) for word in words.split()[:6]))
        )
        hits = union(select(Account.id).where(func.starts_with(Account.number, words)), named).subquery(
            "hits"
        )
        query = query.join(hits, hits.c.id == Account.id)
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Account.number, Account.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(Account.number, Account.id).limit(size + 1)).all()
    return first_page_of(rows, lambda row: (row.number, row.id), size)


def account(account_id: uuid.UUID) -> Line:
    """One account with the place it stands for. Raises NotFound."""
    row = db.session.execute(
        select(
            Account.id,
            Account.kind,
            Account.number,
            Account.address,
            Account.city,
            Account.status,
            Account.opened_on,
            Account.closed_on,
            Account.details,
            Property.code.label("property_code"),
        )
        .outerjoin(
            Property, and_(Property.tenant_id == Account.tenant_id, Property.id == Account.property_id)
        )
        .where(Account.id == account_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def parties_of(account_id: uuid.UUID) -> Sequence[Line]:
    """Who stands behind the account, with role, share (millionths) and from when until when."""
    return db.session.execute(
        select(
            Customer.id,
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            AccountParty.role,
            AccountParty.share,
            AccountParty.valid_from,
            AccountParty.valid_until,
        )
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Customer.tenant_id, AccountParty.customer_id == Customer.id),
        )
        .where(AccountParty.account_id == account_id)
        .order_by(
            AccountParty.role,
            AccountParty.valid_until.desc().nulls_first(),
            AccountParty.share.desc(),
            Customer.name,
        )
        .limit(100)
    ).all()


def users_of(account_id: uuid.UUID) -> Sequence[Line]:
    """Logins with an access row on the account."""
    return db.session.execute(
        select(
            User.id,
            User.name,
            User.email,
            User.status,
            Access.role,
            Access.can_pay,
            Access.valid_from,
            Access.valid_until,
        )
        .join(Access, and_(Access.tenant_id == User.tenant_id, Access.user_id == User.id))
        .where(Access.account_id == account_id)
        .order_by(User.name, User.id)
        .limit(USERS_SHOWN)
    ).all()


def invoices_of(account_id: uuid.UUID, cursor: str | None, size: int) -> Page[Line]:
    """The account's invoices, newest due date first."""
    query = select(
        Invoice.id,
        Invoice.number,
        Invoice.type_code,
        Invoice.period,
        Invoice.issued_on,
        Invoice.due_on,
        Invoice.second_due_on,
        Invoice.currency,
        Invoice.total,
        Invoice.open_amount,
        Invoice.void_at,
    ).where(Invoice.account_id == account_id)
    after = decode_cursor(cursor, (datetime.date, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Invoice.due_on, Invoice.id) < tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(desc(Invoice.due_on), desc(Invoice.id)).limit(size + 1)).all()
    return first_page_of(rows, lambda row: (row.due_on, row.id), size)


def payments_of(account_id: uuid.UUID) -> Sequence[Line]:
    """The last payments in which the account had a part, and how much of each went to it."""
    return db.session.execute(
        select(
            Payment.id,
            Payment.paid_on,
            Payment.method,
            Payment.reference,
            Payment.number,
            Payment.currency,
            func.sum(Allocation.amount - Allocation.reversed).cast(BigInteger).label("amount"),
            func.string_agg(Invoice.number, ", ").label("invoices"),
        )
        .join(
            Allocation,
            and_(Allocation.tenant_id == Payment.tenant_id, Allocation.payment_id == Payment.id),
        )
        .join(
            Invoice,
            and_(Invoice.tenant_id == Allocation.tenant_id, Invoice.id == Allocation.invoice_id),
        )
        .where(Invoice.account_id == account_id)
        .group_by(Payment.tenant_id, Payment.id)
        .order_by(desc(Payment.paid_on), desc(Payment.id))
        .limit(PAYMENTS_SHOWN)
    ).all()
