"""Staff write a case down for somebody: who it may be for, when it came in, and that it is filed once."""

from __future__ import annotations

import datetime
import io
import uuid
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blueprints.accounts.models import AccountParty
from blueprints.cases import desk_queries, receipt, services
from blueprints.cases.certificate import fingerprint, paper
from blueprints.cases.models import Case, CaseFile
from blueprints.cases.services import NewCase
from saas import outbox
from saas.audit import Actor, AuditRow
from saas.database import db
from saas.ids import new_id
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.issued_documents import issued
from tests import cast
from tests.blueprints.cases.bureau import BOGOTA, QUEUE, Bureau, moment, send
from tests.blueprints.desk.office import text_of

DETAILS = f"{QUEUE}/new/details"
TODAY = "25/03/2026"
ASKED: dict[str, object] = {
    "channel": "telephone",
    "received_on": TODAY,
    "received_hour": "9:00",
    "class_code": "petition",
    "subject_code": "payments",
    "description": "Dice que pagó dos veces",
}
UNKNOWN = {**ASKED, "customer": "unknown", "name": "Rosa  Vecina", "phone": "300 123 4567"}


def write_down(client: FlaskClient, fields: dict[str, object]):
    return send(client, f"{DETAILS}?customer={fields['customer']}", fields, DETAILS)


def filed_by(response) -> uuid.UUID:
    assert response.status_code == 303, text_of(response, response.status_code)
    return uuid.UUID(response.headers["Location"].rsplit("/", 1)[-1])


def test_find_whose_case_it_is(app: Flask, bureau: Bureau, tuesday: None):
    client = bureau.at_desk(app)
    for words in ("nandu", "1032456", "JOSE@example.com"):
        assert f"customer={bureau.customer}" in text_of(client.get(f"{QUEUE}/new?q={words}")), words
    for words in ("nadie", "%25", "%00"):
        assert "customer=unknown" in text_of(client.get(f"{QUEUE}/new?q={words}")), words
    assert client.get(DETAILS).status_code == 303
    for nobody in (new_id(), "x", "1 OR 1=1"):
        assert client.get(f"{DETAILS}?customer={nobody}").status_code == 404


def test_filed_for_a_customer_it_is_theirs(app: Flask, bureau: Bureau, tuesday: None):
    fields = {**ASKED, "customer": bureau.customer, "files": (io.BytesIO(b"%PDF-1.7 x"), "carta.pdf")}
    case_id = filed_by(write_down(bureau.at_desk(app), fields))
    case = bureau.case(case_id)
    assert (case.customer_id, case.user_id, case.channel) == (bureau.customer, None, "telephone")
    assert case.due_on == date(2026, 4, 17)
    theirs = text_of(bureau.at_desk(app, "user").get(f"/cases/{case_id}"))
    assert case.number in text_of(bureau.at_desk(app, "user").get("/cases"))
    assert "Por teléfono" in theirs and "carta.pdf" in theirs
    with unit_of_work(bureau.tenant.id):
        row = db.session.execute(
            select(AuditRow).where(AuditRow.action == "case.opened", AuditRow.actor_id == bureau.sara)
        ).scalar_one()
        assert row.customer_id == bureau.customer and row.data["channel"] == "telephone"
        assert issued("case-filing", str(case_id)) is not None
        assert db.session.execute(select(func.count()).select_from(CaseFile)).scalar_one() == 1


