"""What staff read of price indexes."""

from __future__ import annotations

import uuid

from sqlalchemy import literal, select, tuple_

from blueprints.leases.desk_queries import SIZE, Line, cut
from blueprints.leases.models import PriceIndex
from saas.database import db
from saas.paging import Page, decode_cursor


def values(cursor: str | None, size: int = SIZE) -> Page[Line]:
    """Values of all indexes, the newest period first."""
    query = select(
        PriceIndex.id,
        PriceIndex.code,
        PriceIndex.period,
        PriceIndex.value,
        PriceIndex.source,
        PriceIndex.published_on,
    )
    after = decode_cursor(cursor, (str, uuid.UUID))
    if after is not None:
        query = query.where(
            tuple_(PriceIndex.period, PriceIndex.id) < tuple_(literal(after[0]), literal(after[1]))
        )
    rows = db.session.execute(
        query.order_by(PriceIndex.period.desc(), PriceIndex.id.desc()).limit(size + 1)
    ).all()
    return cut(rows, lambda row: (row.period, row.id), size)
