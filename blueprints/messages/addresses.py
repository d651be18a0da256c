"""Whom a message goes to, and addresses that take none."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from blueprints.accounts.models import Customer
from blueprints.messages.models import DeadAddress
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to write to. `email` is empty where nobody knows one."""

    customer_id: uuid.UUID | None
    user_id: uuid.UUID | None
    name: str
    email: str
    phone: str
    language: str | None


def person_of(customer_id: uuid.UUID) -> Person:
    """How a customer is reached: at the login used last, which they have confirmed, else as the books say.

    Raises NotFound.
    """
    row = db.session.execute(
        select(
            Customer.name, Customer.email, Customer.phone, User.id, User.email.label("login"), User.language
        )
        .outerjoin(
            User,
            and_(
                User.tenant_id == Customer.tenant_id,
                User.customer_id == Customer.id,
                User.status == "active",
            ),
        )
        .where(Customer.id == customer_id)
        .order_by(User.last_login_at.desc().nulls_last(), User.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFound()
    email = row.login or row.email or ""
    return Person(customer_id, row.id, row.name, email, row.phone or "", row.language)


def whose(
    address: str, *, user_id: uuid.UUID | None, customer_id: uuid.UUID | None
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Customer and user that a letter belongs to: as it says, else by its address where only one person has it."""
    if customer_id is not None:
        return customer_id, user_id
    found = User.id == user_id if user_id is not None else User.email == normal(address)
    row = db.session.execute(select(User.id, User.customer_id).where(found)).first()
    if row is not None:
        return row.customer_id, row.id
    customers = db.session.execute(
        select(Customer.id).where(func.lower(Customer.email) == normal(address)).limit(2)
    ).scalars()
    known = list(customers)
    return (known[0] if len(known) == 1 else None), None


def normal(address: str) -> str:
    """An address as it is compared."""
    return address.strip().lower()


def is_dead(address: str) -> bool:
    return dead_address(address) is not None


def dead_address(address: str) -> DeadAddress | None:
    """What is known against an address; None when nothing is."""
    return db.session.execute(
        select(DeadAddress).where(DeadAddress.address == normal(address))
    ).scalar_one_or_none()


def mark_dead(address: str, detail: str, message_id: uuid.UUID | None, moment: datetime.datetime) -> None:
    """Note that an address takes no mail. What is known already stays as it was first said."""
    db.session.execute(
        insert(DeadAddress)
        .values(
            id=new_id(),
            address=normal(address),
            detail=detail[:500],
            message_id=message_id,
            found_at=moment,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "address"])
    )


def lift(address_id: uuid.UUID, *, actor: Actor) -> str:
    """Try an address again from now on. Returns it. Raises NotFound."""
    row = db.session.execute(select(DeadAddress.address).where(DeadAddress.id == address_id)).first()
    if row is None:
        raise NotFound()
    db.session.execute(
        delete(DeadAddress).where(DeadAddress.id == address_id).execution_options(synchronize_session=False)
    )
    audit.record("mail-address.lifted", actor=actor, data={"address": row.address})
    return str(row.address)
