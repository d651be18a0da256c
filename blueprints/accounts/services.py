"""Verbs on accounts: let a customer's user in, as far as the books say."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, delete, func, insert, or_, select, update

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

ONE_DAY: Final = datetime.timedelta(days=1)
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

    There is one row a stretch of days, whatever shares it had. New stretches open an access, changed days are copied;
    where the books say no more that the customer ever was a party, the access ends the day before `today` (the
    tenant's) and shows nothing. One access is the main one. Safe to repeat.
    """
    lock(f"access:{user_id}")
    stretches, held = _stretches(customer_id), defaultdict(list)
    for access in _held(user_id):
        held[access.account_id, access.role].append(access)
    changes, opened = [], []
    for key in {*stretches, *held}:
        theirs, rows = stretches.get(key, []), held.get(key, [])
        opened += theirs[len(rows) :]
        changes += [
            (row.id, Days(one.valid_from, one.valid_until), True)
            for one, row in zip(theirs, rows, strict=False)
            if (one.valid_from, one.valid_until, True) != (row.valid_from, row.valid_until, row.can_see)
        ]
        gone = [(row, _ended(row, today)) for row in rows[len(theirs) :]]
        changes += [(row.id, days, False) for row, days in gone if days is not None and row.can_see]
        _forget([row.id for row, days in gone if days is None])
    _move(changes)
    _open(user_id, opened)
    _choose_main(user_id, today)


def users_of(customer_ids: set[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(user, customer) for every user that is one of these customers."""
    rows = db.session.execute(
        select(User.id, User.customer_id).where(User.customer_id.in_(customer_ids)).order_by(User.id)
    )
    return [(row.id, row.customer_id) for row in rows if row.customer_id is not None]


class Stretch(NamedTuple):
    """Days (inclusive, None: no bound) on which a customer is a party of an account without a break."""

    account_id: uuid.UUID
    role: str
    kind: str
    valid_from: datetime.date | None
    valid_until: datetime.date | None


class Days(NamedTuple):
    valid_from: datetime.date | None
    valid_until: datetime.date | None


def _stretches(customer_id: uuid.UUID) -> dict[tuple[uuid.UUID, str], list[Stretch]]:
    """The customer's stretches by account and role, the earliest first: another share does not break one."""
    found: dict[tuple[uuid.UUID, str], list[Stretch]] = defaultdict(list)
    for party in _parties(customer_id):
        known = found[party.account_id, party.role]
        before = known[-1].valid_until if known else None
        if before is not None and party.valid_from == before + ONE_DAY:
            known[-1] = known[-1]._replace(valid_until=party.valid_until)
        else:
            known.append(
                Stretch(party.account_id, party.role, party.kind, party.valid_from, party.valid_until)
            )
    return found


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
            .order_by(Account.number, AccountParty.role, AccountParty.valid_from.nulls_first())
        )
    )


def _held(user_id: uuid.UUID) -> list[Row[Any]]:
    return list(
        db.session.execute(
            select(
                Access.id,
                Access.account_id,
                Access.role,
                Access.valid_from,
                Access.valid_until,
                Access.can_see,
            )
            .where(Access.user_id == user_id, Access.role.in_(BY_THE_BOOKS))
            .order_by(Access.valid_from.nulls_first(), Access.id)
        )
    )


def _open(user_id: uuid.UUID, parties: Sequence[Stretch]) -> None:
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


def _looks_on(party: Stretch) -> bool:
    return party.kind == "lease" and party.role == "owner"


def _ended(row: Row[Any], today: datetime.date) -> Days | None:
    """The days of an access that ended yesterday at the latest; None for one that would never have begun."""
    yesterday = today - ONE_DAY
    until = min(row.valid_until, yesterday) if row.valid_until else yesterday
    return Days(row.valid_from, until) if row.valid_from is None or row.valid_from <= until else None


def _forget(access_ids: Sequence[uuid.UUID]) -> None:
    if access_ids:
        db.session.execute(
            delete(Access).where(Access.id.in_(access_ids)).execution_options(synchronize_session=False)
        )


def _move(changes: Sequence[tuple[uuid.UUID, Days, bool]]) -> None:
    """Give rows other days. On the way one may stand in another one's: that is checked when all is written."""
    for row_id, days, sees in changes:
        _set(row_id, valid_from=days.valid_from, valid_until=days.valid_until, can_see=sees)


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
