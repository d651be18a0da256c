"""Leases at the desk: find, write, change, end; what was typed stays when it is wrong."""

from __future__ import annotations

import datetime
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blueprints.accounts.models import Account, AccountParty, Customer
from blueprints.desk import words as desk_words
from blueprints.leases.models import Lease, LeaseCharge, LeaseDocument, LeaseRent
from saas.audit import AuditRow, first_broken
from saas.database import db
from saas.scope import unit_of_work
from tests.blueprints.leases.village import Village, lease, make_village
from tests.pages import check_page, checked_get
from tests.signed_in import post, signed_in

PDF = b"%PDF-1.4\n%%EOF\n"
LEASES = "/desk/leases"


@pytest.fixture
def village(app: Flask) -> Village:
    return make_village()


@pytest.fixture
def desk(app: Flask, village: Village) -> FlaskClient:
    return signed_in(app, village.tenant, village.staff)


NEW = {
    "renters": "1", "owners": "1", "property_code": "A9", "address": "Calle 9 # 9-9", "city": "Bello",
    "property_kind": "Casa", "stratum": "3", "renter_1_kind": "CC", "renter_1_document": "1.234.567",
    "renter_1_name": "Nueva Inquilina", "renter_1_email": "nueva@example.com", "renter_1_phone": "",
    "owner_1_kind": "CC", "owner_1_document": "500600700", "owner_1_share": "100", "owner_1_name": "",
    "owner_1_email": "", "owner_1_phone": "", "number": "CT-9", "scenario_code": "vivienda",
    "rent": "1.850.000", "payment_day": "5", "commission": "9,5", "starts_on": "01/12/2026",
    "ends_on": "30/11/2027", "renews": "y", "renewal_months": "12", "adjustment_points": "",
}  # fmt: skip


def test_a_lease_is_found_by_number_place_name_and_document(desk: FlaskClient, village: Village):
    for words, shown, hidden in (
        ("CT-1", "CT-1", "CT-2"),
        ("apartamento 401", "CT-1", "CT-2"),
        ("lapiz", "CT-2", "CT-1"),
        ("500600701", "CT-1", "CT-2"),
        ("Restrepo", "CT-2", "nothing"),
    ):
        text = desk.get(LEASES, query_string={"q": words}).get_data(as_text=True)
        assert shown in text, words
        assert f">{hidden}<" not in text, words
    only = desk.get(f"{LEASES}?purpose=commercial").get_data(as_text=True)
    assert "CT-2" in only
    assert ">CT-1<" not in only
    assert "Ningún contrato" in desk.get(f"{LEASES}?q=%25_").get_data(as_text=True)


def test_pages_of_a_lease_are_whole(desk: FlaskClient, village: Village):
    for path in ("", "?due=yes&ending=90", "/new", "/adjustments", "/documents", "/properties", "/scenarios",
                 "/scenarios/new", "/indexes"):  # fmt: skip
        checked_get(desk, LEASES + path)
    for path in ("", "/terms", "/rent", "/charges/new", "/end", "/renew", "/documents/new"):
        checked_get(desk, f"{LEASES}/{village.home}{path}")


