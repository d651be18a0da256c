"""Attempts to pay, and what could not be applied."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import and_, desc, func, literal, select

from blueprints.desk.queries import SIZE, Line, first_page_of
from blueprints.payments.models import Attempt, QuarantinedPayment
from saas.database import db
from saas.paging import Page, decode_cursor
from saas.refusals import NotFound
from tenants.people import User
from tenants.provider_accounts import ProviderAccount


def attempts(state: str, reference: str, cursor: str | None) -> Page[Line]:
    """Attempts, newest first (their ids grow with time), of one state or with one reference where asked."""
    query = select(
        Attempt.id,
        Attempt.reference,
        Attempt.state,
        Attempt.mode,
        Attempt.amount,
        Attempt.currency,
        Attempt.created_at,
        Attempt.finished_at,
        Attempt.provider_reference,
        ProviderAccount.name.label("provider"),
        User.name.label("user_name"),
        User.customer_id,
    )
    query = query.join(
        ProviderAccount,
        and_(
            ProviderAccount.tenant_id == Attempt.tenant_id, ProviderAccount.id == Attempt.provider_account_id
        ),
    ).join(User, and_(User.tenant_id == Attempt.tenant_id, User.id == Attempt.user_id))
    if state:
        query = query.where(Attempt.state == state)
    if reference:
        query = query.where(Attempt.reference == reference)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(Attempt.id < literal(after[0]))
    rows = db.session.execute(query.order_by(desc(Attempt.id)).limit(SIZE + 1)).all()
    return first_page_of(rows, lambda row: (row.id,))


def quarantine(resolved: bool, cursor: str | None) -> Page[Line]:
    """What could not be applied, newest first."""
    query = _quarantined().where(
        QuarantinedPayment.resolved_at.is_not(None) if resolved else QuarantinedPayment.resolved_at.is_(None)
    )
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(QuarantinedPayment.id < literal(after[0]))
    rows = db.session.execute(query.order_by(desc(QuarantinedPayment.id)).limit(SIZE + 1)).all()
    return first_page_of(rows, lambda row: (row.id,))


def quarantined(quarantined_id: uuid.UUID) -> Line:
    """One of them. Raises NotFound."""
    row = db.session.execute(_quarantined().where(QuarantinedPayment.id == quarantined_id)).first()
    if row is None:
        raise NotFound()
    return row


def _quarantined() -> Any:
    return (
        select(
            QuarantinedPayment.id,
            QuarantinedPayment.kind,
            QuarantinedPayment.data,
            QuarantinedPayment.created_at,
            QuarantinedPayment.resolved_at,
            QuarantinedPayment.resolution,
            User.name.label("resolved_by"),
            Attempt.reference,
            ProviderAccount.name.label("provider"),
        )
        .outerjoin(
            User,
            and_(User.tenant_id == QuarantinedPayment.tenant_id, User.id == QuarantinedPayment.resolved_by),
        )
        .outerjoin(
            Attempt,
            and_(
                Attempt.tenant_id == QuarantinedPayment.tenant_id, Attempt.id == QuarantinedPayment.attempt_id
            ),
        )
        .outerjoin(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == QuarantinedPayment.tenant_id,
                ProviderAccount.id == QuarantinedPayment.provider_account_id,
            ),
        )
    )


def open_quarantine() -> int:
    return db.session.execute(
        select(func.count()).select_from(QuarantinedPayment).where(QuarantinedPayment.resolved_at.is_(None))
    ).scalar_one()
