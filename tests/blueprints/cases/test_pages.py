"""The customer's pages: file a case, follow it, answer, withdraw, reopen, rate; and who sees what."""

from __future__ import annotations

import datetime
import io
import re
import uuid
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from blueprints.accounts.models import Access, Account, Property
from blueprints.cases import rules, services
from blueprints.cases.models import Case, CaseEvent, CaseFile, CaseUpload
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.cast import (
    TenantCast,
    add_account,
    add_customer,
    add_invoice,
    add_user,
    give_access,
    make_agency,
)
from tests.pages import checked_get
from tests.signed_in import signed_in

STAFF = Actor("staff", None, "Luis Oficina")


@dataclass
class House:
    """A renter and their lease; an owner, a co-owner and their mandate on the same property."""

    tenant: TenantCast
    renter: uuid.UUID
    renter_user: uuid.UUID
    owner_user: uuid.UUID
    co_owner_user: uuid.UUID
    lease: uuid.UUID
    mandate: uuid.UUID
    place: uuid.UUID


@pytest.fixture
def house(app: Flask) -> House:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        renter = add_customer("Renata Ochoa", document="1", email="renata@example.com")
        owner = add_customer("Omar Restrepo", document="2", email="omar@example.com")
        partner = add_customer("Paula Restrepo", document="3", email="paula@example.com")
        place = new_id()
        db.session.add(
            Property(
                id=place,
                code="P-1",
                kind="Apartamento",
                address="Calle 10 # 4-5",
                city="Cali",
                created_at=now(),
            )
        )
        db.session.flush()
        lease = add_account("CT-1", kind="lease", customers=[(renter, "renter", 1_000_000)])
        mandate = add_account(
            "MD-1", kind="mandate", customers=[(owner, "owner", 600_000), (partner, "owner", 400_000)]
        )
        for account in (lease, mandate):
            db.session.get_one(Account, (tenant.id, account)).property_id = place
        users = [
            add_user("renata@example.com", name="Renata Ochoa", customer_id=renter),
            add_user("omar@example.com", name="Omar Restrepo", customer_id=owner),
            add_user("paula@example.com", name="Paula Restrepo", customer_id=partner),
        ]
        give_access(users[0], lease, role="renter")
        give_access(users[1], mandate, role="owner")
        give_access(users[2], mandate, role="owner")
    return House(tenant, renter, *users, lease, mandate, place)


def token_of(client: FlaskClient, page: str) -> dict[str, str]:
    body = client.get(page).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', body)
    key = re.search(r'name="form_key" value="([^"]+)"', body)
    assert token, page
    return {"csrf_token": token[1]} | ({"form_key": key[1]} if key else {})


NEW = "/cases/new/details?class_code=claim&subject_code=payments"


def send(client: FlaskClient, to: str, page: str, **fields: object):
    return client.post(to, data=token_of(client, page) | fields, content_type="multipart/form-data")


def file_a_case(client: FlaskClient, **fields: object):
    given = {"class_code": "claim", "subject_code": "payments", "description": "Me cobraron dos veces"}
    return send(client, "/cases/new/details", NEW, **(given | fields))


