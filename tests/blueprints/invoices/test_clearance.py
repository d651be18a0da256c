"""The certificate that nothing is owed: only when it is true, once a day, and taken back when it is no longer."""

from __future__ import annotations

import datetime
import io
import re
import uuid

from flask import Flask
from pypdf import PdfReader

from blueprints.ledger.rules import CLEARING, settle
from blueprints.ledger.services import post as enter
from saas.events import emit
from saas.scope import unit_of_work
from tests.cast import add_account, add_invoice, add_user, give_access, make_agency, make_utility
from tests.signed_in import post, signed_in

D = datetime.date
DAY = D(2026, 3, 4)


def pay(account: uuid.UUID, invoice: uuid.UUID, amount: int) -> None:
    lines = settle(source=CLEARING, account_id=account, invoice_id=invoice, amount=amount)
    enter(f"payment:{invoice}", "payment", lines, currency="ARS", occurred_on=DAY)


def test_what_is_open_is_named_and_nothing_is_certified(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        invoice = add_invoice(account, "F-1")
    client = signed_in(app, tenant, user)
    address = f"/accounts/{account}/clearance"
    page = client.get(address).get_data(as_text=True)
    assert f"/invoices/{invoice}" in page and "<form" not in page.split("<main")[1].split("</main>")[0]
    refused = post(client, "/profile", address)
    assert refused.status_code == 422 and "no se puede certificar" in refused.get_data(as_text=True)


def test_a_clear_account_is_certified_once_a_day(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        pay(account, add_invoice(account, "F-1", amount=100_050), 100_050)
    client = signed_in(app, tenant, user)
    address = f"/accounts/{account}/clearance"
    for _twice in range(2):
        assert post(client, address, address).status_code == 303
    papers = re.findall(r"/clearances/([0-9a-f-]{36})/pdf", client.get(address).get_data(as_text=True))
    assert len(papers) == 1
    paper = client.get(f"/clearances/{papers[0]}/pdf")
    assert paper.data == client.get(f"/clearances/{papers[0]}/pdf").data
    text = PdfReader(io.BytesIO(paper.data)).pages[0].extract_text()
    assert "Paz y salvo 000001" in text.replace("\n", " ") or "000001" in text
    code = re.search(r"/check/([A-Z0-9-]+)", text)
    assert code is not None
    page = app.test_client().get(f"/check/{code[1]}", headers={"Host": tenant.host}).get_data(as_text=True)
    assert "000001" in page and "F-1" not in page


def test_it_is_taken_back_when_the_money_leaves_again(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        invoice = add_invoice(account, "F-1", amount=100_050)
        pay(account, invoice, 100_050)
    client = signed_in(app, tenant, user)
    address = f"/accounts/{account}/clearance"
    post(client, address, address)
    with app.app_context(), unit_of_work(tenant.id):
        emit(
            "payment.reversed",
            items=[(invoice, 100_050, 0)],
            source="x",
            currency="ARS",
            paid_on=DAY,
            occurred_on=DAY,
        )
    assert "Anulado" in client.get(address).get_data(as_text=True)
    for _twice in range(2):  # the books of this test still say paid
        assert post(client, address, address).status_code == 303
    assert client.get(address).get_data(as_text=True).count("/clearances/") == 2


def test_an_account_without_invoices_and_a_mandate_are_not_certified(app: Flask) -> None:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        lease, mandate, user = (
            add_account("1", kind="lease"),
            add_account("1", kind="mandate"),
            add_user("a@example.com"),
        )
        give_access(user, lease, role="renter")
        give_access(user, mandate, role="owner")
    client = signed_in(app, tenant, user)
    assert post(client, "/profile", f"/accounts/{lease}/clearance").status_code == 422
    assert client.get(f"/accounts/{mandate}/clearance").status_code == 404
    assert post(client, "/profile", f"/accounts/{mandate}/clearance").status_code == 404


def test_nobody_elses(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        mine = add_account("2")
        give_access(user, mine)
        pay(account, add_invoice(account, "F-1", amount=100_050), 100_050)
    client = signed_in(app, tenant, user)
    assert client.get(f"/accounts/{account}/clearance").status_code == 404
    assert post(client, "/profile", f"/accounts/{account}/clearance").status_code == 404
