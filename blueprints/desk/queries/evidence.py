"""Audit rows as people read them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from sqlalchemy import desc, func, literal, select

from blueprints.desk.queries import SIZE, Line, first_page_of, like
from saas.audit import AuditRow
from saas.database import db
from saas.paging import Page, decode_cursor

LAST = 10

_COLUMNS = (
    AuditRow.number,
    AuditRow.at,
    AuditRow.actor_kind,
    AuditRow.actor_name,
    AuditRow.action,
    AuditRow.customer_id,
    AuditRow.data,
)


def evidence(
    cursor: str | None,
    *,
    area: str = "",
    who: str = "",
    customer_id: uuid.UUID | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    size: int = SIZE,
) -> Page[Line]:
    """Audit rows, newest first. `area` is the first part of an action, `who` a kind of actor."""
    query = select(*_COLUMNS)
    if area:
        query = query.where(AuditRow.action.like(f"{like(area)}.%"))
    if who:
        query = query.where(AuditRow.actor_kind == who)
    if customer_id is not None:
        query = query.where(AuditRow.customer_id == customer_id)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    if until is not None:
        query = query.where(AuditRow.at < until)
    after = decode_cursor(cursor, (int,))
    if after is not None:
        query = query.where(AuditRow.number < literal(after[0]))
    rows = db.session.execute(query.order_by(desc(AuditRow.number)).limit(size + 1)).all()
    return first_page_of(rows, lambda row: (row.number,), size)


def last_of_customer(customer_id: uuid.UUID) -> Sequence[Line]:
    """What happened last around one customer."""
    return db.session.execute(
        select(*_COLUMNS)
        .where(AuditRow.customer_id == customer_id)
        .order_by(desc(AuditRow.number))
        .limit(LAST)
    ).all()


def rows_kept() -> int:
    """How many rows the chain has: the number of the last one."""
    return db.session.execute(select(func.coalesce(func.max(AuditRow.number), 0))).scalar_one()
