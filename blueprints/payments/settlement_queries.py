"""What the desk reads of the daily comparison."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import Row, Select, and_, desc, func, literal, or_, select

from blueprints.payments.settlement_models import SettlementDifference, SettlementRun
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User
from tenants.provider_accounts import ProviderAccount

SIZE = 25
SHOWN = 500  # differences of a day on its page
Line = Row[*tuple[Any, ...]]


def comparisons(cursor: str | None, size: int = SIZE) -> Page[Line]:
    """The days that were compared, newest first, each with its number of open differences."""
    query = _runs()
    after = decode_cursor(cursor, (datetime.date, uuid.UUID))
    if after is not None:
        day, run_id = literal(after[0]), literal(after[1])
        query = query.where(
            or_(SettlementRun.day < day, and_(SettlementRun.day == day, SettlementRun.id > run_id))
        )
    rows = db.session.execute(query.order_by(desc(SettlementRun.day), SettlementRun.id).limit(size + 1)).all()
    kept = rows[:size]
    older = encode_cursor((kept[-1].day, kept[-1].id)) if len(rows) > size else None
    return Page(kept, older=older)


def comparison(run_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_runs().where(SettlementRun.id == run_id)).first()
    if row is None:
        raise NotFound()
    return row


def differences_of(run_id: uuid.UUID, limit: int = SHOWN) -> list[Line]:
    """What differed on that day, open ones first."""
    query = (
        _differences()
        .where(SettlementDifference.run_id == run_id)
        .order_by(SettlementDifference.resolved_at.is_not(None), SettlementDifference.id)
        .limit(limit)
    )
    return list(db.session.execute(query))


def difference(difference_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_differences().where(SettlementDifference.id == difference_id)).first()
    if row is None:
        raise NotFound()
    return row


def open_differences() -> int:
    """How many wait for a person."""
    query = select(func.count()).where(SettlementDifference.resolved_at.is_(None))
    return db.session.execute(query).scalar_one()


def _runs() -> Select[*tuple[Any, ...]]:
    waiting = (
        select(func.count())
        .where(
            SettlementDifference.tenant_id == SettlementRun.tenant_id,
            SettlementDifference.run_id == SettlementRun.id,
            SettlementDifference.resolved_at.is_(None),
        )
        .correlate(SettlementRun)
        .scalar_subquery()
    )
    return select(
        SettlementRun.id,
        SettlementRun.day,
        SettlementRun.ours,
        SettlementRun.theirs,
        SettlementRun.checked_at,
        ProviderAccount.name.label("provider"),
        ProviderAccount.mode,
        waiting.label("waiting"),
    ).join(
        ProviderAccount,
        and_(
            ProviderAccount.tenant_id == SettlementRun.tenant_id,
            ProviderAccount.id == SettlementRun.provider_account_id,
        ),
    )


def _differences() -> Select[*tuple[Any, ...]]:
    return select(
        SettlementDifference.id,
        SettlementDifference.run_id,
        SettlementDifference.kind,
        SettlementDifference.reference,
        SettlementDifference.provider_reference,
        SettlementDifference.our_amount,
        SettlementDifference.their_amount,
        SettlementDifference.currency,
        SettlementDifference.resolved_at,
        SettlementDifference.resolution,
        User.name.label("resolved_by"),
    ).outerjoin(
        User,
        and_(User.tenant_id == SettlementDifference.tenant_id, User.id == SettlementDifference.resolved_by),
    )
