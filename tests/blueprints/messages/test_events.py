"""What other capabilities tell becomes a message, once."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import time_machine
from sqlalchemy import select

from blueprints.accounts.models import Account, Property
from blueprints.leases.models import LeaseDocument
from blueprints.leases.services import NewLease, open_lease
from blueprints.messages.jobs import order_day
from blueprints.messages.models import Message
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.files import store
from saas.ids import new_id
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.messages.conftest import WEDNESDAY, Office


def bodies(office: Office, kind: str) -> list[str]:
    with unit_of_work(office.tenant.id):
        rows = db.session.execute(select(Message.body).where(Message.kind == kind).order_by(Message.id))
        return [str(row.body) for row in rows]


def a_lease(office: Office) -> dict[str, Any]:
    with unit_of_work(office.tenant.id):
        owner = cast.add_customer("Omar Dueño", document="77", email="omar@casa.example")
        place = new_id()
        db.session.add(
            Property(id=place, code="P-1", kind="Casa", address="Calle 1", city="Cali", created_at=now())
        )
        db.session.flush()
        lease = open_lease(
            NewLease(
                number="CT-77",
                property_id=place,
                address="Calle 1",
                city="Cali",
                renters=[office.renter],
                owners=[(owner, 1_000_000)],
                rent=1_000_000_00,
                currency="COP",
                commission=90_000,
                payment_day=5,
                starts_on=datetime.date(2026, 1, 1),
                ends_on=datetime.date(2027, 12, 31),
            )
        )
        accounts = dict(
            db.session.execute(select(Account.kind, Account.id).where(Account.number == "CT-77")).all()
        )
    return {"lease_id": lease, "owner": owner, "accounts": accounts}


def test_a_new_rent_is_told_to_both_sides_once(office: Office, mailbox: Mailbox):
    lease = a_lease(office)
    told = {
        "number": "CT-77",
        "before": 1_000_000_00,
        "rent": 1_051_000_00,
        "currency": "COP",
        "percent": "5,1",
    }
    with time_machine.travel(WEDNESDAY, tick=False):
        for _turn in range(2):
            with unit_of_work(office.tenant.id):
                for kind in ("lease", "mandate"):
                    assert kind in lease["accounts"]
                emit(
                    "lease.rent-adjusted",
                    lease_id=lease["lease_id"],
                    lease_account_id=lease["accounts"]["lease"],
                    mandate_account_id=lease["accounts"]["mandate"],
                    valid_from=datetime.date(2027, 1, 1),
                    facts=told,
                )
        outbox.drain()
    found = bodies(office, "rent-adjustment")
    assert len(found) == 2 and all("1.051.000" in body and "5,1 por ciento" in body for body in found)
    assert all(f"/contracts/{lease['lease_id']}" in body for body in found)


def test_a_paper_that_expires_is_told_to_who_may_see_it(office: Office, mailbox: Mailbox):
    lease = a_lease(office)
    with unit_of_work(office.tenant.id):
        paper = store(b"%PDF-", media_type="application/pdf", name="a.pdf", purpose="test")
        db.session.add(
            LeaseDocument(
                id=new_id(),
                lease_id=lease["lease_id"],
                kind="policy",
                title="Póliza",
                file_id=paper,
                version=1,
                expires_on=datetime.date(2026, 12, 18),
                for_owner=False,
                added_at=now(),
            )
        )
    for days in range(3):
        with time_machine.travel(WEDNESDAY + datetime.timedelta(days=days), tick=False):
            with unit_of_work(office.tenant.id):
                order_day(WEDNESDAY.date() + datetime.timedelta(days=days))
            outbox.drain()
    (body,) = bodies(office, "document-expiring")
    assert "Renata" in body and "Póliza" in body and "18 de diciembre de 2026" in body


def test_old_commissions_are_no_news(office: Office, mailbox: Mailbox):
    with time_machine.travel(WEDNESDAY, tick=False):
        for issued_on in (datetime.date(2026, 3, 1), WEDNESDAY.date()):
            with unit_of_work(office.tenant.id):
                emit(
                    "commission.issued",
                    document_id=uuid.uuid4(),
                    invoice_id=office.invoice,
                    mandate_account_id=uuid.uuid4(),
                    customer_ids=[office.renter],
                    number=f"FC-{issued_on}",
                    amount=420_300_00,
                    currency="COP",
                    period="2026-11",
                    issued_on=issued_on,
                )
        outbox.drain()
    (body,) = bodies(office, "commission-invoice")
    assert "420.300" in body and "FC-2026-11-18" in str(mailbox.letters()[0][1]["Subject"])
