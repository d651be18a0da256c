"""A small agency for these tests: one lease with its owners, rents that come in and go back, and what the books say."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from blueprints.accounts.models import Property
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.leases.models import Lease, LeaseScenario
from blueprints.leases.services import NewLease, open_lease
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.refunds import NewRefund, request_refund
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.platform_database import platform_connection
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.cast import TenantCast

IVA = {"kind": "tax", "name": "IVA", "rate": 190_000}
RETENTION = {"kind": "withholding", "name": "Retención", "rate": 110_000}
RENT_TAXES = (190_000, 35_000)  # IVA and what the renter withholds, as in the pack


@dataclass
class Estate:
    tenant: TenantCast
    owners: list[uuid.UUID]
    user: uuid.UUID
    lease_account: uuid.UUID
    mandate: uuid.UUID
    clerk: Actor
    lease: uuid.UUID


def make_estate(
    shares: Sequence[int] = (600_000, 400_000),
    *,
    rate: int = 90_000,
    taxes: Sequence[dict[str, object]] = (IVA,),
    slug: str = "hogar",
) -> Estate:
    """An agency whose optional parts are on, and one contract of it. Its first owner can sign in."""
    tenant = cast.make_agency(slug, canary=f"CANARIO-{slug.upper()}")
    with platform_connection() as connection:
        connection.execute(
            text("UPDATE tenants SET capabilities = :all, version = version + 1 WHERE id = :id"),
            {"all": ["leases", "billing", "owners", "payouts"], "id": tenant.id},
        )
    with unit_of_work(tenant.id):
        change_settings({"refunds.second-person-above": 10**9}, actor=SYSTEM)
        owners = [cast.add_customer(f"Dueña {n}", document=f"1{n}") for n, _share in enumerate(shares)]
        place = Property(
            id=new_id(), code="P-1", kind="Casa", address="Calle 1", city="Bello", created_at=now()
        )
        db.session.add(place)
        db.session.add(
            LeaseScenario(
                id=new_id(),
                code="local",
                names={"es": "Local", "en": "Shop"},
                purpose="commercial",
                commission_taxes=[dict(tax) for tax in taxes],
            )
        )
        db.session.flush()
        lease_id = open_lease(
            NewLease(
                number="CT-1",
                property_id=place.id,
                address="Calle 1",
                city="Bello",
                renters=[cast.add_customer("Inquilina", document="900")],
                owners=list(zip(owners, shares, strict=True)),
                rent=4_670_000_00,
                currency="COP",
                commission=rate,
                payment_day=5,
                starts_on=datetime.date(2025, 1, 1),
                ends_on=datetime.date(2027, 12, 31),
            )
        )
        lease = db.session.get_one(Lease, (tenant.id, lease_id))
        lease.scenario_code = "local"
        db.session.flush()
        user = cast.add_user("duena@example.com", customer_id=owners[0])
        clerk = cast.add_user("cobros@example.com", name="Beto Cobros", staff_role="billing")
        cast.give_access(user, lease.mandate_account_id, role="owner", main=True)
        return Estate(
            tenant,
            owners,
            user,
            lease.lease_account_id,
            lease.mandate_account_id,
            Actor("staff", clerk, "Beto Cobros"),
            lease_id,
        )


def bill(
    estate: Estate, number: str, rent: int, *, period: str = "2026-03", taxes: Sequence[int] = RENT_TAXES
) -> uuid.UUID:
    """A rent invoice: rent, tax, and what the renter withholds. Inside a unit of work."""
    tax, withheld = (rent * rate // 1_000_000 for rate in taxes)
    lines = [NewLine("charge", "Canon", rent)]
    lines += [NewLine("tax", "IVA", tax)] if tax else []
    lines += [NewLine("withholding", "Retención", withheld)] if withheld else []
    day = datetime.date.fromisoformat(f"{period}-01")
    return issue_invoice(
        NewInvoice(
            number=number,
            type_code="rent",
            account_id=estate.lease_account,
            period=period,
            issued_on=day,
            due_on=day + datetime.timedelta(days=10),
            currency="COP",
            lines=lines,
        )
    )


def collect(invoice: uuid.UUID, amount: int, on: datetime.date) -> uuid.UUID:
    """The renter pays at the counter. Inside a unit of work."""
    return record_outside_payment(
        OutsidePayment(items=[(invoice, amount)], paid_on=on, currency="COP", method="Caja", reference="1")
    )


def give_back(estate: Estate, payment: uuid.UUID, invoice: uuid.UUID, amount: int) -> None:
    """Money goes back to the renter. Inside a unit of work."""
    request_refund(
        NewRefund(payment, [(invoice, amount)], "outside", "Error", "TR-1"), actor=estate.clerk, now=now()
    )


def settle_outbox() -> None:
    """What was to be done afterwards is done."""
    while outbox.drain():
        pass
