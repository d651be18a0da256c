"""The desk's lists as files hold what the page lists, under its filters, and leave a row of evidence."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from saas.audit import AuditRow
from saas.database import db
from saas.scope import unit_of_work
from tests.cast import TenantCast, add_account, add_customer, add_invoice, add_user, make_utility
from tests.signed_in import signed_in

LISTS = (
    "/desk/customers",
    "/desk/accounts",
    "/desk/payments",
    "/desk/audit",
    "/desk/payments/refunds",
    "/desk/payments/disputes",
    "/desk/payments/credit",
)


def cast() -> tuple[TenantCast, uuid.UUID, uuid.UUID]:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        rich = add_customer("=Ana", document="1")
        add_customer("Berta", document="2")
        account = add_account("A-1", customers=[(rich, "holder", 1_000_000)])
        add_account("B-1")
        add_invoice(account, "F-1", amount=100_050)
        return tenant, account, add_user("staff@example.com", staff_role="administrator")


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("address", LISTS)
def test_every_list_comes_in_three_formats(app: Flask, address: str) -> None:
    tenant, _account, user = cast()
    client = signed_in(app, tenant, user)
    kinds = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF"}
    for format, begins in kinds.items():
        answer = client.get(f"{address}?format={format}")
        assert answer.status_code == 200 and answer.data.startswith(begins), (address, format)


def test_a_file_holds_what_the_filters_leave(app: Flask) -> None:
    tenant, account, user = cast()
    client = signed_in(app, tenant, user)
    found = rows(client.get("/desk/customers?format=csv").data)
    assert [row[0] for row in found[1:]] == ["'=Ana", "Berta"] and "1000,50" in found[1]
    assert [row[0] for row in rows(client.get("/desk/customers?q=berta&format=csv").data)[1:]] == ["Berta"]
    assert [row[0] for row in rows(client.get("/desk/accounts?q=A&format=csv").data)[1:]] == ["A-1"]
    assert rows(client.get(f"/desk/accounts/{account}/invoices?format=csv").data)[1][0] == "F-1"


def test_what_staff_take_out_is_evidence(app: Flask) -> None:
    tenant, _account, user = cast()
    signed_in(app, tenant, user).get("/desk/customers?format=csv")
    with unit_of_work(tenant.id):
        kept = db.session.execute(
            select(AuditRow.data).where(AuditRow.action == "list.exported")
        ).scalar_one()
    assert kept == {"list": "Clientes", "format": "csv", "rows": 2}


def test_who_may_not_see_the_list_gets_no_file(app: Flask) -> None:
    tenant, _account, _user = cast()
    with unit_of_work(tenant.id):
        reader = add_user("reader@example.com", staff_role="reader")
    assert signed_in(app, tenant, reader).get("/desk/audit?format=csv").status_code == 403
