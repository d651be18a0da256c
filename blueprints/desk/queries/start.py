"""What the start page says: what waits for somebody, and today's figures."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from sqlalchemy import BigInteger, exists, func, select

from blueprints.accounts.models import Customer
from blueprints.desk.queries import Line
from blueprints.imports.models import ImportBatch
from blueprints.payments.models import Attempt, Payment
from saas.database import db
from saas.outbox import OutboxRow
from tenants.people import User

DEAD_SHOWN = 50
MANY = 1000  # nobody needs the exact number of a longer list here


def first_id_of(moment: datetime.datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: what was made since then is one range of the primary key."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def customers_without_login() -> int:
    """How many customers nobody can sign in for, counted up to MANY."""
    some = (
        select(Customer.id)
        .where(~exists(select(User.id).where(User.customer_id == Customer.id, User.status != "disabled")))
        .limit(MANY)
        .subquery()
    )
    return db.session.execute(select(func.count()).select_from(some)).scalar_one()


def running_imports() -> Sequence[Line]:
    """Files that are being taken in now."""
    return db.session.execute(
        select(ImportBatch.id, ImportBatch.file_name, ImportBatch.rows_read, ImportBatch.rows_done)
        .where(ImportBatch.state.in_(("waiting", "running")))
        .order_by(ImportBatch.created_at.desc())
        .limit(5)
    ).all()


def dead_outbox_rows() -> int:
    """What could not be sent after every try, counted up to MANY."""
    some = select(OutboxRow.id).where(OutboxRow.dead_at.is_not(None)).limit(MANY).subquery()
    return db.session.execute(select(func.count()).select_from(some)).scalar_one()


def dead_rows() -> Sequence[Line]:
    """The newest of them. Payloads are not read: they may hold links that open an account."""
    return db.session.execute(
        select(OutboxRow.topic, OutboxRow.created_at, OutboxRow.tries, OutboxRow.error)
        .where(OutboxRow.dead_at.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(DEAD_SHOWN)
    ).all()


def online_payments_since(moment: datetime.datetime) -> Sequence[Line]:
    """Money that arrived through attempts since a moment, per currency: currency, payments, amount."""
    return db.session.execute(
        select(
            Payment.currency,
            func.count().label("payments"),
            func.sum(Payment.amount).cast(BigInteger).label("amount"),
        )
        .where(Payment.id >= first_id_of(moment), Payment.attempt_id.is_not(None))
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    ).all()


def attempts_since(moment: datetime.datetime) -> dict[str, int]:
    """How many attempts were begun since a moment, by state."""
    rows = db.session.execute(
        select(Attempt.state, func.count().label("attempts"))
        .where(Attempt.id >= first_id_of(moment))
        .group_by(Attempt.state)
    )
    return {row.state: row.attempts for row in rows}