def test_a_new_lease_finds_or_makes_its_people(app: Flask, desk: FlaskClient, village: Village):
    answer = post(desk, f"{LEASES}/new", f"{LEASES}/new", NEW)
    assert answer.status_code == 303
    page = checked_get(desk, answer.headers["Location"])
    assert page.h1 == "Contrato CT-9"
    with unit_of_work(village.tenant.id):
        made = db.session.execute(select(Lease).where(Lease.number == "CT-9")).scalar_one()
        assert (made.rent, made.commission, made.payment_day) == (1_850_000_00, 95_000, 5)
        rents = db.session.execute(select(LeaseRent).where(LeaseRent.lease_id == made.id)).scalars().all()
        assert [(row.valid_from, row.rent, row.reason) for row in rents] == [
            (datetime.date(2026, 12, 1), 1_850_000_00, "start")
        ]
        owners = db.session.execute(
            select(AccountParty.customer_id, AccountParty.share).where(
                AccountParty.account_id == made.mandate_account_id
            )
        ).all()
        assert [tuple(row) for row in owners] == [(village.owner, 1_000_000)]
        assert (
            db.session.execute(
                select(Customer.document_number).where(Customer.name == "Nueva Inquilina")
            ).scalar_one()
            == "1234567"
        )
        assert db.session.execute(select(AuditRow.action).where(AuditRow.action == "lease.opened")).scalar()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"owner_1_share": "60"}, "100"),
        ({"ends_on": "30/11/2025"}, "no puede terminar antes"),
        ({"number": "CT-1"}, "Ya hay un contrato"),
        ({"rent": "mucho"}, "en cifras"),
        ({"rent": "-5"}, "mayor que cero"),
        ({"commission": "120"}, "comisión"),
        ({"payment_day": "32"}, "de 1 a 31"),
        ({"starts_on": "31/02/2026"}, "no existe"),
        ({"renter_1_name": ""}, "nombre"),
        ({"owner_1_document": "1.234.567", "owner_1_name": "Nueva Inquilina"}, "lleva una persona"),
        ({"property_code": "A1"}, "CT-1"),
        ({"property_code": "A10", "address": ""}, "dirección"),
        ({"scenario_code": "nothing-like-it"}, ""),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    desk: FlaskClient, village: Village, wrong: dict[str, str], sentence: str
):
    answer = post(desk, f"{LEASES}/new", f"{LEASES}/new", {**NEW, **wrong})
    if "owner_1_document" in wrong:  # the same person may be renter and owner
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    page = check_page(answer)
    assert sentence in page.text
    assert 'value="CT-' in answer.get_data(as_text=True)
    assert wrong.get("rent", "1.850.000") in answer.get_data(as_text=True)
    with unit_of_work(village.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Lease)).scalar_one() == 2


def test_several_renters_and_owners_without_script(desk: FlaskClient, village: Village):
    more = post(desk, f"{LEASES}/new", f"{LEASES}/new", {**NEW, "more": "owner"})
    assert more.status_code == 200
    text = more.get_data(as_text=True)
    assert 'name="owner_2_share"' in text
    assert "Nueva Inquilina" in text
    two = {
        **NEW, "owners": "2", "owner_1_share": "33,3333", "owner_2_kind": "CC",
        "owner_2_document": "500600701", "owner_2_share": "66,6667",
    }  # fmt: skip
    assert post(desk, f"{LEASES}/new", f"{LEASES}/new", two).status_code == 303
    with unit_of_work(village.tenant.id):
        made = db.session.execute(select(Lease).where(Lease.number == "CT-9")).scalar_one()
        shares = db.session.scalars(
            select(AccountParty.share).where(AccountParty.account_id == made.mandate_account_id)
        ).all()
        assert sorted(shares) == [333_333, 666_667]


