"""What the start page says: what waits for somebody, and today's figures."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, exists, func, literal, select, union_all

from blueprints.accounts.models import Customer
from blueprints.desk.first_steps import Begun
from blueprints.desk.queries import Line
from blueprints.imports.models import ImportBatch
from blueprints.payments.models import Attempt, Payment
from saas.database import db
from saas.outbox import OutboxRow
from tenants.people import StaffRole, User

DEAD_SHOWN = 50
MANY = 1000  # nobody needs the exact number of a longer list here


class Arrived(NamedTuple):
    """Money of one currency that came through attempts: how many payments, how much in minor units."""

    currency: str
    payments: int
    amount: int


def first_id_of(moment: datetime.datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: what was made since then is one range of the primary key."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def counts(*, logins: bool, dead: bool) -> tuple[int, int]:
    """How many customers nobody can sign in for, and what could not be sent after every try; each counted up to MANY
    in one statement, and zero where it is not asked for."""
    no_login = (
        select(Customer.id)
        .where(
            literal(logins),
            ~exists(select(User.id).where(User.customer_id == Customer.id, User.status != "disabled")),
        )
        .limit(MANY)
        .subquery()
    )
    unsent = select(OutboxRow.id).where(literal(dead), OutboxRow.dead_at.is_not(None)).limit(MANY).subquery()
    row = db.session.execute(
        select(
            select(func.count()).select_from(no_login).scalar_subquery(),
            select(func.count()).select_from(unsent).scalar_subquery(),
        )
    ).one()
    return row[0], row[1]


def begun() -> Begun:
    """How far a new organisation has come. One statement, each part of it ends at the first row that it finds."""
    staff = select(StaffRole.user_id).distinct().limit(2).subquery()
    row = db.session.execute(
        select(
            exists(select(Customer.id)),
            select(func.count()).select_from(staff).scalar_subquery() > 1,
            exists(select(User.id).where(User.customer_id.is_not(None), User.status != "disabled")),
        )
    ).one()
    return Begun(*row)


def running_imports() -> Sequence[Line]:
    """Files that are being taken in now."""
    return db.session.execute(
        select(ImportBatch.id, ImportBatch.file_name, ImportBatch.rows_read, ImportBatch.rows_done)
        .where(ImportBatch.state.in_(("waiting", "running")))
        .order_by(ImportBatch.created_at.desc())
        .limit(5)
    ).all()


def dead_rows() -> Sequence[Line]:
    """The newest of them. Payloads are not read: they may hold links that open an account."""
    return db.session.execute(
        select(OutboxRow.topic, OutboxRow.created_at, OutboxRow.tries, OutboxRow.error)
        .where(OutboxRow.dead_at.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(DEAD_SHOWN)
    ).all()


def begun_and_arrived(moment: datetime.datetime) -> tuple[dict[str, int], Sequence[Arrived]]:
    """Attempts begun since a moment, by state; and the money that arrived through attempts, per currency: currency,
    payments, amount. One statement."""
    begun = (
        select(
            literal("begun").label("what"),
            Attempt.state.label("key"),
            func.count().label("payments"),
            literal(0, BigInteger).label("amount"),
        )
        .where(Attempt.id >= first_id_of(moment))
        .group_by(Attempt.state)
    )
    arrived = (
        select(
            literal("arrived"),
            Payment.currency,
            func.count(),
            func.sum(Payment.amount).cast(BigInteger),
        )
        .where(Payment.id >= first_id_of(moment), Payment.attempt_id.is_not(None))
        .group_by(Payment.currency)
    )
    rows = db.session.execute(union_all(begun, arrived).order_by("key")).all()
    return (
        {row.key: row.payments for row in rows if row.what == "begun"},
        [Arrived(row.key, row.payments, row.amount) for row in rows if row.what == "arrived"],
    )
