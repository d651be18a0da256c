"""Customers as staff see them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from blueprints.accounts.finding import matching
from blueprints.accounts.models import Access, Account, AccountParty, Customer
from blueprints.desk.queries import SIZE, Line, first_page_of
from blueprints.invoices.models import Invoice
from saas.database import db
from saas.paging import Page, decode_cursor
from saas.refusals import NotFound
from tenants.people import User

ACCOUNTS_SHOWN = 20
USERS_SHOWN = 50

Sums = Mapping[uuid.UUID, Sequence[tuple[str, int]]]


def find_customers(words: str, cursor: str | None, *, no_login: bool = False, size: int = SIZE) -> Page[Line]:
    """Customers by name; `words` are parts of a name, a document, an e-mail address or an account number.

    Columns: id, name, document_kind, document_number, email, phone, city, has_login.
    """
    sort = Customer.plain_name.label("sort")
    query = select(
        Customer.id,
        Customer.name,
        Customer.document_kind,
        Customer.document_number,
        Customer.email,
        Customer.phone,
        Customer.city,
        _has_login().label("has_login"),
        sort,
    )
    if words:
        query = matching(query, words)
    if no_login:
        query = query.where(~_has_login())
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(sort, Customer.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(sort, Customer.id).limit(size + 1)).all()
    return first_page_of(rows, lambda row: (row.sort, row.id), size)


def _has_login() -> ColumnElement[bool]:
    return exists(select(User.id).where(User.customer_id == Customer.id, User.status != "disabled"))


def customer(customer_id: uuid.UUID) -> Line:
    """One customer's own data. Raises NotFound."""
    row = db.session.execute(
        select(
            Customer.id,
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            Customer.email,
            Customer.phone,
            Customer.address,
            Customer.city,
            Customer.created_at,
        ).where(Customer.id == customer_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def accounts_of(customer_id: uuid.UUID) -> Sequence[Line]:
    """The first accounts in which the customer has a part or had one, open ones before closed ones; of each the last
    part, with its last day."""
    return db.session.execute(
        select(
            Account.id,
            Account.kind,
            Account.number,
            Account.address,
            Account.city,
            Account.status,
            AccountParty.role,
            AccountParty.share,
            AccountParty.valid_until,
        )
        .ext(distinct_on(Account.status, Account.number, AccountParty.role))
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Account.tenant_id, AccountParty.account_id == Account.id),
        )
        .where(AccountParty.customer_id == customer_id)
        .order_by(
            Account.status,
            Account.number,
            AccountParty.role,
            AccountParty.valid_until.desc().nulls_first(),
        )
        .limit(ACCOUNTS_SHOWN + 1)
    ).all()


def users_of(customer_id: uuid.UUID) -> Sequence[Line]:
    """Logins that reach the customer's accounts: the customer's own, and those with an access row."""
    own = select(AccountParty.account_id).where(AccountParty.customer_id == customer_id)
    reaches = select(Access.user_id).where(Access.account_id.in_(own))
    return db.session.execute(
        select(
            User.id,
            User.name,
            User.email,
            User.status,
            User.last_login_at,
            (User.customer_id == customer_id).label("own"),
            select(func.array_agg(Access.role.distinct()))
            .where(Access.user_id == User.id, Access.account_id.in_(own))
            .scalar_subquery()
            .label("roles"),
        )
        .where(or_(User.customer_id == customer_id, User.id.in_(reaches)))
        .order_by(User.name, User.id)
        .limit(USERS_SHOWN)
    ).all()


def owed_by_customer(customer_ids: Sequence[uuid.UUID]) -> Sums:
    """What is open on the accounts of each customer, in minor units per currency."""
    parts = (
        select(AccountParty.customer_id, AccountParty.account_id)
        .where(AccountParty.customer_id.in_(customer_ids))
        .distinct()
        .subquery("parts")
    )
    rows = db.session.execute(
        select(parts.c.customer_id, Invoice.currency, func.sum(Invoice.open_amount))
        .join(Invoice, Invoice.account_id == parts.c.account_id)
        .where(Invoice.open_amount > 0, Invoice.void_at.is_(None))
        .group_by(parts.c.customer_id, Invoice.currency)
    )
    return gathered(rows)


def owed_by_account(account_ids: Sequence[uuid.UUID]) -> Sums:
    """What is open on each account, in minor units per currency."""
    rows = db.session.execute(
        select(Invoice.account_id, Invoice.currency, func.sum(Invoice.open_amount))
        .where(Invoice.account_id.in_(account_ids), Invoice.open_amount > 0, Invoice.void_at.is_(None))
        .group_by(Invoice.account_id, Invoice.currency)
    )
    return gathered(rows)


def gathered(rows: Any) -> Sums:
    sums: dict[uuid.UUID, list[tuple[str, int]]] = {}
    for key, currency, amount in rows:
        sums.setdefault(key, []).append((currency, int(amount)))
    return sums
