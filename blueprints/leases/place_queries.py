"""What staff read of places that are let, and of the scenarios of leases."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, exists, func, literal, or_, select, tuple_

from blueprints.accounts.models import Property
from blueprints.leases.desk_queries import SIZE, Line, cut, like
from blueprints.leases.models import Lease, LeaseScenario
from saas.database import db
from saas.paging import Page, decode_cursor
from saas.refusals import NotFound


def properties(words: str, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """Places by code. Columns: id, code, kind, address, city, stratum, let (whether a lease is in force)."""
    query = select(
        Property.id,
        Property.code,
        Property.kind,
        Property.address,
        Property.city,
        Property.stratum,
        exists(
            select(Lease.id).where(
                Lease.tenant_id == Property.tenant_id,
                Lease.property_id == Property.id,
                Lease.status == "active",
            )
        ).label("let"),
    )
    if words:
        place = and_(
            *(func.lower(Property.address).like(f"%{like(word.lower())}%") for word in words.split()[:8])
        )
        query = query.where(or_(func.starts_with(Property.code, words), place))
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Property.code, Property.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(Property.code, Property.id).limit(size + 1)).all()
    return cut(rows, lambda row: (row.code, row.id), size)


def place(property_id: uuid.UUID) -> Line:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            Property.id,
            Property.code,
            Property.kind,
            Property.address,
            Property.city,
            Property.stratum,
        ).where(Property.id == property_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def scenarios(*, active: bool = False) -> Sequence[Line]:
    query = select(
        LeaseScenario.id,
        LeaseScenario.code,
        LeaseScenario.names,
        LeaseScenario.purpose,
        LeaseScenario.rent_taxes,
        LeaseScenario.commission_taxes,
        LeaseScenario.index_code,
        LeaseScenario.cap,
        LeaseScenario.active,
    ).order_by(LeaseScenario.active.desc(), LeaseScenario.purpose.desc(), LeaseScenario.code)
    if active:
        query = query.where(LeaseScenario.active)
    return db.session.execute(query.limit(100)).all()
