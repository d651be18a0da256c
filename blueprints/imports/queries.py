"""What the pages about imports read."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import Row, func, select, tuple_

from blueprints.imports.models import ImportBatch, ImportRefusal
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User

PAGE = 20
REFUSALS_SHOWN = 100


def batches(cursor: str | None = None, size: int = PAGE) -> Page[Row[Any]]:
    """The tenant's imports, the newest first."""
    query = (
        select(
            ImportBatch.id,
            ImportBatch.profile,
            ImportBatch.file_name,
            ImportBatch.mode,
            ImportBatch.dry_run,
            ImportBatch.state,
            ImportBatch.rows_read,
            ImportBatch.created,
            ImportBatch.updated,
            ImportBatch.unchanged,
            ImportBatch.refused,
            ImportBatch.created_at,
        )
        .order_by(ImportBatch.created_at.desc(), ImportBatch.id.desc())
        .limit(size + 1)
    )
    start = decode_cursor(cursor, (datetime.datetime, uuid.UUID))
    if start and None not in start:
        query = query.where(tuple_(ImportBatch.created_at, ImportBatch.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[size - 1].created_at, rows[size - 1].id)) if len(rows) > size else None
    return Page(rows[:size], None, older)


def batch(batch_id: uuid.UUID) -> Row[Any]:
    """One import with who started it. Raises NotFound."""
    row = db.session.execute(
        select(
            ImportBatch.id,
            ImportBatch.profile,
            ImportBatch.file_name,
            ImportBatch.file_id,
            ImportBatch.mode,
            ImportBatch.dry_run,
            ImportBatch.state,
            ImportBatch.detected,
            ImportBatch.rows_read,
            ImportBatch.rows_done,
            ImportBatch.created,
            ImportBatch.updated,
            ImportBatch.unchanged,
            ImportBatch.refused,
            ImportBatch.problem,
            ImportBatch.undo,
            ImportBatch.created_at,
            ImportBatch.finished_at,
            ImportBatch.undone_at,
            User.name.label("created_by_name"),
        )
        .outerjoin(User, (User.tenant_id == ImportBatch.tenant_id) & (User.id == ImportBatch.created_by))
        .where(ImportBatch.id == batch_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def problems(batch_id: uuid.UUID, limit: int | None = None) -> list[Row[Any]]:
    """What is wrong with the rows of a batch, in their order; refusals and warnings."""
    query = (
        select(
            ImportRefusal.row_number,
            ImportRefusal.column,
            ImportRefusal.value,
            ImportRefusal.msgid,
            ImportRefusal.facts,
            ImportRefusal.refuses,
        )
        .where(ImportRefusal.batch_id == batch_id)
        .order_by(ImportRefusal.row_number, ImportRefusal.id)
    )
    return list(db.session.execute(query if limit is None else query.limit(limit)).all())


def count_problems(batch_id: uuid.UUID) -> int:
    return db.session.execute(
        select(func.count()).select_from(ImportRefusal).where(ImportRefusal.batch_id == batch_id)
    ).scalar_one()
