"""What the tests of billing share: an agency with contracts, made quickly, and a run taken to its end."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.accounts.models import Property
from blueprints.billing.models import BillingItem, BillingRun
from blueprints.billing.runs import finish
from blueprints.billing.services import draft_run, start_run
from blueprints.invoices.models import Invoice, InvoiceLine
from blueprints.leases.models import Lease, LeaseCharge, LeaseRent, LeaseScenario
from blueprints.leases.services import NewLease, open_lease
from saas.audit import SYSTEM
from saas.clock import now, today
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.cast import add_customer

ZONE = "America/Bogota"
TAXES = [
    {"kind": "tax", "name": "IVA", "rate": 190_000},
    {"kind": "withholding", "name": "Retención en la fuente", "rate": 35_000},
]


def this_month() -> str:
    return f"{today(ZONE):%Y-%m}"


def day(number: int, period: str | None = None) -> datetime.date:
    """A day of a month, this one by default."""
    year, month = (period or this_month()).split("-")
    return datetime.date(int(year), int(month), number)


def earlier(period: str, months: int = 1) -> str:
    index = int(period[:4]) * 12 + int(period[5:]) - 1 - months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


@dataclass(frozen=True)
class People:
    """Who stands behind the contracts of a test, in the active tenant."""

    property_id: uuid.UUID
    renter: uuid.UUID
    owner: uuid.UUID


def settle_in(scenarios: bool = True) -> People:
    """A property, a renter, an owner and two scenarios (VIVIENDA without taxes, COMERCIO with) for the tenant."""
    row = Property(id=new_id(), code="P-1", kind="Casa", address="Calle 1", city="Bello", created_at=now())
    db.session.add(row)
    db.session.flush()
    if scenarios:
        for code, purpose, taxes in (("VIVIENDA", "housing", []), ("COMERCIO", "commercial", TAXES)):
            db.session.add(
                LeaseScenario(
                    id=new_id(), code=code, names={"es": code, "en": code}, purpose=purpose,
                    rent_taxes=taxes, commission_taxes=[],
                )
            )  # fmt: skip
    db.session.flush()
    return People(row.id, add_customer("Inquilina", document="100"), add_customer("Dueña", document="1"))


def add_lease(
    people: People,
    number: str,
    *,
    rent: int = 154_000_000,
    scenario: str | None = "VIVIENDA",
    starts_on: datetime.date = datetime.date(2024, 1, 1),
    ends_on: datetime.date = datetime.date(2024, 12, 31),
    payment_day: int = 5,
    rents: Sequence[tuple[datetime.date, int]] = (),
    **changes: Any,
) -> uuid.UUID:
    """A contract of the active tenant; `rents` are later ones (from, amount)."""
    lease_id = open_lease(
        NewLease(
            number=number, property_id=people.property_id, address="Calle 1", city="Bello",
            renters=[people.renter], owners=[(people.owner, 1_000_000)], rent=rent, currency="COP",
            commission=90_000, payment_day=payment_day, starts_on=starts_on, ends_on=max(ends_on, starts_on),
            scenario_code=scenario,
        )
    )  # fmt: skip
    for since, amount in rents:
        db.session.add(
            LeaseRent(id=new_id(), lease_id=lease_id, valid_from=since, rent=amount, reason="index", facts={})
        )
    if changes:
        lease = db.session.execute(select(Lease).where(Lease.id == lease_id)).scalar_one()
        for name, value in changes.items():
            setattr(lease, name, value)
    db.session.flush()
    return lease_id


def add_charge(
    lease_id: uuid.UUID,
    amount: int,
    *,
    kind: str = "charge",
    text: str = "Administración",
    taxed: bool = False,
    since: str = "2020-01",
    until: str | None = None,
) -> uuid.UUID:
    row = LeaseCharge(
        id=new_id(), lease_id=lease_id, kind=kind, description=text, amount=amount, taxed=taxed,
        from_period=since, until_period=until,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def drafted(tenant_id: uuid.UUID, period: str | None = None, size: int = 10_000, **given: Any) -> uuid.UUID:
    """A run whose draft is made."""
    with unit_of_work(tenant_id):
        run_id = draft_run(period or this_month(), actor=SYSTEM, later=False, **given)
    finish(tenant_id, run_id, size=size)
    return run_id


def begun(tenant_id: uuid.UUID, period: str | None = None, **given: Any) -> uuid.UUID:
    """A run that is started and has issued nothing yet."""
    run_id = drafted(tenant_id, period, **given)
    with unit_of_work(tenant_id):
        start_run(run_id, actor=SYSTEM, later=False)
    return run_id


def ran(tenant_id: uuid.UUID, period: str | None = None, size: int = 10_000, **given: Any) -> uuid.UUID:
    """A run that is done."""
    run_id = begun(tenant_id, period, size=size, **given)
    finish(tenant_id, run_id, size=size)
    return run_id


def run_of(tenant_id: uuid.UUID, run_id: uuid.UUID) -> BillingRun:
    with unit_of_work(tenant_id) as session:
        return session.execute(select(BillingRun).where(BillingRun.id == run_id)).scalar_one()


def items_of(tenant_id: uuid.UUID, run_id: uuid.UUID) -> dict[str, BillingItem]:
    """By contract number."""
    with unit_of_work(tenant_id) as session:
        rows = session.execute(select(BillingItem).where(BillingItem.run_id == run_id)).scalars()
        return {row.lease_number: row for row in rows}


def invoices_of(tenant_id: uuid.UUID, run_id: uuid.UUID | None = None) -> list[Any]:
    """Live invoices with their contract's number, in the order of their numbers; of one run or all."""
    with unit_of_work(tenant_id) as session:
        query = (
            select(Invoice, Lease.number.label("lease"))
            .join(Lease, Lease.lease_account_id == Invoice.account_id)
            .where(Invoice.void_at.is_(None))
            .order_by(Invoice.id)
        )
        if run_id is not None:
            query = query.where(Invoice.run_id == run_id)
        return list(session.execute(query).all())


def lines_of(tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> list[tuple[str, str, int]]:
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(InvoiceLine.kind, InvoiceLine.description, InvoiceLine.amount)
            .where(InvoiceLine.invoice_id == invoice_id)
            .order_by(InvoiceLine.position)
        )
        return [(row.kind, row.description, row.amount) for row in rows]
