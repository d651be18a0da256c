"""A shop that is let, its renter and two owners with logins and bank accounts: what a whole month needs."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from blueprints.accounts.models import Customer, Property
from blueprints.leases.services import NewLease, open_lease
from blueprints.payouts.bank_accounts import NewAccount, confirm_by_link, enter_account
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import CODE, LINK, make_token, unseal
from blueprints.platform.demo import people
from saas.audit import Actor
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from tenants.loading import serving

RENT = 4_670_000_00
COMMISSION = 90_000  # millionths
SHARES = (600_000, 400_000)
SERIES = "journeys-shared"
LONG_AGO = datetime.timedelta(days=20)  # entered and confirmed: no hold any more


@dataclass(frozen=True, slots=True)
class Person:
    user_id: uuid.UUID
    email: str


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """`contract` is the number of lease and mandate; the owners stand as SHARES does."""

    contract: str
    renter: Person
    owners: tuple[Person, ...]


def add_shared_place(password_hash: str) -> SharedPlace:
    """Let since the first of this month, and never billed. The active tenant's."""
    number, today = take_numbers(SERIES)[0], serving().today()
    dice = Random(f"{SERIES} {number}")
    contract, starts_on = f"CT-{8000 + number}", today.replace(day=1)
    renter, *owners = (_customer(dice, f"{who}.{number}@example.com") for who in ("tienda", "marta", "pablo"))
    place = Property(
        id=new_id(),
        code=f"HR-{8000 + number}",
        kind="Local",
        address=f"Carrera {number % 80 + 3} # 10-{number % 90 + 10}, local 1",
        city="Medellín",
        stratum=4,
        created_at=now(),
    )
    db.session.add(place)
    db.session.flush()
    open_lease(
        NewLease(
            number=contract,
            property_id=place.id,
            address=place.address,
            city=place.city,
            renters=[renter.id],
            owners=[(owner.id, share) for owner, share in zip(owners, SHARES, strict=True)],
            rent=RENT,
            currency="COP",
            commission=COMMISSION,
            payment_day=5,
            starts_on=starts_on,
            ends_on=starts_on.replace(year=starts_on.year + 2) - datetime.timedelta(days=1),
            scenario_code="comercial",
        )
    )
    renter_login, *owner_logins = (_login(one, password_hash) for one in (renter, *owners))
    for owner, login in zip(owners, owner_logins, strict=True):
        _bank_account(owner, login, f"{20_000_000_000 + dice.randrange(10**9)}")
    return SharedPlace(contract, renter_login, tuple(owner_logins))


def _customer(dice: Random, email: str) -> Customer:
    customer_id = people.add_customer(
        dice,
        document_kind="CC",
        city="Medellín",
        email=email,
        phone=f"+5730{dice.randrange(10_000_000, 99_999_999)}",
    )
    return db.session.execute(select(Customer).where(Customer.id == customer_id)).scalar_one()


def _login(customer: Customer, password_hash: str) -> Person:
    email = str(customer.email)
    return Person(people.add_login(email, customer.name, password_hash, customer_id=customer.id), email)


def _bank_account(owner: Customer, login: Person, number: str) -> None:
    new = NewAccount(
        bank="1007",
        kind="savings",
        number=number,
        holder_name=owner.name,
        holder_document_kind=owner.document_kind,
        holder_document_number=owner.document_number,
    )
    actor, at = Actor("customer", login.user_id, owner.name), now() - LONG_AGO
    account_id = enter_account(owner.id, new, actor=actor, by_staff=False, now=at)
    sealed = db.session.execute(
        select(OwnerBankAccount.sealed_code).where(OwnerBankAccount.id == account_id)
    ).scalar_one()
    assert sealed
    confirm_by_link(make_token(LINK, account_id), unseal(sealed, account_id, CODE), now=at)
