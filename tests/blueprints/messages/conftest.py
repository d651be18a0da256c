"""A tenant of Colombia with a renter who owes, and staff."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import update

from blueprints.accounts.models import Customer
from saas.audit import SYSTEM
from saas.database import db
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.cast import TenantCast

# A Wednesday, ten in the morning in Bogotá.
WEDNESDAY = datetime.datetime(2026, 11, 18, 15, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Office:
    """An agency with a renter (login and open invoice), a renter without an address, and staff."""

    app: Flask
    tenant: TenantCast
    renter: uuid.UUID
    user: uuid.UUID
    silent: uuid.UUID
    admin: uuid.UUID
    account: uuid.UUID
    invoice: uuid.UUID

    def bill(
        self,
        number: str,
        *,
        due_on: datetime.date,
        amount: int = 100_000_00,
        account: uuid.UUID | None = None,
    ) -> uuid.UUID:
        return cast.add_invoice(
            account or self.account,
            number,
            amount=amount,
            type_code="rent",
            currency="COP",
            issued_on=due_on - datetime.timedelta(days=10),
            due_on=due_on,
            text="Canon",
        )


@pytest.fixture
def office(app: Flask) -> Office:
    tenant = cast.make_agency()
    with unit_of_work(tenant.id):
        renter = cast.add_customer("Renata Ochoa", document="1", email="renata@casa.example")
        silent = cast.add_customer("Silvio Mudo", document="2")
        db.session.execute(update(Customer).where(Customer.id == renter).values(phone="+57 300 111 2233"))
        user = cast.add_user("renata@casa.example", name="Renata", customer_id=renter)
        admin = cast.add_user("jefa@hogar.example", name="Jefa", staff_role="administrator")
        account = cast.add_account("CT-1", kind="lease", customers=[(renter, "renter", 1_000_000)])
        cast.give_access(user, account, role="renter", main=True)
        invoice = cast.add_invoice(
            account,
            "FV-1",
            amount=1_250_000_00,
            type_code="rent",
            currency="COP",
            issued_on=datetime.date(2026, 11, 1),
            due_on=datetime.date(2026, 11, 20),
            text="Canon",
        )
    return Office(app, tenant, renter, user, silent, admin, account, invoice)


def settings(**changes: object) -> None:
    """Change settings of the active tenant: `settings(reminders=True)` is messages.reminders."""
    change_settings(
        {f"messages.{name.replace('_', '-')}": value for name, value in changes.items()}, actor=SYSTEM
    )
