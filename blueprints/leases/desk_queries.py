"""What staff read of leases: columns, a page at a time, a constant number of statements."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, tuple_, union

from blueprints.accounts.models import AccountParty, Customer, Property
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, LeaseCharge, LeaseRent, LeaseScenario
from blueprints.leases.terms import months_later
from saas.database import db
from saas.paging import Key, Page, decode_cursor, encode_cursor
from saas.refusals import NotFound

SIZE = 25
INVOICES_SHOWN = 8

Line = Row[*tuple[Any, ...]]  # one row of columns


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of all leases is listed. `ending` and `renewing` are days from `today`."""

    words: str = ""
    status: str = ""  # draft, active, ended; empty: those that are not over
    purpose: str = ""
    ending: int | None = None
    due: bool = False  # the rent may be adjusted before the month ends
    customer_id: uuid.UUID | None = None
    property_id: uuid.UUID | None = None


def cut(rows: Sequence[Line], key: Callable[[Line], tuple[Key, ...]], size: int = SIZE) -> Page[Line]:
    """The first `size` of the rows that were read (one more than a page), and the cursor of what follows."""
    kept = rows[:size]
    return Page(kept, older=encode_cursor(key(kept[-1])) if len(rows) > size else None)


def like(words: str) -> str:
    """A typed word as a pattern for LIKE, its own % and _ meaning themselves."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def same(model: Any, column: Any, other: Any) -> ColumnElement[bool]:
    """A join that stays inside the tenant, as the keys do."""
    return and_(model.tenant_id == other.tenant_id, model.id == column)


def leases(asked: Narrowed, cursor: str | None, today: datetime.date, size: int = SIZE) -> Page[Line]:
    """Leases by number. Columns: id, number, status, rent, currency, address, city, starts_on, term_until,
    ended_on, rent_since, renews, purpose, scenario_code, renters, owners (names)."""
    query = narrowed(listed(today), asked, today)
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Lease.number, Lease.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(Lease.number, Lease.id).limit(size + 1)).all()
    return cut(rows, lambda row: (row.number, row.id), size)


def listed(today: datetime.date) -> Select[*tuple[Any, ...]]:
    """`renters` and `owners` are those of today."""
    return (
        select(
            Lease.id,
            Lease.number,
            Lease.status,
            Lease.rent,
            Lease.currency,
            Property.address,
            Property.city,
            Lease.starts_on,
            Lease.term_until,
            Lease.ended_on,
            Lease.rent_since,
            Lease.renews,
            LeaseScenario.purpose,
            Lease.scenario_code,
            _names(Lease.lease_account_id, "renter", today).label("renters"),
            _names(Lease.mandate_account_id, "owner", today).label("owners"),
        )
        .join(Property, same(Property, Lease.property_id, Lease))
        .outerjoin(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
    )


def _names(account: Any, role: str, today: datetime.date) -> Any:
    return (
        select(func.string_agg(Customer.name, literal(", ")))
        .select_from(AccountParty)
        .join(Customer, same(Customer, AccountParty.customer_id, AccountParty))
        .where(
            AccountParty.tenant_id == Lease.tenant_id,
            AccountParty.account_id == account,
            AccountParty.role == role,
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= today),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= today),
        )
        .correlate(Lease)
        .scalar_subquery()
    )


def narrowed(
    query: Select[*tuple[Any, ...]], asked: Narrowed, today: datetime.date
) -> Select[*tuple[Any, ...]]:
    if asked.status in ("draft", "active", "ended"):
        query = query.where(Lease.status == asked.status)
    elif not asked.words and asked.customer_id is None and asked.property_id is None:
        query = query.where(Lease.status != "ended")
    if asked.purpose:
        query = query.where(LeaseScenario.purpose == asked.purpose)
    if asked.ending is not None:
        until = today + datetime.timedelta(days=asked.ending)
        query = query.where(
            Lease.status == "active",
            or_(Lease.ended_on.between(today, until), Lease.term_until.between(today, until)),
        )
    if asked.due:
        month_end = months_later(today.replace(day=1), 1) - datetime.timedelta(days=1)
        query = query.where(Lease.status == "active", Lease.rent_since <= months_later(month_end, -12))
    if asked.property_id is not None:
        query = query.where(Lease.property_id == asked.property_id)
    if asked.customer_id is not None:
        own = select(AccountParty.account_id).where(AccountParty.customer_id == asked.customer_id)
        query = query.where(or_(Lease.lease_account_id.in_(own), Lease.mandate_account_id.in_(own)))
    if asked.words:
        hits = _matching(asked.words)
        query = query.join(hits, hits.c.id == Lease.id)
    return query


def _matching(words: str) -> Any:
    """Leases that the words may mean: a number, a place, a document or a name. Each way has an index of its own."""
    bare = "".join(sign for sign in words.upper() if sign.isalnum())
    people = [func.starts_with(Customer.document_number, bare)] if bare[:1].isdigit() else []
    named = and_(*(Customer.plain_name.like(func.plain(f"%{like(word)}%")) for word in words.split()[:6]))
    accounts = (
        select(AccountParty.account_id)
        .join(Customer, same(Customer, AccountParty.customer_id, AccountParty))
        .where(or_(named, *people))
    )
    place = and_(
        *(func.lower(Property.address).like(f"%{like(word.lower())}%") for word in words.split()[:8])
    )
    return union(
        select(Lease.id).where(func.starts_with(Lease.number, words)),
        select(Lease.id).where(Lease.lease_account_id.in_(accounts)),
        select(Lease.id).where(Lease.mandate_account_id.in_(accounts)),
        select(Lease.id)
        .join(Property, same(Property, Lease.property_id, Lease))
        .where(or_(Property.code == words, place)),
    ).subquery("hits")


def lease(lease_id: uuid.UUID) -> Line:
    """One lease with its place and scenario. Raises NotFound."""
    row = db.session.execute(
        select(
            *(getattr(Lease, column.key) for column in Lease.__table__.columns if column.key != "tenant_id"),
            Property.code.label("property_code"),
            Property.kind.label("property_kind"),
            Property.address,
            Property.city,
            LeaseScenario.purpose,
            LeaseScenario.names.label("scenario_names"),
            LeaseScenario.rent_taxes,
            LeaseScenario.commission_taxes,
            LeaseScenario.cap,
            LeaseScenario.index_code,
        )
        .join(Property, same(Property, Lease.property_id, Lease))
        .outerjoin(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
        .where(Lease.id == lease_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def parties(row: Line) -> Sequence[Line]:
    """Renters and owners of a lease, with share (millionths) and from when until when."""
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
        .join(AccountParty, same(Customer, AccountParty.customer_id, AccountParty))
        .where(AccountParty.account_id.in_([row.lease_account_id, row.mandate_account_id]))
        .order_by(
            AccountParty.role.desc(),
            AccountParty.valid_until.desc().nulls_first(),
            AccountParty.valid_from,
            AccountParty.share.desc(),
            Customer.name,
        )
        .limit(100)
    ).all()


def present_parties(row: Line, role: str, today: datetime.date) -> Sequence[Line]:
    """Who it is today, or once the last change has begun; the largest share first."""
    account = row.mandate_account_id if role == "owner" else row.lease_account_id
    since = select(func.greatest(func.max(AccountParty.valid_from), today)).where(
        AccountParty.account_id == account, AccountParty.role == role
    )
    day = since.scalar_subquery()
    return db.session.execute(
        select(
            Customer.id,
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            AccountParty.share,
        )
        .join(AccountParty, same(Customer, AccountParty.customer_id, AccountParty))
        .where(
            AccountParty.account_id == account,
            AccountParty.role == role,
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= day),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= day),
        )
        .order_by(AccountParty.share.desc(), Customer.name)
        .limit(100)
    ).all()


def rents(lease_id: uuid.UUID) -> Sequence[Line]:
    """Newest first."""
    return db.session.execute(
        select(LeaseRent.valid_from, LeaseRent.rent, LeaseRent.reason, LeaseRent.index_code, LeaseRent.facts)
        .where(LeaseRent.lease_id == lease_id)
        .order_by(LeaseRent.valid_from.desc())
        .limit(60)
    ).all()


def charges(lease_id: uuid.UUID) -> Sequence[Line]:
    """Those that go on first, then the newest."""
    return db.session.execute(
        select(
            LeaseCharge.id,
            LeaseCharge.lease_id,
            LeaseCharge.kind,
            LeaseCharge.description,
            LeaseCharge.amount,
            LeaseCharge.taxed,
            LeaseCharge.from_period,
            LeaseCharge.until_period,
        )
        .where(LeaseCharge.lease_id == lease_id)
        .order_by(
            LeaseCharge.until_period.desc().nulls_first(), LeaseCharge.from_period.desc(), LeaseCharge.id
        )
        .limit(60)
    ).all()


def charge(charge_id: uuid.UUID) -> Line:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            LeaseCharge.id,
            LeaseCharge.lease_id,
            LeaseCharge.kind,
            LeaseCharge.description,
            LeaseCharge.amount,
            LeaseCharge.from_period,
            LeaseCharge.until_period,
            Lease.number,
            Lease.currency,
        )
        .join(Lease, same(Lease, LeaseCharge.lease_id, LeaseCharge))
        .where(LeaseCharge.id == charge_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def last_invoices(row: Line) -> Sequence[Line]:
    """The newest invoices of both accounts."""
    return db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Invoice.type_code,
            Invoice.account_id,
            Invoice.period,
            Invoice.due_on,
            Invoice.second_due_on,
            Invoice.currency,
            Invoice.total,
            Invoice.open_amount,
            Invoice.void_at,
        )
        .where(Invoice.account_id.in_([row.lease_account_id, row.mandate_account_id]))
        .order_by(Invoice.due_on.desc(), Invoice.id.desc())
        .limit(INVOICES_SHOWN)
    ).all()
