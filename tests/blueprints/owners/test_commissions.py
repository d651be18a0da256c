"""Commission follows what was collected: to the cent, once, up and down."""

from __future__ import annotations

import datetime
import uuid

from flask import Flask
from sqlalchemy import select

from blueprints.invoices.models import Invoice, InvoiceLine
from blueprints.ledger import rules as books
from blueprints.ledger.queries import balance
from blueprints.owners import commissions
from blueprints.owners.models import CommissionDocument
from saas.audit import SYSTEM
from saas.database import db
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.blueprints.owners.estate import (
    IVA,
    RETENTION,
    Estate,
    bill,
    collect,
    give_back,
    make_estate,
    settle_outbox,
)

DAY = datetime.date(2026, 3, 7)


def documents() -> list[tuple[str, int, int, int, int]]:
    return [
        (row.kind, row.charge, row.tax, row.withholding, row.total)
        for row in db.session.execute(
            select(
                CommissionDocument.kind,
                CommissionDocument.charge,
                CommissionDocument.tax,
                CommissionDocument.withholding,
                CommissionDocument.total,
            ).order_by(CommissionDocument.position)
        )
    ]


def held(estate: Estate) -> list[int]:
    return [-balance(books.OWNER_PAYABLE, customer_id=owner) for owner in estate.owners]


def test_the_month_of_the_pack_comes_out_as_in_the_pack(app: Flask) -> None:
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        rent = bill(estate, "FV-1", 4_670_000_00)
        payment = collect(rent, 5_393_850_00, DAY)
        assert documents() == []  # whoever captures waits for no commission
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert documents() == [("invoice", 420_300_00, 79_857_00, 0, 500_157_00)]
        assert held(estate) == [2_936_215_80, 1_957_477_20]
        assert -balance(books.COMMISSION) == 420_300_00 and -balance(books.TAX_PAYABLE) == 79_857_00
        invoice = db.session.execute(
            select(Invoice).where(Invoice.type_code == "commission", Invoice.account_id == estate.mandate)
        ).scalar_one()
        assert (invoice.number, invoice.period, invoice.open_amount) == ("COM-000001", "2026-03", 0)
        assert invoice.settled_on == DAY
        lines = db.session.execute(
            select(InvoiceLine.kind, InvoiceLine.amount, InvoiceLine.description)
            .where(InvoiceLine.invoice_id == invoice.id)
            .order_by(InvoiceLine.position)
        ).all()
        assert [(line.kind, line.amount) for line in lines] == [("charge", 420_300_00), ("tax", 79_857_00)]
        assert "CT-1" in lines[0].description and "marzo" in lines[0].description
        give_back(estate, payment, rent, 5_393_850_00)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert documents()[1:] == [("credit-note", 420_300_00, 79_857_00, 0, 500_157_00)]
        assert held(estate) == [0, 0]
        assert (
            balance(books.COMMISSION)
            == balance(books.TAX_PAYABLE)
            == balance(books.RECEIVABLE, account_id=estate.mandate)
            == 0
        )


def test_parts_add_up_to_the_whole(app: Flask) -> None:
    estate = make_estate((333_333, 333_333, 333_334), taxes=(IVA, RETENTION))
    with unit_of_work(estate.tenant.id):
        rent = bill(estate, "FV-1", 1_000_001)
        total = db.session.execute(select(Invoice.total).where(Invoice.id == rent)).scalar_one()
    for part in (1, 333, 99_999, total - 100_333):
        with unit_of_work(estate.tenant.id):
            collect(rent, part, DAY)
        settle_outbox()
    with unit_of_work(estate.tenant.id):
        made = documents()
        assert all(kind == "invoice" for kind, *_rest in made)
        assert sum(row[1] for row in made) == 90_000
        assert sum(row[2] for row in made) == 17_100
        assert sum(row[3] for row in made) == 9_900
        assert sum(held(estate)) == total - 90_000 - 17_100 + 9_900
        assert max(held(estate)) - min(held(estate)) <= 4  # two divisions of cents and the larger share


def test_it_may_run_twice_late_or_beforehand(app: Flask) -> None:
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        rent = bill(estate, "FV-1", 1_000_000)
        collect(rent, 100_000, DAY)
        collect(rent, 200_000, DAY)
        assert commissions.follow_all() == 1  # the first made it for both
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert not commissions.follow(rent, source="again", on=DAY)
        assert len(documents()) == 1 and commissions.follow_all() == 0


def test_the_back_office_s_own_invoice_is_the_only_one(app: Flask) -> None:
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        rent = bill(estate, "FV-1", 1_000_000)
        imported = cast.add_invoice(
            estate.mandate, "FC-1", amount=90_000, type_code="commission", currency="COP"
        )
        _month(imported, "2026-03")
        payment = collect(rent, 500_000, DAY)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert documents() == []
        change_settings({"owners.commissions": "office"}, actor=SYSTEM)
        other = bill(estate, "FV-2", 1_000_000, period="2026-04")
        collect(other, 500_000, DAY)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert documents() == []
        give_back(estate, payment, rent, 1)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert documents() == []


def test_a_later_import_stops_ours_from_growing(app: Flask) -> None:
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        rent = bill(estate, "FV-1", 1_000_000)
        payment = collect(rent, 500_000, DAY)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        _month(
            cast.add_invoice(estate.mandate, "FC-1", amount=9, type_code="commission", currency="COP"),
            "2026-03",
        )
        collect(rent, 100_000, DAY)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert len(documents()) == 1
        give_back(estate, payment, rent, 300_000)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert [row[0] for row in documents()] == ["invoice", "credit-note"]


def test_a_number_that_an_import_took_is_passed_over(app: Flask) -> None:
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        _month(
            cast.add_invoice(estate.mandate, "COM-000001", amount=9, type_code="commission", currency="COP"),
            "2025-01",
        )
        collect(bill(estate, "FV-1", 1_000_000), 500_000, DAY)
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        assert db.session.execute(select(CommissionDocument.number)).scalar_one() == "COM-000002"


def _month(invoice: uuid.UUID, period: str) -> None:
    row = db.session.execute(select(Invoice).where(Invoice.id == invoice)).scalar_one()
    row.period = period
    db.session.flush()
