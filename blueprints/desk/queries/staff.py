"""Who works at the desk."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from blueprints.desk.queries import Line
from saas.database import db
from saas.refusals import NotFound
from tenants.people import StaffRole, User

SHOWN = 200  # an organisation's desk, not its customers


@dataclass(frozen=True, slots=True)
class Colleague:
    """One who works here, or worked here and was disabled."""

    id: uuid.UUID
    name: str
    email: str
    status: str
    roles: frozenset[str]


def colleagues(limit: int = SHOWN) -> Sequence[Line]:
    """Everybody with a staff role, by name."""
    roles = func.array_agg(StaffRole.role.distinct()).label("roles")
    return db.session.execute(
        select(User.id, User.name, User.email, User.status, User.last_login_at, roles)
        .join(StaffRole, and_(StaffRole.tenant_id == User.tenant_id, StaffRole.user_id == User.id))
        .group_by(User.tenant_id, User.id)
        .order_by(func.lower(User.name), User.id)
        .limit(limit)
    ).all()


def colleague(user_id: uuid.UUID) -> Colleague:
    """One of the staff. Raises NotFound for everybody else, customers' logins included."""
    rows = db.session.execute(
        select(User.id, User.name, User.email, User.status, StaffRole.role)
        .join(StaffRole, and_(StaffRole.tenant_id == User.tenant_id, StaffRole.user_id == User.id))
        .where(User.id == user_id)
    ).all()
    if not rows:
        raise NotFound()
    first = rows[0]
    return Colleague(first.id, first.name, first.email, first.status, frozenset(row.role for row in rows))


def other_administrators(user_id: uuid.UUID) -> int:
    """How many active administrators there are besides this one."""
    return db.session.execute(
        select(func.count())
        .select_from(StaffRole)
        .join(User, and_(User.tenant_id == StaffRole.tenant_id, User.id == StaffRole.user_id))
        .where(StaffRole.role == "administrator", User.status == "active", User.id != user_id)
    ).scalar_one()