def test_a_letter_of_last_week_has_its_true_clock(app: Flask, bureau: Bureau, tuesday: None):
    """E4: received on Friday 20 March 2026 and answered within 15 business days, whenever it was typed."""
    client = bureau.at_desk(app)
    fields = {**ASKED, "customer": bureau.customer, "channel": "letter", "received_on": "20/03/2026"}
    assert "se radica más tarde" in text_of(write_down(client, fields), 422)
    case_id = filed_by(write_down(client, {**fields, "late_why": "Llegó a otra sede"}))
    case = bureau.case(case_id)
    assert case.due_on == date(2026, 4, 15)
    assert case.received_at == datetime.datetime(2026, 3, 20, 9, tzinfo=BOGOTA)
    assert "Llegó a otra sede" in text_of(client.get(f"{QUEUE}/{case_id}"))
    with unit_of_work(bureau.tenant.id):
        row = db.session.execute(select(AuditRow).where(AuditRow.action == "case.opened")).scalar_one()
        assert row.data["late_why"] == "Llegó a otra sede"
        document = issued("case-filing", str(case_id))
        assert document is not None
        said = paper(case_id, document)
        assert said["received"]["moment"] == "20 de marzo de 2026, 09:00"
        assert "Llegó a otra sede" in [one["value"] for one in said["about"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"received_on": "26/03/2026"}, "received_on"),
        ({"received_hour": "23:59"}, "received_hour"),
        ({"received_hour": "25:00"}, "received_hour"),
        ({"received_on": "20/03/2025", "late_why": "Se perdió"}, "received_on"),
        ({"received_on": "31/02/2026"}, "received_on"),
        ({"channel": "pigeon"}, "channel"),
        ({"class_code": ""}, "class_code"),
        ({"subject_code": "nothing"}, "subject_code"),
        ({"description": " \u202e "}, "description"),
        ({"since": "26/03/2026"}, "since"),
        ({"subject_code": "repairs"}, "category"),
        ({"late_why": "x" * 301}, "late_why"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    app: Flask, bureau: Bureau, tuesday: None, change: dict[str, object], field: str
):
    refused = write_down(bureau.at_desk(app), {**ASKED, "customer": bureau.customer, **change})
    body = text_of(refused, 422)
    assert f'id="{field}-error"' in body and "Por teléfono" in body
    if "description" not in change:
        assert "Dice que pagó dos veces" in body
    with unit_of_work(bureau.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 0


def test_somebody_who_is_not_in_the_books(app: Flask, bureau: Bureau, tuesday: None):
    client = bureau.at_desk(app)
    for change, field in (
        ({"name": " "}, "name"),
        ({"phone": ""}, "email"),
        ({"phone": "12"}, "phone"),
        ({"email": "rosa@"}, "email"),
    ):
        assert f'id="{field}-error"' in text_of(write_down(client, {**UNKNOWN, **change}), 422)
    case_id = filed_by(write_down(client, {**UNKNOWN, "document": "CC 5.123"}))
    case = bureau.case(case_id)
    assert case.customer_id is None
    assert case.person == {"name": "Rosa Vecina", "document": "CC 5.123", "phone": "+573001234567"}
    assert "Rosa Vecina" in text_of(client.get(f"{QUEUE}?q=vecina"))
    assert "+573001234567" in text_of(client.get(f"{QUEUE}/{case_id}"))
    assert bureau.at_desk(app, "user").get(f"/cases/{case_id}").status_code == 404
    with unit_of_work(bureau.tenant.id):
        document = issued("case-filing", str(case_id))
        assert document is not None and paper(case_id, document)["who"]["name"] == "Rosa Vecina"
        assert desk_queries.desk_case(case_id).customer == "Rosa Vecina"
        row = db.session.execute(select(AuditRow).where(AuditRow.action == "case.opened")).scalar_one()
        assert row.data["for"] == "Rosa Vecina"


def test_pressed_twice_it_is_filed_once(app: Flask, bureau: Bureau, tuesday: None):
    client, key = bureau.at_desk(app), str(new_id())
    fields = {**UNKNOWN, "form_key": key}
    assert filed_by(write_down(client, fields)) == filed_by(write_down(client, fields))
    # The key of somebody else's form opens nothing.
    customer = bureau.at_desk(app, "user")
    page = "/cases/new/details?class_code=petition&subject_code=payments"
    stolen = {"class_code": "petition", "subject_code": "payments", "description": "Mío", "form_key": key}
    assert send(customer, page, stolen, "/cases/new/details").status_code == 404
    with unit_of_work(bureau.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_contracts_of_the_customer_alone_those_that_are_over_too(app: Flask, bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        old = cast.add_account("CT-OLD", kind="lease", customers=[(bureau.customer, "renter", 1_000_000)])
        stranger = cast.add_customer("Otra", document="99")
        other = cast.add_account("CT-OTHER", kind="lease", customers=[(stranger, "renter", 1_000_000)])
        party = db.session.execute(select(AccountParty).where(AccountParty.account_id == old)).scalar_one()
        party.valid_until = date(2025, 12, 31)
    client = bureau.at_desk(app)
    body = text_of(client.get(f"{DETAILS}?customer={bureau.customer}"))
    assert "CT-OLD" in body and "31 de diciembre de 2025" in body and "CT-OTHER" not in body
    fields = {**ASKED, "customer": bureau.customer}
    for field in ("account_id", "property_id"):
        assert write_down(client, {**fields, field: other}).status_code == 422
        assert write_down(client, {**UNKNOWN, field: other}).status_code == 404
    assert bureau.case(filed_by(write_down(client, {**fields, "account_id": old}))).account_id == old


def test_only_who_answers_cases_files_them(app: Flask, bureau: Bureau, tuesday: None):
    for who in ("beto", "user"):
        client = bureau.at_desk(app, who)
        for page in (f"{QUEUE}/new", f"{DETAILS}?customer={bureau.customer}"):
            assert client.get(page).status_code in (403, 404)


def test_a_term_that_is_over_when_it_is_filed_is_told_of_at_once(app: Flask, bureau: Bureau, tuesday: None):
    heard: list[dict[str, object]] = []
    fields = {**ASKED, "customer": bureau.customer, "received_on": "02/02/2026", "late_why": "Se traspapeló"}
    case_id = filed_by(write_down(bureau.at_desk(app), fields))
    assert bureau.case(case_id).due_on == date(2026, 2, 23)
    with unit_of_work(bureau.tenant.id):
        rows = db.session.execute(
            select(outbox.OutboxRow.payload).where(outbox.OutboxRow.topic == "cases.warn")
        ).scalars()
        heard += [row for row in rows if row["case_id"] == str(case_id)]
    assert [row["step"] for row in heard] == ["overdue"]


def test_the_fingerprint_of_a_case_from_the_area_is_as_it_was(bureau: Bureau, tuesday: None):
    """What staff wrote down adds to it; certificates that were issued before hold."""
    with unit_of_work(bureau.tenant.id):
        jose = Actor("customer", bureau.user, "José")
        at = moment(date(2026, 3, 25))
        new = NewCase("petition", "payments", "Hola", bureau.customer, user_id=bureau.user)
        case_id = services.open_case(new, actor=jose, now=at).id
        first = fingerprint(case_id)
        case = db.session.get_one(Case, (bureau.tenant.id, case_id))
        case.channel = "letter"
        db.session.flush()
        assert fingerprint(case_id) != first


def test_the_moment_of_receipt_is_neither_in_the_future_nor_absurd():
    at = datetime.datetime(2026, 3, 25, 12, tzinfo=BOGOTA)
    zone = "America/Bogota"
    receipt.check_received(at, at, zone, "")
    receipt.check_received(at - receipt.OLDEST, at, zone, "why")
    for moment_, why in (
        (at + datetime.timedelta(seconds=1), "why"),
        (at - receipt.OLDEST - datetime.timedelta(seconds=1), "why"),
        (at - datetime.timedelta(days=1), ""),
    ):
        with pytest.raises(Refusal):
            receipt.check_received(moment_, at, zone, why)
