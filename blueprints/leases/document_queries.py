"""What is read of the papers of leases."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, literal, select, tuple_

from blueprints.accounts.models import Property
from blueprints.leases.desk_queries import SIZE, Line, cut, same
from blueprints.leases.models import Lease, LeaseDocument
from saas.database import db
from saas.files import StoredFileRow
from saas.paging import Page, decode_cursor
from saas.refusals import NotFound


def documents(lease_id: uuid.UUID) -> Sequence[Line]:
    """The papers of a lease that count, the ones replaced after them."""
    return db.session.execute(
        documents_listed()
        .where(LeaseDocument.lease_id == lease_id)
        .order_by(
            LeaseDocument.current.desc(),
            LeaseDocument.kind,
            LeaseDocument.title,
            LeaseDocument.version.desc(),
        )
        .limit(100)
    ).all()


def documents_listed() -> Select[*tuple[Any, ...]]:
    return select(
        LeaseDocument.id,
        LeaseDocument.lease_id,
        LeaseDocument.kind,
        LeaseDocument.title,
        LeaseDocument.file_id,
        LeaseDocument.version,
        LeaseDocument.expires_on,
        LeaseDocument.for_renter,
        LeaseDocument.for_owner,
        LeaseDocument.current,
        LeaseDocument.added_at,
        StoredFileRow.name.label("file_name"),
        StoredFileRow.media_type,
        StoredFileRow.size,
    ).join(StoredFileRow, same(StoredFileRow, LeaseDocument.file_id, LeaseDocument))


def expiring(until: datetime.date, cursor: str | None, size: int = SIZE) -> Page[Line]:
    """Papers that are over or will be by a day, the earliest first; of leases that are not over."""
    query = (
        documents_listed()
        .add_columns(Lease.number, Property.address)
        .join(Lease, same(Lease, LeaseDocument.lease_id, LeaseDocument))
        .join(Property, same(Property, Lease.property_id, Lease))
        .where(LeaseDocument.current, LeaseDocument.expires_on <= until, Lease.status != "ended")
    )
    after = decode_cursor(cursor, (datetime.date, uuid.UUID))
    if after is not None:
        query = query.where(
            tuple_(LeaseDocument.expires_on, LeaseDocument.id) > tuple_(literal(after[0]), literal(after[1]))
        )
    rows = db.session.execute(
        query.order_by(LeaseDocument.expires_on, LeaseDocument.id).limit(size + 1)
    ).all()
    return cut(rows, lambda row: (row.expires_on, row.id), size)


def document(document_id: uuid.UUID) -> Line:
    """One paper, whatever its version. Raises NotFound."""
    row = db.session.execute(documents_listed().where(LeaseDocument.id == document_id)).first()
    if row is None:
        raise NotFound()
    return row
