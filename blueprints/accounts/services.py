"""Verbs on accounts: let a customer's user in, as far as the books say."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update

from blueprints.accounts.models import Access, Account, AccountParty, Customer
from blueprints.auth.services import Invitation, invite_user
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.people import User

BY_THE_BOOKS = ("holder", "renter", "owner")
"""Roles that follow the parties of an account. `delegate` is given by people and never touched here."""


def invite_customer(
    customer_id: uuid.UUID, *, actor: Actor, email: str | None = None, language: str | None = None
) -> Invitation:
    """Invite a customer to their accounts, at `email` or at the one in the books.

    Raises NotFound, and Refusal (field `email`) when there is no address or it belongs to another customer.
    """
    row = db.session.execute(select(Customer.name, Customer.email).where(Customer.id == customer_id)).first()
    if row is None:
        raise NotFound()
    address = email or row.email
    if not address:
        raise Refusal(N_("This customer has no e-mail in the books."), field="email")
    return invite_user(email=address, name=row.name, customer_id=customer_id, actor=actor, language=language)


def grant_access_from_parties(user_id: uuid.UUID, customer_id: uuid.UUID, today: datetime.date) -> None:
    """Bring a user's access rows in line with the accounts that the customer is a party of.

    New parties open an access, changed dates are copied, and where the customer is no party any more the access
    ends the day before `today` (the tenant's). One access is the main one. Safe to repeat.
    """
    lock(f"access:{user_id}")
    parties = {(party.account_id, party.role): party for party in _parties(customer_id)}
    held = {(access.account_id, access.role): access for access in _held(user_id)}
    _open(user_id, [party for key, party in parties.items() if key not in held])
    for key, access in held.items():
        party = parties.get(key)
        since = party.valid_from if party else access.valid_from
        until = party.valid_until if party else _ended(access.valid_until, today)
        if (since, until) != (access.valid_from, access.valid_until):
            _set(access.id, valid_from=since, valid_until=until)
    _choose_main(user_id, today)


def users_of(customer_ids: set[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(user, customer) for every user that is one of these customers."""
    rows = db.session.execute(
        select(User.id, User.customer_id).where(User.customer_id.in_(customer_ids)).order_by(User.id)
    )
    return [(row.id, row.customer_id) for row in rows if row.customer_id is not None]


def _parties(customer_id: uuid.UUID) -> list[Row[Any]]:
    return list(
        db.session.execute(
            select(
                AccountParty.account_id,
                AccountParty.role,
                AccountParty.valid_from,
                AccountParty.valid_until,
                Account.kind,
            )
            .join(
                Account,
                (Account.tenant_id == AccountParty.tenant_id) & (Account.id == AccountParty.account_id),
            )
            .where(AccountParty.customer_id == customer_id)
            .order_by(Account.number)
        )
    )


def _held(user_id: uuid.UUID) -> list[Row[Any]]:
    return list(
        db.session.execute(
            select(Access.id, Access.account_id, Access.role, Access.valid_from, Access.valid_until).where(
                Access.user_id == user_id, Access.role.in_(BY_THE_BOOKS)
            )
        )
    )


def _open(user_id: uuid.UUID, parties: list[Row[Any]]) -> None:
    if not parties:
        return
    moment = now()
    db.session.execute(
        insert(Access).values(
            [
                {
                    "id": new_id(),
                    "user_id": user_id,
                    "account_id": party.account_id,
                    "role": party.role,
                    # The rent is the renter's to pay and to enrol; the owner of the property looks on.
                    "can_pay": not _looks_on(party),
                    "can_enrol": not _looks_on(party),
                    "valid_from": party.valid_from,
                    "valid_until": party.valid_until,
                    "created_at": moment,
                }
                for party in parties
            ]
        )
    )


def _looks_on(party: Row[Any]) -> bool:
    return bool(party.kind == "lease" and party.role == "owner")


def _ended(until: datetime.date | None, today: datetime.date) -> datetime.date:
    yesterday = today - datetime.timedelta(days=1)
    return min(until, yesterday) if until else yesterday


def _set(access_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(Access)
        .where(Access.id == access_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _choose_main(user_id: uuid.UUID, today: datetime.date) -> None:
    """Keep the main access while it is in force; else the first one that is, by the account's number."""
    in_force = or_(Access.valid_until.is_(None), Access.valid_until >= today)
    rows = db.session.execute(
        select(Access.id, Access.main)
        .join(Account, (Account.tenant_id == Access.tenant_id) & (Account.id == Access.account_id))
        .where(Access.user_id == user_id, in_force)
        .order_by(Access.main.desc(), func.lower(Account.number), Access.id)
        .limit(1)
    ).first()
    if rows is None or rows.main:
        return
    db.session.execute(
        update(Access)
        .where(Access.user_id == user_id, Access.main)
        .values(main=False)
        .execution_options(synchronize_session=False)
    )
    _set(rows.id, main=True)