def test_terms_rent_and_charges_change_and_leave_evidence(app: Flask, desk: FlaskClient, village: Village):
    here = f"{LEASES}/{village.home}"
    terms = {
        "scenario_code": "vivienda", "payment_day": "10", "commission": "8", "ends_on": "30/11/2026",
        "renewal_months": "6", "adjustment_points": "",
    }  # fmt: skip
    assert post(desk, f"{here}/terms", f"{here}/terms", terms).status_code == 303
    rent = {"rent": "1.900.000", "valid_from": "01/06/2026", "reason": "agreed", "note": "menos por el ruido"}
    assert post(desk, f"{here}/rent", f"{here}/rent", rent).status_code == 303
    high = {"rent": "2.900.000", "valid_from": "01/07/2026", "reason": "agreed", "note": ""}
    refused = post(desk, f"{here}/rent", f"{here}/rent", high)
    assert refused.status_code == 422
    assert "Ley 820" in refused.get_data(as_text=True)
    charge = {
        "kind": "charge", "description": "Parqueadero", "amount": "80.000", "taxed": "y",
        "from_period": "2026-12", "until_period": "",
    }  # fmt: skip
    assert post(desk, f"{here}/charges/new", f"{here}/charges/new", charge).status_code == 303
    assert post(desk, f"{here}/charges/new", f"{here}/charges/new", charge).status_code == 422, "sent twice"
    assert (
        post(
            desk, f"{here}/charges/new", f"{here}/charges/new", {**charge, "until_period": "2026-11"}
        ).status_code
        == 422
    )
    with unit_of_work(village.tenant.id):
        row = lease(village.home)
        assert (row.payment_day, row.commission, row.renews, row.rent) == (10, 80_000, False, 1_900_000_00)
        one = db.session.execute(select(LeaseCharge)).scalar_one()
        charge_id = one.id
    finish = f"{LEASES}/charges/{charge_id}/finish"
    assert post(desk, finish, finish, {"until_period": "2027-02"}).status_code == 303
    checked_get(desk, here)
    with unit_of_work(village.tenant.id):
        assert db.session.execute(select(LeaseCharge.until_period)).scalar_one() == "2027-02"
        actions = db.session.scalars(
            select(AuditRow.action).where(AuditRow.subject_id == village.home).order_by(AuditRow.number)
        ).all()
        assert actions == [
            "lease.terms-changed", "lease.rent-changed", "lease.charge-added", "lease.charge-finished",
        ]  # fmt: skip
        assert all(action in desk_words.ACTIONS for action in actions)
        assert first_broken() is None


def test_an_end_ahead_can_be_withdrawn_and_a_past_one_closes(app: Flask, desk: FlaskClient, village: Village):
    here = f"{LEASES}/{village.home}"
    ahead = {"ended_on": "31/12/2099", "reason": "El inquilino avisó"}
    assert post(desk, f"{here}/end", f"{here}/end", ahead).status_code == 303
    assert "Termina el 31/12/2099" in checked_get(desk, here).text
    assert post(desk, here, f"{here}/end/withdraw").status_code == 303
    past = {"ended_on": "30/09/2026", "reason": "Entregó el inmueble"}
    assert post(desk, f"{here}/end", f"{here}/end", past).status_code == 303
    checked_get(desk, here)
    with unit_of_work(village.tenant.id):
        row = lease(village.home)
        assert (row.status, row.ended_on) == ("ended", datetime.date(2026, 9, 30))
        states = db.session.execute(
            select(Account.status, Account.closed_on).where(
                Account.id.in_([row.lease_account_id, row.mandate_account_id])
            )
        ).all()
        assert {tuple(state) for state in states} == {("closed", datetime.date(2026, 9, 30))}
    assert post(desk, f"{here}/rent", f"{here}/rent", {"rent": "1", "valid_from": "01/01/2027", "reason": "agreed"}
                ).status_code == 422  # fmt: skip
    assert ">CT-1<" not in desk.get(LEASES).get_data(as_text=True)
    assert "CT-1" in desk.get(f"{LEASES}?status=ended").get_data(as_text=True)


def test_a_lease_is_renewed(desk: FlaskClient, village: Village):
    here = f"{LEASES}/{village.home}"
    assert "30/11/2027" in desk.get(f"{here}/renew").get_data(as_text=True)
    assert post(desk, f"{here}/renew", f"{here}/renew", {"until": "30/11/2025"}).status_code == 422
    assert post(desk, f"{here}/renew", f"{here}/renew", {"until": "30/11/2028"}).status_code == 303
    with unit_of_work(village.tenant.id):
        assert lease(village.home).term_until == datetime.date(2028, 11, 30)


