"""Attempts to pay."""

from __future__ import annotations

import uuid

from sqlalchemy import and_, desc, func, literal, select

from blueprints.desk.queries import SIZE, Line, first_page_of
from blueprints.payments.models import Attempt, Payment
from saas.database import db
from saas.paging import Page, decode_cursor
from tenants.people import User
from tenants.provider_accounts import ProviderAccount


def attempts(state: str, reference: str, cursor: str | None, size: int = SIZE) -> Page[Line]:
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
        Payment.id.label("payment_id"),
        ProviderAccount.name.label("provider"),
        func.coalesce(User.name, Attempt.payer["name"].astext).label("user_name"),
        User.customer_id,
    )
    query = (
        query.join(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == Attempt.tenant_id,
                ProviderAccount.id == Attempt.provider_account_id,
            ),
        )
        .outerjoin(User, and_(User.tenant_id == Attempt.tenant_id, User.id == Attempt.user_id))
        .outerjoin(Payment, and_(Payment.tenant_id == Attempt.tenant_id, Payment.attempt_id == Attempt.id))
    )
    if state:
        query = query.where(Attempt.state == state)
    if reference:
        query = query.where(Attempt.reference == reference)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(Attempt.id < literal(after[0]))
    rows = db.session.execute(query.order_by(desc(Attempt.id)).limit(size + 1)).all()
    return first_page_of(rows, lambda row: (row.id,), size)
