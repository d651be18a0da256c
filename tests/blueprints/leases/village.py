"""A small agency with a few leases, for tests of leases."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.accounts.models import Property
from blueprints.leases.models import Lease
from blueprints.leases.price_indexes import add_known_values
from blueprints.leases.scenarios import add_starter_scenarios
from blueprints.leases.services import NewLease, open_lease
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import current_tenant_id, unit_of_work
from tenants.models import Tenant
from tests.cast import TenantCast, add_customer, add_user, give_access, make_agency


@dataclass
class Village:
    """A housing lease of two owners and an office of one; who works there and who may not."""

    tenant: TenantCast
    home: uuid.UUID
    office: uuid.UUID
    renter: uuid.UUID
    owner: uuid.UUID
    co_owner: uuid.UUID
    staff: uuid.UUID
    reader: uuid.UUID


def make_village() -> Village:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        switch_on("leases")
        add_starter_scenarios("CO")
        add_known_values()
        renter = add_customer("Renata Ochoa Luna", document="100200300", email="renata@example.com")
        firm = add_customer("Papelería El Lápiz S.A.S.", document="9001234567", document_kind="NIT")
        owner = add_customer("Omar Restrepo", document="500600700")
        co_owner = add_customer("Beatriz Montoya", document="500600701")
        home = write_lease(
            "CT-1", "A1", "Calle 10 # 20-30, apartamento 401", [renter], [(owner, 600_000), (co_owner, 400_000)],
            rent=2_000_000_00, scenario="vivienda",
        )  # fmt: skip
        office = write_lease(
            "CT-2", "A2", "Carrera 7 # 1-1, oficina 2", [firm], [(owner, 1_000_000)],
            rent=4_670_000_00, scenario="comercial",
        )  # fmt: skip
        staff = add_user("ana@example.com", name="Ana", staff_role="administrator")
        reader = add_user("leo@example.com", name="Leo", staff_role="reader")
    return Village(tenant, home, office, renter, owner, co_owner, staff, reader)


def write_lease(
    number: str,
    code: str,
    address: str,
    renters: list[uuid.UUID],
    owners: list[tuple[uuid.UUID, int]],
    *,
    rent: int,
    scenario: str | None,
    starts_on: datetime.date = datetime.date(2025, 12, 1),
    months: int = 12,
    renews: bool = True,
) -> uuid.UUID:
    """A lease of the active tenant on a place of its own."""
    place = Property(id=new_id(), code=code, kind="Casa", address=address, city="Bello", created_at=now())
    db.session.add(place)
    db.session.flush()
    ends = datetime.date(starts_on.year + months // 12, starts_on.month, starts_on.day)
    return open_lease(
        NewLease(
            number=number,
            property_id=place.id,
            address=address,
            city="Bello",
            renters=renters,
            owners=owners,
            rent=rent,
            currency="COP",
            commission=90_000,
            payment_day=5,
            starts_on=starts_on,
            ends_on=ends - datetime.timedelta(days=1),
            scenario_code=scenario,
            renews=renews,
        )
    )


def switch_on(*capabilities: str) -> None:
    """Give the active tenant parts of the product that can be switched off."""
    tenant = db.session.execute(select(Tenant).where(Tenant.id == current_tenant_id())).scalar_one()
    tenant.capabilities = [*tenant.capabilities, *capabilities]
    tenant.version += 1
    db.session.flush()


def lease(lease_id: uuid.UUID) -> Lease:
    """The lease as the database has it."""
    found: Lease = db.session.execute(
        select(Lease).where(Lease.id == lease_id).execution_options(populate_existing=True)
    ).scalar_one()
    return found


def login_of(customer_id: uuid.UUID, email: str, *accounts: tuple[uuid.UUID, str]) -> uuid.UUID:
    """A login of a customer with an access row for each account and role."""
    user = add_user(email, customer_id=customer_id)
    for account_id, role in accounts:
        give_access(user, account_id, role=role)
    return user
