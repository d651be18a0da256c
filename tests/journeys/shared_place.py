"""A shop that is let, its renter and two owners with logins and bank accounts: what a whole month needs."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from blueprints.accounts.models import Customer, Property
from blueprints.leases.services import NewLease, open_lease
from blueprints.platform.demo import people
from blueprints.platform.demo.bank_accounts import add_bank_account
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from tenants.loading import serving

RENT = 4_670_000_00
COMMISSION = 90_000  # millionths
SHARES = (600_000, 400_000)
SERIES = "journeys-shared"


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
        add_bank_account(owner.id, login.user_id, f"{20_000_000_000 + dice.randrange(10**9)}")
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
