"""What staff need to write a case down for somebody: who it is, and which contracts are theirs."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, literal, select, tuple_

from blueprints.accounts.finding import matching
from blueprints.accounts.models import Account, AccountParty, Customer, Property
from blueprints.cases.choices import MOST, Claimable
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound

PAGE = 15


@dataclass(frozen=True, slots=True)
class Found:
    """A customer among those that the words can mean."""

    id: uuid.UUID
    name: str
    document: str
    email: str | None
    phone: str | None
    city: str | None


def find(words: str, cursor: str | None = None, size: int = PAGE) -> Page[Found]:
    """Customers by name, a page at a time; one statement."""
    sort = Customer.plain_name.label("sort")
    query = matching(
        select(
            Customer.id,
            Customer.name,
            func.concat_ws(" ", Customer.document_kind, Customer.document_number).label("document"),
            Customer.email,
            Customer.phone,
            Customer.city,
            sort,
        ),
        words,
    )
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(sort, Customer.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(sort, Customer.id).limit(size + 1)).all()
    older = encode_cursor((rows[size - 1].sort, rows[size - 1].id)) if len(rows) > size else None
    return Page([Found(*row[:6]) for row in rows[:size]], older=older)


def customer(customer_id: uuid.UUID) -> Found:
    """One customer. Raises NotFound."""
    row = db.session.execute(
        select(
            Customer.id,
            Customer.name,
            func.concat_ws(" ", Customer.document_kind, Customer.document_number),
            Customer.email,
            Customer.phone,
            Customer.city,
        ).where(Customer.id == customer_id)
    ).first()
    if row is None:
        raise NotFound()
    return Found(*row)


def contracts_of(customer_id: uuid.UUID, today: datetime.date) -> Sequence[Claimable]:
    """Every contract in which the customer has or had a part, those in force first: who moved out may still ask about
    what was. One statement."""
    never = literal(datetime.date.max)
    until = func.max(
        func.least(func.coalesce(AccountParty.valid_until, never), func.coalesce(Account.closed_on, never))
    )
    rows = db.session.execute(
        select(
            Account.id,
            Account.kind,
            Account.number,
            Account.address,
            Account.property_id,
            Property.address.label("property_address"),
            until.label("until"),
        )
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Account.tenant_id, AccountParty.account_id == Account.id),
        )
        .outerjoin(
            Property, and_(Property.tenant_id == Account.tenant_id, Property.id == Account.property_id)
        )
        .where(AccountParty.customer_id == customer_id)
        .group_by(
            Account.id,
            Account.kind,
            Account.number,
            Account.address,
            Account.property_id,
            Property.address,
        )
        .order_by((until < today), Account.number, Account.id)
        .limit(MOST)
    )
    return [
        Claimable(
            row.id,
            row.kind,
            row.number,
            row.address or row.number,
            row.property_id,
            row.property_address or "",
            row.until if row.until < today else None,
        )
        for row in rows
    ]
