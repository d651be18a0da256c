"""One's own accounts: found, chosen, named; never a stranger's."""

from __future__ import annotations

import datetime
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts import queries
from blueprints.accounts.models import Access
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.context import Reach
from tenants.people import UserSession
from tests.cast import TenantCast, add_account, add_customer, add_invoice, add_user, give_access, make_utility
from tests.signed_in import post, signed_in

TODAY = datetime.date(2026, 11, 21)


def make_two(app: Flask) -> tuple[TenantCast, uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID]:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        user = add_user("a@example.com")
        first, second = (
            add_account("061-0048213-7", address="Olascoaga 322"),
            add_account("061-2", address="Perú 9"),
        )
        stranger = add_account("061-3")
        give_access(user, first, main=True)
        give_access(user, second, role="delegate")
        give_access(user, second, role="holder")
        add_invoice(first, "A-1", amount=100_000)
        add_invoice(second, "B-1", amount=55_500)
    return tenant, user, first, second, stranger


def test_search_forgives_how_it_is_written(app: Flask) -> None:
    tenant, user, first, second, _stranger = make_two(app)
    reach = Reach(user_id=user, today=TODAY)
    with unit_of_work(tenant.id):
        for words, wanted in (
            ("", {first, second}), ("061 0048213", {first}), ("peru", {second}), ("OLASCOAGA", {first}),
            ("061-3", set()), ("%", set()), ("_", set()), ("\\", set()), ("\x00", {first, second}),
        ):  # fmt: skip
            found = {line.id for line in queries.search_accounts(reach, words.replace("\x00", "")).rows}
            assert found == wanted, words


def test_the_list_is_paged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    tenant = make_utility()
    with unit_of_work(tenant.id):
        user = add_user("a@example.com")
        for number in range(5):
            give_access(user, add_account(str(number)))
        reach, numbers, cursor = Reach(user_id=user, today=TODAY), [], None
        while True:
            page = queries.search_accounts(reach, cursor=cursor)
            numbers += [line.number for line in page.rows]
            cursor = page.older
            if cursor is None:
                break
    assert numbers == ["0", "1", "2", "3", "4"]


def test_a_chosen_account_narrows_every_page(app: Flask) -> None:
    tenant, user, first, second, _stranger = make_two(app)
    client = signed_in(app, tenant, user)
    for path in ("/", "/invoices"):
        page = client.get(path).get_data(as_text=True)
        assert "$1.000,00" in page and "$555,00" in page
    answer = post(client, "/", f"/accounts/{second}/choose", {"next": "/invoices?account=all"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/invoices")
    for path in ("/", "/invoices", "/invoices/history"):
        page = client.get(path).get_data(as_text=True)
        assert "$1.000,00" not in page and "$555,00" in page, path
    assert "$1.000,00" in client.get("/invoices?account=all").get_data(as_text=True)
    assert "$1.000,00" in client.get(f"/invoices?account={first}").get_data(as_text=True)
    assert post(client, "/", "/accounts/choose-all", {"next": "//evil.example"}).headers["Location"] == "/"
    assert "$1.000,00" in client.get("/invoices").get_data(as_text=True)


def test_main_and_name(app: Flask) -> None:
    tenant, user, first, second, _stranger = make_two(app)
    client = signed_in(app, tenant, user)
    here = f"/accounts/{second}"
    assert post(client, here, f"{here}/main").status_code == 303
    assert post(client, here, f"{here}/label", {"label": "  Mi   casa "}).status_code == 303
    with unit_of_work(tenant.id):
        mains = db.session.execute(select(Access.account_id).where(Access.main)).scalars().all()
        assert mains == [second]
        lines, known = queries.my_accounts(Reach(user_id=user, today=TODAY))
        assert known == 2
        assert [(line.id, line.name, line.main) for line in lines] == [
            (second, "Mi casa", True),
            (first, "Olascoaga 322", False),
        ]
    refused = post(client, here, f"{here}/label", {"label": "x" * 61})
    assert refused.status_code == 422 and "x" * 61 in refused.get_data(as_text=True)
    assert post(client, here, f"{here}/label", {"label": ""}).status_code == 303
    assert "Mi casa" not in client.get("/accounts").get_data(as_text=True)


def test_a_stranger_s_account_is_not_there(app: Flask) -> None:
    tenant, user, _first, _second, stranger = make_two(app)
    client = signed_in(app, tenant, user)
    for account in (stranger, new_id()):
        assert client.get(f"/accounts/{account}").status_code == 404
        for verb in ("choose", "main", "label"):
            assert post(client, "/", f"/accounts/{account}/{verb}", {"label": "x"}).status_code == 404
    with unit_of_work(tenant.id):
        assert db.session.execute(select(UserSession.account_id)).scalars().all() == [None]


def test_an_account_that_was_lost_is_no_longer_worked_with(app: Flask) -> None:
    tenant, user, first, second, stranger = make_two(app)
    client = signed_in(app, tenant, user)
    with unit_of_work(tenant.id):
        for row in db.session.execute(select(UserSession)).scalars():
            row.account_id = stranger
    page = client.get("/invoices").get_data(as_text=True)
    assert "$1.000,00" in page and "$555,00" in page
    assert first and second


def test_who_looks_on_changes_nothing(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        customer = add_customer("Ana", document="1")
        accounts = [
            add_account(n, address=f"Calle {n}", customers=[(customer, "holder", 1_000_000)]) for n in "12"
        ]
        staff = add_user("s@example.com", staff_role="administrator")
    client = signed_in(app, tenant, staff, viewing=customer)
    page = client.get("/accounts").get_data(as_text=True)
    assert "Calle 1" in page and f"/accounts?account={accounts[1]}" in page
    detail = client.get(f"/accounts/{accounts[0]}").get_data(as_text=True)
    assert f'action="/accounts/{accounts[0]}' not in detail
