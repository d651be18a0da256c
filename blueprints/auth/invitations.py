"""Staff invite; the person chooses the password. No password is ever mailed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.auth.letters import send_letter
from blueprints.auth.links import make_link
from blueprints.auth.rules import INVITATION
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.identity_numbers import normalise_email
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal
from tenants.people import StaffRole, User
from tenants.roles import ROLES

LONGEST_NAME = 120  # characters


@dataclass(frozen=True, slots=True)
class Invitation:
    """`token` is the link's, None for somebody who already has a password: they were only given more."""

    user_id: uuid.UUID
    token: str | None


def invite_user(
    *,
    email: str,
    name: str,
    actor: Actor,
    customer_id: uuid.UUID | None = None,
    roles: Iterable[str] = (),
    language: str | None = None,
) -> Invitation:
    """Invite a person, or invite again, or give an existing user a customer's accounts or staff roles.

    The caller has checked that the customer exists and that the actor may give these roles. Emits `user.linked`
    (user_id, customer_id) when there is a customer. Raises Refusal that names the field.
    """
    address, called, wanted = _checked(email, name, roles)
    found = db.session.execute(
        select(User.id, User.status, User.customer_id).where(User.email == address).with_for_update()
    ).first()
    if found is None:
        user_id = _add_user(address, called, customer_id, language)
    else:
        user_id = found.id
        _link(found, customer_id)
    for role in sorted(wanted):
        db.session.execute(
            insert(StaffRole)
            .values(id=new_id(), user_id=user_id, role=role)
            .on_conflict_do_nothing(index_elements=["tenant_id", "user_id", "role"])
        )
    token = None
    if found is None or found.status == "invited":
        token = make_link(INVITATION, user_id)
        send_letter(INVITATION, user_id, token=token)
    if customer_id is not None:
        emit("user.linked", user_id=user_id, customer_id=customer_id)
    audit.record(
        "user.invited",
        actor=actor,
        subject=("user", user_id),
        customer_id=customer_id,
        data={"email": address, "roles": sorted(wanted), "again": found is not None},
    )
    return Invitation(user_id, token)


def _checked(email: str, name: str, roles: Iterable[str]) -> tuple[str, str, frozenset[str]]:
    address = normalise_email(email)
    if address is None:
        raise Refusal(N_("Type an e-mail address such as name@example.com."), field="email")
    called = checked_name(name)
    wanted = frozenset(roles)
    if wanted - ROLES.keys():
        raise Refusal(N_("There is no such role."), field="roles")
    return address, called, wanted


def checked_name(name: str) -> str:
    """A person's name, spaces tidied. Raises Refusal for an empty or endless one."""
    called = " ".join(name.split())
    if not called or not called.isprintable():
        raise Refusal(N_("Type the name."), field="name")
    if len(called) > LONGEST_NAME:
        raise Refusal(N_("Use no more than %(count)s characters."), field="name", count=LONGEST_NAME)
    return called


def _add_user(email: str, name: str, customer_id: uuid.UUID | None, language: str | None) -> uuid.UUID:
    user = User(
        id=new_id(),
        email=email,
        name=name,
        password_hash=None,
        status="invited",
        customer_id=customer_id,
        language=language,
        created_at=now(),
    )
    db.session.add(user)
    db.session.flush()
    return user.id


def _link(found: Row[*tuple[Any, ...]], customer_id: uuid.UUID | None) -> None:
    if found.status == "disabled":
        raise Refusal(N_("The access of this e-mail is closed."), field="email")
    if customer_id is None or found.customer_id == customer_id:
        return
    if found.customer_id is not None:
        raise Refusal(N_("This e-mail is already the access of another customer."), field="email")
    db.session.execute(
        update(User)
        .where(User.id == found.id)
        .values(customer_id=customer_id)
        .execution_options(synchronize_session=False)
    )
