"""That whoever did the work was paid: once in the books, taken back once, and the list says what is owed still."""

from __future__ import annotations

import datetime
import uuid

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.desk import words
from blueprints.ledger import rules as books
from blueprints.ledger.queries import balance
from blueprints.owners import charge_queries
from blueprints.owners.charges import NewCharge, make_charge, reverse_charge
from blueprints.owners.checking import differences
from blueprints.owners.models import SupplierPayment
from blueprints.owners.suppliers import (
    NewPayment,
    in_force,
    record_supplier_payment,
    reverse_supplier_payment,
)
from saas.audit import AuditRow, first_broken
from saas.clock import now
from saas.database import db
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.blueprints.owners.estate import Estate, make_estate
from tests.pages import checked_get
from tests.signed_in import post, signed_in

DAY = datetime.date(2026, 3, 7)
HOW = NewPayment(DAY, "Transferencia", "TR-9")


@pytest.fixture
def estate(app: Flask) -> Estate:
    return make_estate()


def charge(estate: Estate) -> uuid.UUID:
    new = NewCharge(estate.mandate, "repair", "Techo", 119_000, 19_000, "COP", DAY, supplier="Techos SAS")
    return make_charge(new, now=now())


def test_a_supplier_is_paid_once_and_the_books_say_so(estate: Estate) -> None:
    with unit_of_work(estate.tenant.id):
        one = charge(estate)
        for first in (True, False):
            assert record_supplier_payment(one, HOW, today=DAY, now=now(), actor=estate.clerk) is first
        assert (balance(books.SUPPLIER_PAYABLE), balance(books.CLEARING)) == (0, -119_000)
        assert differences() == []
        for first in (True, False):
            done = reverse_supplier_payment(one, reason="Era otro", today=DAY, actor=estate.clerk)
            assert done is first
        assert (balance(books.SUPPLIER_PAYABLE), balance(books.CLEARING)) == (-119_000, 0)
        assert record_supplier_payment(one, HOW, today=DAY, now=now(), actor=estate.clerk)
        assert differences() == []
    with unit_of_work(estate.tenant.id):
        actions = db.session.execute(
            select(AuditRow.action)
            .where(AuditRow.action.like("owner-charge.supplier%"))
            .order_by(AuditRow.number)
        ).scalars()
        assert [action for action in actions if action in words.ACTIONS] == [
            "owner-charge.supplier-paid",
            "owner-charge.supplier-payment-reversed",
            "owner-charge.supplier-paid",
        ]
        assert first_broken() is None


def test_the_books_and_the_list_must_agree(estate: Estate) -> None:
    with unit_of_work(estate.tenant.id):
        one = charge(estate)
        record_supplier_payment(one, HOW, today=DAY, now=now())
        db.session.execute(update(SupplierPayment).values(amount=1))
        assert len(differences()) == 2


@pytest.mark.parametrize(
    ("how", "field"),
    [
        (NewPayment(DAY + datetime.timedelta(days=1), "Caja"), "paid_on"),
        (NewPayment(datetime.date(2020, 1, 1), "Caja"), "paid_on"),
        (NewPayment(DAY, ""), "method"),
    ],
)
def test_what_cannot_be_is_refused(estate: Estate, how: NewPayment, field: str) -> None:
    with unit_of_work(estate.tenant.id):
        with pytest.raises(Refusal) as refused:
            record_supplier_payment(charge(estate), how, today=DAY, now=now())
        assert refused.value.field == field


def test_a_charge_is_not_taken_back_while_its_supplier_is_paid(estate: Estate) -> None:
    with unit_of_work(estate.tenant.id):
        one, other = charge(estate), charge(estate)
        record_supplier_payment(one, HOW, today=DAY, now=now())
        with pytest.raises(Refusal):
            reverse_charge(one, reason="Error", today=DAY)
        assert reverse_charge(other, reason="Error", today=DAY)
        with pytest.raises(Refusal):
            record_supplier_payment(other, HOW, today=DAY, now=now())
        with pytest.raises(NotFound):
            record_supplier_payment(uuid.uuid4(), HOW, today=DAY, now=now())
        states = {
            state: [row.id for row in charge_queries.charges("", state, None).rows]
            for state in ("made", "reversed", "owed", "paid")
        }
        assert states == {"made": [one], "reversed": [other], "owed": [], "paid": [one]}


def test_the_desk_records_it(app: Flask, estate: Estate) -> None:
    with unit_of_work(estate.tenant.id):
        one = charge(estate)
    assert estate.clerk.user_id is not None
    desk = signed_in(app, estate.tenant, estate.clerk.user_id)
    page = f"/desk/owner-charges/{one}"
    assert "Proveedor por pagar" in checked_get(desk, "/desk/owner-charges?state=owed").text
    wrong = post(
        desk, page, f"{page}/supplier", {"paid_on": "31/02/2026", "method": "Caja", "reference": "R-1"}
    )
    assert wrong.status_code == 422
    assert 'value="R-1"' in wrong.get_data(as_text=True)
    day = (now().date() - datetime.timedelta(days=3)).strftime("%d/%m/%Y")
    for _twice in range(2):
        answer = post(desk, page, f"{page}/supplier", {"paid_on": day, "method": "Caja", "reference": "R-1"})
        assert answer.status_code == 303
    assert "R-1" in checked_get(desk, page).text
    assert "Proveedor pagado" in checked_get(desk, "/desk/owner-charges").text
    assert post(desk, page, f"{page}/supplier/reverse", {"reason": ""}).status_code == 422
    assert post(desk, page, f"{page}/supplier/reverse", {"reason": "Error"}).status_code == 303
    with unit_of_work(estate.tenant.id):
        assert in_force(one) is None
        assert balance(books.SUPPLIER_PAYABLE) == -119_000