def test_papers_have_versions_and_are_what_their_bytes_say(app: Flask, desk: FlaskClient, village: Village):
    new = f"{LEASES}/{village.home}/documents/new"
    fields = {"kind": "policy", "title": "Póliza", "expires_on": "01/12/2026", "circle": "renter"}

    def put_in(content: bytes, name: str, to: str = new) -> int:
        return post(desk, to, to, {**fields, "file": (BytesIO(content), name)}).status_code  # type: ignore[dict-item]

    assert put_in(b"MZ\x90\x00 not a paper", "poliza.pdf") == 422
    assert put_in(b"", "poliza.pdf") == 422
    assert put_in(PDF, "../../etc/=poliza.exe") == 303
    assert put_in(PDF + b"2", "poliza.pdf") == 303
    with unit_of_work(village.tenant.id):
        rows = db.session.execute(select(LeaseDocument).order_by(LeaseDocument.version)).scalars().all()
        assert [(row.version, row.current, row.for_owner) for row in rows] == [
            (1, False, False), (2, True, False),
        ]  # fmt: skip
        present = rows[1].id
    served = desk.get(f"{LEASES}/documents/{present}")
    assert served.data == PDF + b"2"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert "Póliza" in checked_get(desk, f"{LEASES}/documents?days=90").text
    change = f"{LEASES}/documents/{present}/change"
    checked_get(desk, change)
    assert put_in(PDF + b"3", "poliza.pdf", change) == 303
    with unit_of_work(village.tenant.id):
        newest = db.session.execute(select(LeaseDocument).where(LeaseDocument.current)).scalar_one()
        assert newest.version == 3
        newest_id = newest.id
    withdraw = f"{LEASES}/documents/{newest_id}/withdraw"
    assert post(desk, f"{LEASES}/documents/{newest_id}/change", withdraw).status_code == 303
    checked_get(desk, f"{LEASES}/{village.home}")


def test_who_may_not_work_with_leases_sees_none(app: Flask, village: Village):
    reader = signed_in(app, village.tenant, village.reader)
    for path in ("", "/new", f"/{village.home}", "/adjustments", "/indexes", "/scenarios"):
        assert reader.get(LEASES + path).status_code == 403


def test_properties_show_their_leases_and_can_be_mended(desk: FlaskClient, village: Village):
    with unit_of_work(village.tenant.id):
        place = lease(village.home).property_id
    assert "A1" in checked_get(desk, f"{LEASES}/properties?q=apartamento").text
    assert "CT-1" in checked_get(desk, f"{LEASES}/properties/{place}").text
    change = f"{LEASES}/properties/{place}/change"
    data = {"kind": "Apartamento", "address": "Calle 10 # 20-31", "city": "Bello", "stratum": "4"}
    assert post(desk, change, change, data).status_code == 303
    with unit_of_work(village.tenant.id):
        addresses = db.session.scalars(select(Account.address).where(Account.property_id == place)).all()
        assert set(addresses) == {"Calle 10 # 20-31"}


def test_scenarios_are_written_and_changed(desk: FlaskClient, village: Village):
    new = f"{LEASES}/scenarios/new"
    fields = {
        "code": "bodega", "name_es": "Bodega", "name_en": "", "purpose": "commercial", "index_code": "co-ipc",
        "cap": "", "active": "y", "rent_1_name": "IVA", "rent_1_rate": "19",
        **{f"{of}_{place}_kind": "tax" for of in ("rent", "commission") for place in (1, 2, 3)},
    }  # fmt: skip
    assert post(desk, new, new, {**fields, "rent_1_rate": "190"}).status_code == 422
    assert post(desk, new, new, {**fields, "code": "Con Espacio"}).status_code == 422
    assert post(desk, new, new, {**fields, "code": "vivienda"}).status_code == 422
    assert post(desk, new, new, fields).status_code == 303
    page = checked_get(desk, f"{LEASES}/scenarios")
    assert "Bodega" in page.text
    link = next(link for link in page.links if "/scenarios/" in link and not link.endswith("/new"))
    checked_get(desk, link)
