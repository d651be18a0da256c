"""Contact data: what is typed is checked and kept, what it was stays readable, and an old file does not undo it."""

from __future__ import annotations

import uuid
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from blueprints.accounts.contact import change_contact, history
from blueprints.accounts.models import ContactChange, Customer
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.events import emit
from saas.scope import unit_of_work
from tests.blueprints.imports.loads import good
from tests.cast import TenantCast, add_customer, add_user, make_agency
from tests.signed_in import post, signed_in

PAGE = "/profile/contact"
ME = Actor("customer", name="Ana")


def cast() -> tuple[TenantCast, uuid.UUID, uuid.UUID]:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        customer = add_customer("Ana Ruiz", document="1090", email="ana@example.com")
        return tenant, customer, add_user("ana@example.com", customer_id=customer)


def held(tenant: TenantCast, customer: uuid.UUID) -> tuple[str | None, ...]:
    with unit_of_work(tenant.id):
        row = db.session.execute(
            select(Customer.phone, Customer.address, Customer.city, Customer.email).where(
                Customer.id == customer
            )
        ).one()
        return tuple(row)


def test_what_is_typed_is_kept_and_what_it_was_stays_readable(app: Flask) -> None:
    tenant, customer, user = cast()
    client = signed_in(app, tenant, user)
    typed = {"phone": "300 123 45 67", "address": "  Calle 5 \u202e# 6-7 ", "city": "Bello"}
    assert post(client, PAGE, PAGE, typed).status_code == 303
    assert held(tenant, customer) == ("+573001234567", "Calle 5 # 6-7", "Bello", "ana@example.com")
    assert post(client, PAGE, PAGE, {**typed, "phone": "", "city": "Itagüí"}).status_code == 303
    page = client.get(PAGE).get_data(as_text=True)
    assert "+573001234567" in page and "Antes: Bello" in page
    assert "contact" not in (held(tenant, customer)[0] or "")


def test_the_same_again_changes_nothing(app: Flask) -> None:
    tenant, customer, _user = cast()
    with app.app_context(), unit_of_work(tenant.id):
        typed = {"phone": "3001234567", "address": "", "city": ""}
        assert change_contact(customer, typed, actor=ME) and not change_contact(customer, typed, actor=ME)
        assert len(history(customer).rows) == 1


def test_a_wrong_number_is_said_and_nothing_typed_is_lost(app: Flask) -> None:
    tenant, customer, user = cast()
    typed = {"phone": "12", "address": "Calle <b>9</b>", "city": "Bello"}
    client = signed_in(app, tenant, user)
    answer = post(client, PAGE, PAGE, typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Calle &lt;b&gt;9&lt;/b&gt;" in page and 'value="12"' in page
    assert held(tenant, customer)[1] is None


def test_who_is_no_customer_has_no_such_page(app: Flask) -> None:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        user = add_user("nobody@example.com")
    assert signed_in(app, tenant, user).get(PAGE).status_code == 404


def test_staff_change_it_for_the_customer_who_can_read_it(app: Flask) -> None:
    tenant, customer, user = cast()
    with unit_of_work(tenant.id):
        staff = add_user("staff@example.com", staff_role="service")
        reader = add_user("reader@example.com", staff_role="reader")
    address = f"/desk/customers/{customer}/contact"
    typed = {"phone": "3001234567", "address": "", "city": ""}
    client = signed_in(app, tenant, staff)
    assert post(client, address, address, typed).status_code == 303
    assert signed_in(app, tenant, reader).get(address).status_code == 403
    assert "por nuestro personal" in signed_in(app, tenant, user).get(PAGE).get_data(as_text=True)


def test_a_confirmed_email_is_the_one_in_the_books(app: Flask) -> None:
    tenant, customer, _user = cast()
    with app.app_context(), unit_of_work(tenant.id):
        emit("email.changed", customer_id=customer, email="new@example.com", actor=SYSTEM)
    assert held(tenant, customer)[3] == "new@example.com"


def test_an_old_file_does_not_bring_back_what_the_customer_changed(app: Flask, tmp_path: Path) -> None:
    tenant, customer, _user = cast()
    file = tmp_path / "terceros.csv"

    def put(phone: str, city: str) -> None:
        head = "tipo_documento;numero_documento;nombre;correo;celular;direccion;ciudad\n"
        file.write_text(f"{head}CC;1090;Ana Ruiz;ana@example.com;{phone};Calle 1;{city}\n", encoding="utf-8")
        good(tenant.id, "agencia/terceros", file)

    put("3001111111", "Bello")
    with app.app_context(), unit_of_work(tenant.id):
        change_contact(customer, {"phone": "3002222222"}, actor=ME)
    put("3001111111", "Itagüí")  # the telephone is stale, the city is news
    assert held(tenant, customer)[:3] == ("+573002222222", "Calle 1", "Itagüí")
    put("3003333333", "Itagüí")  # now the back office knows better
    assert held(tenant, customer)[0] == "+573003333333"
    with unit_of_work(tenant.id):
        sources = db.session.execute(
            select(ContactChange.source).where(ContactChange.field == "phone").order_by(ContactChange.id)
        ).scalars()
        assert list(sources) == ["import", "customer", "import"]
