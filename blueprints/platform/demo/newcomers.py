"""People who come to one of the demo's organisations later, each with something to pay.

Whoever has paid all that the first ones owed can go on with them, and what is tried with one leaves the others alone.
"""

from __future__ import annotations

import datetime
import unicodedata
import uuid
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from blueprints.accounts.models import Account, AccountParty, Property
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.leases.models import Lease
from blueprints.leases.services import NewLease, open_lease
from blueprints.platform.demo import people
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from tenants.loading import serving

SERIES = "demo-newcomer"
MONTH = datetime.timedelta(days=30)
ALREADY = datetime.timedelta(days=4)  # since when the newest invoice is there
RENT = (950_000_00, 2_600_000_00)  # COP, in cents
WATER = (9_000_00, 24_000_00)  # ARS, in cents


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who came, with the login's email, the name, and the number of the account that the invoices are on."""

    user_id: uuid.UUID
    email: str
    name: str
    account: str


def add_newcomer(password_hash: str, *, invoices: int = 2) -> Newcomer:
    """A person of the active tenant with so many open invoices, the newest some days old. Agencies get a renter,
    utilities a holder."""
    number, tenant = take_numbers(SERIES)[0], serving()
    dice, today = Random(f"{SERIES} {number}"), tenant.today()  # noqa: S311 - scenery, not secrecy
    leases = "leases" in tenant.capabilities
    name = people.name(dice)
    email = f"{_plain(name.rsplit(' ', 1)[0])}.{number}@example.com"
    customer = people.add_customer(
        dice,
        document_kind="CC" if leases else "DNI",
        city="Envigado" if leases else "Maipú",
        full_name=name,
        email=email,
        phone=f"+57300{1_000_000 + number}" if leases else f"+54261{1_000_000 + number}",
    )
    settle = _rent if leases else _supply
    account_id, account = settle(dice, number, customer, today)
    for ago in range(invoices - 1, -1, -1):
        issue = _issue_rent if leases else _issue_water
        issue(dice, account_id, today - ALREADY - ago * MONTH)
    user_id = people.add_login(email, name, password_hash, customer_id=customer)
    return Newcomer(user_id, email, name, account)


def _rent(dice: Random, number: int, customer: uuid.UUID, today: datetime.date) -> tuple[uuid.UUID, str]:
    owner = people.add_customer(
        dice, document_kind="CC", city="Medellín", phone=f"+57301{1_000_000 + number}"
    )
    address, city = (
        f"Calle {20 + number % 70} # {number % 90 + 3}-45, apartamento {number % 9 + 2}01",
        "Envigado",
    )
    property_id, account = new_id(), f"CT-{9000 + number}"
    db.session.add(
        Property(
            id=property_id,
            code=f"HR-{9000 + number}",
            kind="Apartamento",
            address=address,
            city=city,
            stratum=4,
            created_at=now(),
        )
    )
    db.session.flush()
    starts_on = (today - datetime.timedelta(days=400)).replace(day=1)
    lease_id = open_lease(
        NewLease(
            number=account,
            property_id=property_id,
            address=address,
            city=city,
            renters=[customer],
            owners=[(owner, 1_000_000)],
            rent=dice.randrange(*RENT, 1000_00),
            currency="COP",
            commission=90_000,
            payment_day=5,
            starts_on=starts_on,
            ends_on=starts_on.replace(year=starts_on.year + 3) - datetime.timedelta(days=1),
        )
    )
    account_id = db.session.execute(select(Lease.lease_account_id).where(Lease.id == lease_id)).scalar_one()
    return account_id, account


def _supply(dice: Random, number: int, customer: uuid.UUID, _today: datetime.date) -> tuple[uuid.UUID, str]:
    account_id, account = new_id(), f"061-{9_000_000 + number}-{dice.randrange(0, 999):03}-{number % 10}"
    db.session.add(
        Account(
            id=account_id,
            kind="supply",
            number=account,
            address=f"Los Aromos N° {100 + number}",
            city="Maipú",
            status="active",
            details={"category": "RESIDENCIAL", "meter": str(900_000 + number), "metered": True},
            created_at=now(),
        )
    )
    db.session.flush()
    db.session.add(
        AccountParty(id=new_id(), account_id=account_id, customer_id=customer, role="holder", share=1_000_000)
    )
    db.session.flush()
    return account_id, account


def _issue_rent(dice: Random, account_id: uuid.UUID, day: datetime.date) -> None:
    issue_invoice(
        NewInvoice(
            number=f"FV-{take_numbers(SERIES + '-invoice')[0] + 90_000}",
            type_code="rent",
            account_id=account_id,
            period=f"{day:%Y-%m}",
            issued_on=day,
            due_on=day + datetime.timedelta(days=10),
            currency="COP",
            lines=[NewLine("charge", "Canon de arrendamiento", dice.randrange(*RENT, 1000_00))],
        )
    )


def _issue_water(dice: Random, account_id: uuid.UUID, day: datetime.date) -> None:
    total = dice.randrange(*WATER)
    issue_invoice(
        NewInvoice(
            number=f"B-0009-{take_numbers(SERIES + '-invoice')[0]:08}",
            type_code="supply",
            account_id=account_id,
            period=f"{day.year}/{(day.month + 1) // 2}",
            issued_on=day,
            due_on=day + datetime.timedelta(days=15),
            second_due_on=day + datetime.timedelta(days=27),
            second_total=total + total * 18 // 1000,
            currency="ARS",
            lines=[NewLine("charge", "Cargo fijo y consumo medido", total)],
        )
    )


def _plain(name: str) -> str:
    """ "Ángela Muñoz" as an address is written: angela.munoz."""
    parted = unicodedata.normalize("NFKD", name.lower())
    return "".join(sign for sign in parted if not unicodedata.combining(sign)).replace(" ", ".")
