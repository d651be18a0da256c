"""An agency with two owners of one property, rent that came in, and people at its desk."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from blueprints.accounts.models import Customer, Property
from blueprints.leases.models import Lease, Payout
from blueprints.leases.services import NewLease, open_lease
from blueprints.ledger import rules as books
from blueprints.ledger.queries import balance
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payouts import rules
from blueprints.payouts.bank_accounts import NewAccount, confirm_by_link, enter_account
from blueprints.payouts.models import OwnerBankAccount, PayoutLine
from blueprints.payouts.proposing import Scope
from blueprints.payouts.runs import approve_run, prepare_run
from blueprints.payouts.tokens import CODE, LINK, make_token, unseal
from saas.audit import SYSTEM, Actor
from saas.clock import now, today
from saas.database import db
from saas.ids import new_id
from saas.platform_database import platform_connection
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.cast import TenantCast
from tests.signed_in import signed_in

LONG_AGO = datetime.timedelta(days=20)
ZONE = "America/Bogota"


@dataclass
class Agency:
    app: Flask
    tenant: TenantCast
    owners: list[uuid.UUID] = field(default_factory=list)
    logins: list[uuid.UUID] = field(default_factory=list)
    mandate: uuid.UUID = field(default_factory=new_id)
    rent_account: uuid.UUID = field(default_factory=new_id)
    ana: uuid.UUID = field(default_factory=new_id)  # prepares: billing
    luis: uuid.UUID = field(default_factory=new_id)  # approves: administrator
    paz: uuid.UUID = field(default_factory=new_id)  # administrator too

    def unit(self):
        return unit_of_work(self.tenant.id)

    @property
    def day(self) -> datetime.date:
        return today(ZONE)

    def client(self, user: uuid.UUID) -> FlaskClient:
        return signed_in(self.app, self.tenant, user)


def make_agency(app: Flask) -> Agency:
    agency = Agency(app, cast.make_agency())
    with platform_connection() as connection:
        connection.execute(
            text("UPDATE tenants SET capabilities = :all, version = version + 1 WHERE id = :id"),
            {"all": ["leases", "billing", "owners", "payouts"], "id": agency.tenant.id},
        )
    with agency.unit():
        agency.owners = [
            cast.add_customer("Ana Dueñas", document="111111", email="ana@duenas.example"),
            cast.add_customer("Beto Nuñez", document="222222", email="beto@nunez.example"),
        ]
        agency.logins = [
            cast.add_user("ana@duenas.example", name="Ana Dueñas", customer_id=agency.owners[0]),
            cast.add_user("beto@casa.example", name="Beto", customer_id=agency.owners[1]),
        ]
        add_mandate(agency, "CT-1", [(agency.owners[0], 600_000), (agency.owners[1], 400_000)])
        for login in agency.logins:
            cast.give_access(login, agency.mandate, role="owner")
        agency.ana = cast.add_user("ana.cobros@example.com", name="Ana Cobros", staff_role="billing")
        agency.luis = cast.add_user("luis@example.com", name="Luis Jefe", staff_role="administrator")
        agency.paz = cast.add_user("paz@example.com", name="Paz Jefa", staff_role="administrator")
    return agency


def add_mandate(agency: Agency, number: str, owners: list[tuple[uuid.UUID, int]]) -> None:
    place = Property(
        id=new_id(),
        code=f"P-{number}",
        kind="Casa",
        address=f"Calle {number}",
        city="Bello",
        created_at=now(),
    )
    db.session.add(place)
    db.session.flush()
    lease_id = open_lease(
        NewLease(
            number=number,
            property_id=place.id,
            address=f"Calle {number}",
            city="Bello",
            renters=[cast.add_customer(f"Inquilina {number}", document=f"9{number[3:]}")],
            owners=owners,
            rent=1_000_000,
            currency="COP",
            commission=0,
            payment_day=5,
            starts_on=datetime.date(2020, 1, 1),
            ends_on=datetime.date(2040, 12, 31),
        )
    )
    row = db.session.execute(
        select(Lease.lease_account_id, Lease.mandate_account_id).where(Lease.id == lease_id)
    ).one()
    agency.rent_account, agency.mandate = row.lease_account_id, row.mandate_account_id


_number = iter(range(1, 10**9))


def collect(agency: Agency, amount: int, *, on: datetime.date | None = None) -> tuple[uuid.UUID, uuid.UUID]:
    """Rent comes in: (invoice, payment). To be called inside a unit."""
    invoice = cast.add_invoice(
        agency.rent_account, f"F-{next(_number)}", amount=amount, type_code="rent", currency="COP"
    )
    payment = record_outside_payment(
        OutsidePayment(
            items=[(invoice, amount)],
            paid_on=on or agency.day,
            currency="COP",
            method="Caja",
            reference=str(next(_number)),
        )
    )
    return invoice, payment


def an_account(number: str = "12345678901", **given: object) -> NewAccount:
    values: dict = {
        "bank": "1007",
        "kind": "savings",
        "number": number,
        "holder_name": "Ana Dueñas",
        "holder_document_kind": "CC",
        "holder_document_number": "111111",
    }
    return NewAccount(**{**values, **given})


def owner_actor(agency: Agency, which: int = 0) -> Actor:
    return Actor("customer", agency.logins[which], "Dueña")


def staff(user: uuid.UUID) -> Actor:
    return Actor("staff", user, "Personal")


def code_of(account_id: uuid.UUID) -> str:
    sealed = db.session.execute(
        select(OwnerBankAccount.sealed_code).where(OwnerBankAccount.id == account_id)
    ).scalar_one()
    return unseal(sealed, account_id, CODE)


def enter(agency: Agency, which: int = 0, number: str = "12345678901", *, at=None) -> uuid.UUID:
    documents = (("Ana Dueñas", "111111"), ("Beto Nuñez", "222222"))
    name, document = documents[which]
    return enter_account(
        agency.owners[which],
        an_account(number, holder_name=name, holder_document_number=document),
        actor=owner_actor(agency, which),
        by_staff=False,
        now=at or now(),
    )


def confirm(account_id: uuid.UUID, *, at=None) -> bool:
    return confirm_by_link(make_token(LINK, account_id), code_of(account_id), now=at or now())


def usable_account(agency: Agency, which: int = 0, number: str = "12345678901") -> uuid.UUID:
    """An account that was entered and confirmed long ago."""
    at = now() - LONG_AGO
    account_id = enter(agency, which, number, at=at)
    assert confirm(account_id, at=at)
    return account_id


def prepared(agency: Agency, *, by: uuid.UUID | None = None, **given: object) -> uuid.UUID:
    return prepare_run(
        agency.day, agency.day, given.get("scope", Scope()), actor=staff(by or agency.ana), now=now()
    )


def approved(agency: Agency) -> uuid.UUID:
    run = prepared(agency)
    approve_run(run, may_approve=True, actor=staff(agency.luis), now=now())
    return run


def lines_of(run_id: uuid.UUID) -> list:
    return list(
        db.session.execute(
            select(PayoutLine).where(PayoutLine.run_id == run_id).order_by(PayoutLine.amount.desc())
        ).scalars()
    )


def sums() -> tuple[int, int, int]:
    """What is held for owners, what is under way, what left the bank for good (all positive)."""
    return (
        -balance(books.OWNER_PAYABLE),
        -balance(books.PAYOUTS_UNDER_WAY),
        paid_out(),
    )


def paid_out() -> int:
    rows = db.session.execute(select(Payout.amount).where(Payout.state == "paid", Payout.void_at.is_(None)))
    return sum(row.amount for row in rows)


def setting(key: str, value: object) -> None:
    change_settings({key: value}, actor=SYSTEM)


def later(account_id: uuid.UUID, hours: int) -> None:
    """As if so many hours had passed since an account was confirmed."""
    past = datetime.timedelta(hours=hours)
    row = db.session.execute(select(OwnerBankAccount).where(OwnerBankAccount.id == account_id)).scalar_one()
    row.usable_from = row.usable_from - past
    db.session.flush()


def change_email(customer_id: uuid.UUID, email: str | None) -> None:
    db.session.execute(update(Customer).where(Customer.id == customer_id).values(email=email))


HOLD_HOURS = int(rules.HOLD.total_seconds() // 3600)
