"""Pages of invoices: what is chosen to be paid, one invoice whole, its one document, and nobody else's."""

from __future__ import annotations

import datetime
import hashlib
import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.invoices.fiscal_block import fiscal_block
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from saas.clock import now
from saas.database import db
from saas.files import StoredFileRow
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.provider_accounts import ProviderAccount
from tests.cast import (
    add_account,
    add_customer,
    add_invoice,
    add_user,
    give_access,
    make_agency,
    make_utility,
)
from tests.signed_in import post, signed_in

D = datetime.date
HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>{{ 7*7 }}%(x)s#let x = 1"
CUFE = "c257c6f561c5cb347611a3ce9d97dcbee500fe7ee5fc324bdb2e1142a21c402364f9572b85a8e48f687ab165c58ac583"


def take_payments() -> None:
    """Give the active tenant a place where payments go."""
    db.session.add(
        ProviderAccount(
            id=new_id(),
            provider="bank-simulator",
            name="b",
            mode="test",
            enabled=True,
            hook_digest="x",
            created_at=now(),
        )
    )
    db.session.flush()


def test_several_can_be_chosen_and_the_rest_cannot(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        take_payments()
        account, watched, user = add_account("1"), add_account("2"), add_user("a@example.com")
        give_access(user, account)
        give_access(user, watched, can_pay=False)
        mine = [add_invoice(account, str(number), amount=100_050) for number in range(2)]
        other = add_invoice(watched, "X")
    page = signed_in(app, tenant, user).get("/invoices").get_data(as_text=True)
    boxes = dict(
        re.findall(r'name="invoice" value="([0-9a-f-]{36})" data-amount="\d+"( checked| disabled)', page)
    )
    assert boxes == {str(mine[0]): " checked", str(mine[1]): " checked", str(other): " disabled"}
    assert "$2.001,00" in page and 'action="/payments/summary"' in page


def test_without_online_payments_the_page_says_how_else(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        invoice = add_invoice(account, "1")
    client = signed_in(app, tenant, user)
    for path in ("/invoices", f"/invoices/{invoice}"):
        page = client.get(path).get_data(as_text=True)
        assert 'type="checkbox"' not in page and 'action="/payments' not in page
        assert "Cómo pagar" in page, path


def test_a_stranger_s_invoice_is_as_one_that_does_not_exist(app: Flask) -> None:
    tenant = make_utility()
    other_tenant = make_agency()
    with unit_of_work(other_tenant.id):
        far = add_invoice(add_account("9", kind="lease"), "9", type_code="rent", currency="COP")
    with unit_of_work(tenant.id):
        account, strangers, user = add_account("1"), add_account("2"), add_user("a@example.com")
        give_access(user, account, valid_from=D(2026, 11, 1))
        own = add_invoice(account, "1")
        never = add_invoice(account, "2", issued_on=D(2026, 10, 1), due_on=D(2026, 10, 10))
        foreign = add_invoice(strangers, "3")
    client = signed_in(app, tenant, user)
    for tail in ("", "/pdf"):
        assert client.get(f"/invoices/{own}{tail}").status_code == 200
        answers = [client.get(f"/invoices/{wrong}{tail}") for wrong in (never, foreign, far, new_id())]
        assert {answer.status_code for answer in answers} == {404}
        assert len({re.sub(r'value="[^"]+"', "", answer.get_data(as_text=True)) for answer in answers}) == 1


def test_a_former_renter_keeps_the_own_time_alone(app: Flask) -> None:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        account, user = add_account("1", kind="lease"), add_user("a@example.com")
        give_access(user, account, role="renter", valid_until=D(2026, 1, 31))
        rent = {"type_code": "rent", "currency": "COP"}
        mine = add_invoice(account, "MINE-1", **rent, issued_on=D(2026, 1, 31), due_on=D(2026, 2, 10))
        theirs = add_invoice(account, "THEIRS-1", **rent, issued_on=D(2026, 2, 1), due_on=D(2026, 2, 10))
    client = signed_in(app, tenant, user)
    assert client.get(f"/invoices/{mine}").status_code == 200
    assert client.get(f"/invoices/{theirs}").status_code == 404
    for path in ("/", "/invoices", "/invoices/history", "/statement", "/accounts"):
        answer = client.get(path)
        assert answer.status_code == 200 and "THEIRS-1" not in answer.get_data(as_text=True), path
    assert "MINE-1" in client.get("/invoices").get_data(as_text=True)
    clearance = f"/accounts/{account}/clearance"
    assert post(client, "/accounts", clearance).status_code == 404


def test_a_former_holder_has_lost_all_of_it(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account, role="holder", valid_until=D(2026, 1, 31))
        invoice = add_invoice(account, "FORMER-1", issued_on=D(2025, 12, 1), due_on=D(2025, 12, 10))
    client = signed_in(app, tenant, user)
    assert client.get(f"/invoices/{invoice}").status_code == 404
    for path in ("/", "/invoices", "/invoices/history", "/statement", "/accounts"):
        answer = client.get(path)
        assert answer.status_code == 200 and "FORMER-1" not in answer.get_data(as_text=True)


def test_everything_is_said_of_one_invoice(app: Flask) -> None:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        customer = add_customer("Ana", document="1")
        account = add_account("CT-1", kind="lease", customers=[(customer, "renter", 1_000_000)])
        user = add_user("a@example.com")
        give_access(user, account, role="renter")
        invoice = issue_invoice(
            NewInvoice(
                number="FV-1", type_code="rent", account_id=account, period="2026-03", issued_on=D(2026, 3, 1),
                due_on=D(2026, 3, 10), second_due_on=D(2026, 3, 20), second_total=551_000_000, currency="COP",
                payment_code="52779", fiscal_kind="cufe", fiscal_id=CUFE, details={"consumption": 22, "unit": "m³"},
                lines=[
                    NewLine("charge", "Canon", 467_000_000),
                    NewLine("tax", "IVA", 88_730_000),
                    NewLine("withholding", "Retención", 16_345_000),
                ],
            )
        )  # fmt: skip
    page = signed_in(app, tenant, user).get(f"/invoices/{invoice}").get_data(as_text=True)
    for words in (
        "$4.670.000", "$887.300", "-$163.450", "$5.393.850", "$5.510.000", "marzo de 2026", "20 de marzo de 2026",
        "22 m³", 'data-copy="52779"', CUFE, f"documentkey={CUFE}", "<svg",
    ):  # fmt: skip
        assert words in page, words


def test_a_document_is_made_once_and_stays(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        customer = add_customer("Ana Pérez", document="1")
        account = add_account("1", customers=[(customer, "holder", 1_000_000)])
        user = add_user("a@example.com")
        give_access(user, account)
        invoice = add_invoice(account, "B-0012-00000001")
    client = signed_in(app, tenant, user)
    first = client.get(f"/invoices/{invoice}/pdf")
    assert first.data.startswith(b"%PDF") and first.mimetype == "application/pdf"
    assert 'filename="B-0012-00000001.pdf"' in first.headers["Content-Disposition"]
    with unit_of_work(tenant.id):
        db.session.execute(
            update(InvoiceType).values(names={"es": {"one": "Otra", "many": "Otras"}})
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        files = db.session.execute(select(StoredFileRow.id, StoredFileRow.sha256)).all()
        kept = db.session.execute(select(Invoice.document_file_id)).scalar_one()
    assert [(row.id, row.sha256) for row in files] == [(kept, hashlib.sha256(first.data).hexdigest())]
    assert client.get(f"/invoices/{invoice}/pdf").data == first.data


def test_hostile_texts_stay_texts(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        take_payments()
        customer = add_customer(HOSTILE, document="1")
        account = add_account(HOSTILE, address=HOSTILE, customers=[(customer, "holder", 1_000_000)])
        second, user = add_account("2", address=HOSTILE), add_user("a@example.com", name=HOSTILE)
        give_access(user, account)
        give_access(user, second)
        invoice = add_invoice(account, HOSTILE, text=HOSTILE)
        db.session.execute(
            update(Invoice)
            .values(payment_code=HOSTILE, period=HOSTILE, details={"consumption": HOSTILE, "unit": HOSTILE})
            .execution_options(synchronize_session=False)
        )
    client = signed_in(app, tenant, user)
    for path in (
        "/", "/invoices", "/invoices/history?number=%3Cscript%3E&state=x&year=9999&type=%00&older=x&newer=%FF",
        "/invoices/history", f"/invoices/{invoice}", "/statement", "/accounts?q=%3Cscript%3E%25_%00",
        f"/accounts/{account}",
    ):  # fmt: skip
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, path
        assert (
            "<script>alert" not in page
            and "<img src=x" not in page
            and "49" not in re.findall(r">(49)<", page)
        ), path
    for path in (f"/invoices/{invoice}/pdf", "/statement/pdf"):
        assert client.get(path).data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("number", "tax_number", "linked"),
    [
        ("B-0012-00000001", "CUIT 30-70000000-1", True),
        ("FACTURA 1", "30-70000000-1", False),
        ("B-0012-00000001", "", False),
    ],
)
def test_a_cae_is_shown_even_when_its_link_cannot_be_made(number: str, tax_number: str, linked: bool) -> None:
    facts = {"due_on": None, "issued_on": D(2026, 3, 1), "total": 1_210_000, "currency": "ARS"}
    block = fiscal_block(kind="cae", code="78381795014078", number=number, tax_number=tax_number, **facts)
    assert block is not None and bool(block.link) == linked and block.code == "78381795014078"
    assert (
        fiscal_block(kind="cae", code="7838179501407<", number=number, tax_number=tax_number, **facts) is None
    )
    assert fiscal_block(kind=None, code=None, number=number, tax_number=tax_number, **facts) is None
