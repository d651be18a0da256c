"""The history as a file holds the rows of the page, under its filters, and nobody else's."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from saas.scope import unit_of_work
from tenants import exports
from tests.cast import add_account, add_invoice, add_user, give_access, make_utility
from tests.signed_in import signed_in


def test_every_format_holds_the_rows_of_the_page(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, foreign, user = add_account("=1"), add_account("2"), add_user("a@example.com")
        give_access(user, account)
        for number in range(30):  # more than one page
            add_invoice(account, f"F-{number}", amount=100_050)
        add_invoice(foreign, "X-1")
    client = signed_in(app, tenant, user)
    page = client.get("/invoices/history?number=F-2").get_data(as_text=True)
    assert "/invoices/history?number=F-2&amp;format=csv" in page

    answer = client.get("/invoices/history?format=csv")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert {row[0] for row in rows[1:]} == {f"F-{number}" for number in range(30)}
    assert rows[1][2] == "'=1" and "1000,50" in rows[1]

    narrowed = client.get("/invoices/history?format=xlsx&number=F-2").data
    cells = CalamineWorkbook.from_filelike(io.BytesIO(narrowed)).get_sheet_by_index(0).to_python()
    assert {row[0] for row in cells[1:]} == {"F-2", *(f"F-{n}" for n in range(20, 30))} and 1000.5 in cells[1]

    paper = PdfReader(io.BytesIO(client.get("/invoices/history?format=pdf&number=F-2").data))
    text = "".join(sheet.extract_text() for sheet in paper.pages)
    assert "F-29" in text and "F-11" not in text and "X-1" not in text


def test_a_list_that_is_too_long_is_refused_and_not_cut(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        for number in range(3):
            add_invoice(account, str(number))
    answer = signed_in(app, tenant, user).get("/invoices/history?format=csv")
    assert answer.status_code == 409 and "2 filas" in answer.get_data(as_text=True)