def photo(side: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(out, "JPEG")
    return out.getvalue()


def case_id_of(response) -> uuid.UUID:
    assert response.status_code == 303, response.get_data(as_text=True)[:3000]
    return uuid.UUID(response.headers["Location"].rsplit("/", 1)[-1])


def test_a_case_is_filed_and_followed(app, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    empty = checked_get(client, "/cases")
    assert "/cases/new" in " ".join(empty.links)
    checked_get(client, "/cases/new")
    checked_get(client, NEW)
    case_id = case_id_of(
        file_a_case(
            client,
            account_id=str(house.lease),
            since="27/03/2026",
            files=(io.BytesIO(photo()), "../../recibo.png"),
        )
    )
    page = checked_get(client, f"/cases/{case_id}")
    assert "Me cobraron dos veces" in page.text and "CT-1" in page.text and "Calle 10" in page.text
    with unit_of_work(house.tenant.id):
        case = db.session.execute(select(Case).where(Case.id == case_id)).scalar_one()
        assert (case.account_id, case.property_id, case.customer_id) == (
            house.lease,
            house.place,
            house.renter,
        )
        assert case.since == datetime.date(2026, 3, 27) and case.state == rules.RECEIVED
        file = db.session.execute(select(CaseFile)).scalar_one()
        assert (file.name, file.media_type) == ("recibo.jpg", "image/jpeg")
        assert db.session.execute(select(func.count()).select_from(CaseUpload)).scalar_one() == 0
    shown = client.get(f"/cases/files/{file.id}")
    assert shown.status_code == 200 and shown.data.startswith(b"\xff\xd8")
    assert case.number in checked_get(client, "/cases?state=open").text
    assert case.number not in checked_get(client, "/cases?state=closed").text
    paper = client.get(f"/cases/{case_id}/certificate")
    assert "Constancia" in unquote(paper.headers["Content-Disposition"]), (
        "its name is in the tenant's language"
    )
    assert paper.data.startswith(b"%PDF") and paper.data == client.get(f"/cases/{case_id}/certificate").data
    for format in ("csv", "xlsx", "pdf"):
        assert client.get(f"/cases?format={format}").status_code == 200


def test_the_certificate_can_be_checked_by_anybody(app, house: House):
    from tenants.issued_documents import IssuedDocument
    from tests.application import client_for

    client = signed_in(app, house.tenant, house.renter_user)
    case_id = case_id_of(file_a_case(client))
    client.get(f"/cases/{case_id}/certificate")
    with unit_of_work(house.tenant.id):
        code = db.session.execute(select(IssuedDocument.code)).scalar_one()
        number = db.session.execute(select(Case.number)).scalar_one()
    page = checked_get(client_for(app, house.tenant.host), f"/check/{code}")
    assert number in page.text and "cobraron" not in page.text and "Renata" not in page.text


def test_a_mistake_loses_neither_words_nor_files(app, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    fields = token_of(client, NEW)
    given = {
        "class_code": "claim",
        "subject_code": "payments",
        "description": "Texto largo",
        "since": "31/02/2026",
    }
    answer = client.post(
        "/cases/new/details",
        data=fields
        | given
        | {"files": [(io.BytesIO(photo()), "foto.jpg"), (io.BytesIO(b"MZ"), "virus.jpg")]},
        content_type="multipart/form-data",
    )
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Texto largo" in body and "foto.jpg" in body and "31/02/2026" in body
    assert f'value="{fields["form_key"]}"' in body
    with unit_of_work(house.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 0
        kept = db.session.execute(select(CaseUpload.name)).scalars().all()
    assert kept == ["foto.jpg"]
    token = re.search(r'name="csrf_token" value="([^"]+)"', body)
    assert token
    again = client.post(
        "/cases/new/details",
        data={"csrf_token": token[1], "form_key": fields["form_key"]} | given | {"since": "28/02/2026"},
    )
    case_id = case_id_of(again)
    with unit_of_work(house.tenant.id):
        names = db.session.execute(select(CaseFile.name).where(CaseFile.case_id == case_id)).scalars().all()
    assert names == ["foto.jpg"]


def test_sent_twice_it_is_one_case_and_one_message(app, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    fields = token_of(client, NEW) | {
        "class_code": "claim",
        "subject_code": "payments",
        "description": "Una vez",
    }
    first, second = (
        client.post("/cases/new/details", data=fields),
        client.post("/cases/new/details", data=fields),
    )
    assert first.headers["Location"] == second.headers["Location"]
    case_id = case_id_of(first)
    message = token_of(client, f"/cases/{case_id}") | {"body": "Y además"}
    for _ in range(2):
        assert client.post(f"/cases/{case_id}/messages", data=message).status_code == 303
    with unit_of_work(house.tenant.id):
        said = db.session.execute(
            select(func.count()).select_from(CaseEvent).where(CaseEvent.kind == rules.SAID)
        ).scalar_one()
    assert said == 1


def test_the_whole_way_to_the_rating(app, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    case_id = case_id_of(file_a_case(client))
    with unit_of_work(house.tenant.id):
        services.note(case_id, "SECRETO-INTERNO", actor=STAFF, now=now())
        services.ask_for_more(case_id, "¿De qué mes?", until=None, actor=STAFF, now=now())
    page = checked_get(client, f"/cases/{case_id}")
    assert "¿De qué mes?" in page.text and "SECRETO-INTERNO" not in page.body
    assert send(client, f"/cases/{case_id}/messages", f"/cases/{case_id}", body="Marzo").status_code == 303
    with unit_of_work(house.tenant.id):
        services.answer(case_id, "Tiene razón. Mire https://hogar.example/x", actor=STAFF, now=now())
    page = checked_get(client, f"/cases/{case_id}")
    assert 'href="https://hogar.example/x"' in page.body
    checked_get(client, f"/cases/{case_id}/appeal")
    page_of_rating = f"/cases/{case_id}/rating"
    checked_get(client, page_of_rating)
    assert send(client, page_of_rating, page_of_rating, rating="9").status_code == 422
    assert send(client, page_of_rating, page_of_rating, rating="5").status_code == 303
    with unit_of_work(house.tenant.id):
        case = db.session.execute(select(Case).where(Case.id == case_id)).scalar_one()
        assert (case.state, case.rating) == (rules.CLOSED, 5)
    reopen = f"/cases/{case_id}/reopen"
    checked_get(client, reopen)
    assert send(client, reopen, reopen, body="Volvió a pasar").status_code == 303
    withdraw = f"/cases/{case_id}/withdraw"
    checked_get(client, withdraw)
    assert send(client, withdraw, withdraw).status_code == 303
    assert client.get(withdraw).status_code == 303


def test_nobody_else_sees_a_case(app, house: House):
    """Not the owner of the place, not the co-owner, not who rents it next, not staff without the right."""
    renter = signed_in(app, house.tenant, house.renter_user)
    case_id = case_id_of(
        file_a_case(renter, account_id=str(house.lease), files=(io.BytesIO(photo()), "f.jpg"))
    )
    owner = signed_in(app, house.tenant, house.owner_user)
    owners_case = case_id_of(file_a_case(owner, account_id=str(house.mandate)))
    with unit_of_work(house.tenant.id):
        file_id = db.session.execute(select(CaseFile.id)).scalar_one()
        following = add_customer("Nueva Inquilina", document="9")
        following_user = add_user("nueva@example.com", customer_id=following)
        give_access(following_user, house.lease, role="renter", valid_from=now().date())
        reader = add_user("lee@example.com", staff_role="reader")
        old = db.session.execute(select(Access).where(Access.user_id == house.renter_user)).scalar_one()
        old.valid_until = now().date() - datetime.timedelta(days=2)
    for user in (house.owner_user, house.co_owner_user, following_user, reader):
        client = signed_in(app, house.tenant, user)
        for address in (f"/cases/{case_id}", f"/cases/{case_id}/certificate", f"/cases/files/{file_id}"):
            assert client.get(address).status_code == 404, (user, address)
        assert str(case_id) not in client.get("/cases").get_data(as_text=True)
        page = "/cases/new/details?class_code=claim&subject_code=payments" if user != reader else "/"
        fields = token_of(client, page) if user != reader else {}
        if fields:
            assert client.post(f"/cases/{case_id}/messages", data=fields | {"body": "x"}).status_code == 404
    co_owner = signed_in(app, house.tenant, house.co_owner_user)
    assert co_owner.get(f"/cases/{owners_case}").status_code == 404
    # Who lived there keeps what they asked, and files nothing more about the place.
    assert renter.get(f"/cases/{case_id}").status_code == 200
    assert file_a_case(renter, account_id=str(house.lease)).status_code == 422


def test_an_invoice_can_be_claimed_from_its_page(app, house: House):
    with unit_of_work(house.tenant.id):
        mine = add_invoice(house.lease, "F-1", type_code="rent", currency="COP")
        theirs = add_invoice(house.mandate, "F-2", type_code="commission", currency="COP")
    client = signed_in(app, house.tenant, house.renter_user)
    page = checked_get(client, f"/cases/new?invoice={mine}")
    assert "F-1" in page.text
    case_id = case_id_of(file_a_case(client, invoice=str(mine)))
    assert "F-1" in checked_get(client, f"/cases/{case_id}").text
    assert client.get(f"/cases/new?invoice={theirs}").status_code == 404
    assert file_a_case(client, invoice=str(theirs)).status_code == 404
    assert file_a_case(client, invoice="1 OR 1=1").status_code == 404


def test_without_the_right_to_claim_nothing_is_filed(app, house: House):
    with unit_of_work(house.tenant.id):
        delegate = add_user("delegada@example.com")
        give_access(delegate, house.lease, role="delegate")
        db.session.execute(select(Access).where(Access.user_id == delegate)).scalar_one().can_claim = False
    client = signed_in(app, house.tenant, delegate)
    page = checked_get(client, "/cases/new")
    assert not [form for form in page.forms if form.action and "details" in form.action]
    assert client.get(NEW).status_code == 303


def test_a_repair_asks_more(app, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    address = "/cases/new/details?class_code=petition&subject_code=repairs"
    checked_get(client, address)
    given = {"class_code": "petition", "subject_code": "repairs", "description": "Gotea la llave"}
    assert send(client, "/cases/new/details", address, **given).status_code == 422
    answer = send(
        client, "/cases/new/details", address, **given, category="water", entry="call", hours="Tardes"
    )
    assert "Tardes" in checked_get(client, f"/cases/{case_id_of(answer)}").text


def test_somebody_who_files_very_much_is_stopped(app, house: House):
    from tenants.models import Tenant

    client = signed_in(app, house.tenant, house.renter_user)
    statuses = [file_a_case(client, description=f"Número {n}").status_code for n in range(11)]
    assert statuses == [303] * 10 + [422] and Tenant


def test_steps_that_are_pressed_twice_are_taken_once(app: Flask, house: House):
    client = signed_in(app, house.tenant, house.renter_user)
    case_id = case_id_of(file_a_case(client))
    page = f"/cases/{case_id}"
    for act, fields, kind in (
        ("withdraw", {"body": "Ya no hace falta"}, "withdrawn"),
        ("rating", {"rating": "4"}, "rated"),
    ):
        if act == "rating":
            with unit_of_work(house.tenant.id):
                services.reopen(case_id, "Error nuestro", actor=STAFF, now=now())
                services.answer(case_id, "Listo", actor=STAFF, now=now())
        sent = token_of(client, f"{page}/{act}") | fields
        for _press in range(2):
            assert client.post(f"{page}/{act}", data=sent).status_code == 303
        with unit_of_work(house.tenant.id):
            kinds = db.session.execute(select(CaseEvent.kind).where(CaseEvent.case_id == case_id)).scalars()
            assert list(kinds).count(kind) == 1
