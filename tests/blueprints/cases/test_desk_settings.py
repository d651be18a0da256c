"""What an organisation decides about its cases: terms, catalogue, texts; and the calendar that they are counted by."""

from __future__ import annotations

import datetime
import re
import uuid
from datetime import date

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.cases import keeping, services
from blueprints.cases.catalogue import catalogue
from blueprints.cases.catalogue_changes import add_entry
from blueprints.cases.clock_models import CaseTerm
from blueprints.cases.models import CaseTemplate
from blueprints.cases.services import NewCase
from saas import outbox
from saas.audit import Actor, AuditRow
from saas.clock import now
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.calendars import calendar, changes
from tests import cast
from tests.blueprints.desk.office import Office, make_office, post, text_of
from tests.cast import TenantCast
from tests.signed_in import signed_in

TERMS, CATALOGUE, TEXTS = "/desk/cases/terms", "/desk/cases/catalogue", "/desk/cases/texts"
CALENDAR = "/desk/settings/calendar"
MARCH = datetime.datetime(2026, 3, 24, 15, tzinfo=datetime.UTC)


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    return cast.make_agency()


@pytest.fixture
def client(app: Flask, agency: TenantCast) -> FlaskClient:
    with unit_of_work(agency.id):
        admin = cast.add_user("ana@example.com", name="Ana Admin", staff_role="administrator")
    return signed_in(app, agency, admin)


def file_case(tenant: TenantCast, class_code: str = "petition") -> uuid.UUID:
    with unit_of_work(tenant.id):
        customer = cast.add_customer("José Ñandú", document=new_id().hex[-12:])
        new = NewCase(class_code, "payments", "No llega", customer)
        return services.open_case(new, actor=Actor("customer", None, "José"), now=now()).id


def test_a_term_of_one_s_own_holds_for_later_cases(agency: TenantCast, client: FlaskClient):
    with time_machine.travel(MARCH, tick=True):
        before = file_case(agency)
        assert "Ley 1755" in text_of(client.get(TERMS))
        page, fields = f"{TERMS}/change?class=petition", {"class_code": "petition", "source": "Reglamento"}
        for wrong in (
            {"rule": "own", "days": "", "valid_from": "24/03/2026"},
            {"rule": "own", "days": "0", "valid_from": "24/03/2026"},
            {"rule": "own", "days": "181", "valid_from": "24/03/2026"},
            {"rule": "own", "days": "8", "valid_from": "23/03/2026"},
            {"rule": "nothing", "days": "", "valid_from": "24/03/2026"},
            {"rule": "own", "days": "8", "valid_from": "24/03/2026", "source": " "},
        ):
            assert post(client, page, f"{TERMS}/change", {**fields, **wrong}).status_code == 422, wrong
        fine = {**fields, "rule": "own", "days": "20", "valid_from": "24/03/2026"}
        assert post(client, page, f"{TERMS}/change", fine).status_code == 303
        body = text_of(client.get(TERMS))
        assert "20 días hábiles" in body and "15 días de la ley" in body  # longer than the law: it says so
        after = file_case(agency)
    with unit_of_work(agency.id) as session:
        clocks = keeping.clocks_of([before, after])
        assert [clocks[case_id].days for case_id in (before, after)] == [20, 20]
        row = session.execute(select(AuditRow).where(AuditRow.action == "case-term.set")).scalar_one()
        assert row.data["days"] == 20 and row.data["source"] == "Reglamento"
        assert session.execute(select(CaseTerm.days)).scalars().all() == [20]


def test_a_term_never_changes_a_case_that_is_here(agency: TenantCast, client: FlaskClient):
    with time_machine.travel(MARCH, tick=True):
        before = file_case(agency)
        fields = {
            "class_code": "petition",
            "rule": "co-documents",
            "valid_from": "25/03/2026",
            "source": "Decidido por la gerencia",
        }
        page = f"{TERMS}/change?class=petition"
        assert post(client, page, f"{TERMS}/change", fields).status_code == 303
    with time_machine.travel(MARCH + datetime.timedelta(days=1), tick=True):
        after = file_case(agency)
        with unit_of_work(agency.id):
            clocks = keeping.clocks_of([before, after])
            assert [clocks[case_id].days for case_id in (before, after)] == [15, 10]


def test_the_catalogue_is_one_s_own(agency: TenantCast, client: FlaskClient):
    new = f"{CATALOGUE}/entry?which=class"
    fields = {
        "which": "class",
        "of": "",
        "code": "documents",
        "name_es": "Solicitud de documentos",
        "name_en": "",
    }
    assert post(client, new, f"{CATALOGUE}/entry", fields).status_code == 303
    assert post(client, new, f"{CATALOGUE}/entry", fields).status_code == 422  # the code is taken
    for wrong in ({"code": "Ñ"}, {"code": "a--b"}, {"code": "x" * 41}, {"code": "ok", "name_es": " "}):
        assert post(client, new, f"{CATALOGUE}/entry", {**fields, **wrong}).status_code == 422, wrong
    with unit_of_work(agency.id):
        assert [entry.code for entry in catalogue().classes][-1] == "documents"
        assert keeping.term_of_class("documents").days == 10
    assert "Solicitud de documentos" in text_of(client.get(TERMS))
    assert (
        post(client, CATALOGUE, f"{CATALOGUE}/up", {"which": "class", "code": "documents"}).status_code == 303
    )
    assert post(client, CATALOGUE, f"{CATALOGUE}/off", {"which": "class", "code": "claim"}).status_code == 303
    changed = {"which": "class", "of": "petition", "code": "petition", "name_es": "Derecho de petición"}
    page = f"{CATALOGUE}/entry?which=class&code=petition"
    assert post(client, page, f"{CATALOGUE}/entry", changed).status_code == 303
    with unit_of_work(agency.id):
        found = catalogue()
        assert [entry.code for entry in found.classes] == [
            "petition", "complaint", "claim", "documents", "suggestion",
        ]  # fmt: skip
        assert "claim" not in {entry.code for entry in found.classes_of("pqrs")}
        assert found.class_name("petition", "es") == "Derecho de petición"
    for code in ("petition", "complaint", "documents", "suggestion"):
        post(client, CATALOGUE, f"{CATALOGUE}/off", {"which": "class", "code": code})
    with unit_of_work(agency.id):
        assert len(catalogue().classes_of("pqrs")) == 1  # the last one stays
    for nobody in ({"which": "class", "code": "nothing"}, {"which": "users", "code": "petition"}):
        assert post(client, CATALOGUE, f"{CATALOGUE}/off", nobody).status_code == 404


def test_texts_hold_only_names_that_are_replaced(agency: TenantCast, client: FlaskClient):
    fields = {"title": "Saludo", "body": "Estimado {customer}", "class_code": "", "subject_code": ""}
    assert post(client, f"{TEXTS}/new", fields=fields).status_code == 303
    assert post(client, f"{TEXTS}/new", fields=fields).status_code == 422  # the title is taken
    for wrong in ({"body": "{config}"}, {"body": " "}, {"title": " "}, {"class_code": "nothing"}):
        answer = post(client, f"{TEXTS}/new", fields={**fields, "title": "Otro", **wrong})
        assert answer.status_code == 422, wrong
    # Signs that are no name of ours are text, in it and on every page.
    odd = {**fields, "title": "<script>alert(1)</script>", "body": "{{7*7}} ${7*7} {0.__class__} {% raw %}"}
    assert post(client, f"{TEXTS}/new", fields=odd).status_code == 303
    body = text_of(client.get(TEXTS))
    assert "<script>alert" not in body and "&lt;script&gt;" in body
    with unit_of_work(agency.id) as session:
        text_id = session.execute(select(CaseTemplate.id).where(CaseTemplate.title == "Saludo")).scalar_one()
    one = f"{TEXTS}/{text_id}"
    assert post(client, one, fields={**fields, "body": "Hola {customer}"}).status_code == 303
    assert "Hola {customer}" in text_of(client.get(one))
    assert post(client, TEXTS, f"{one}/off").status_code == 303
    assert client.get(f"{TEXTS}/{new_id()}").status_code == 404


def test_the_starter_kit_becomes_rows_once(agency: TenantCast):
    with unit_of_work(agency.id):
        add_entry("subject", "noise", "Ruido", "", actor=Actor("staff"))
        add_entry("subject", "pests", "Plagas", "", actor=Actor("staff"))
        assert len(catalogue().subjects) == 9 and len(catalogue().classes) == 4


def test_a_day_off_is_shown_before_it_is_saved(app: Flask, agency: TenantCast, client: FlaskClient):
    with time_machine.travel(MARCH, tick=True):
        case_id = file_case(agency)
        assert "Jueves Santo" in text_of(client.get(CALENDAR))
        page, fields = f"{CALENDAR}/change", {"day": "8/4/2026", "change": "off", "reason": "Día cívico"}
        seen = text_of(post(client, page, fields=fields))
        assert "16 de abril de 2026" in seen and "17 de abril de 2026" in seen
        hidden = dict(
            re.findall(r'<input type="hidden" name="(day|change|reason|seen)" value="([^"]*)"', seen)
        )
        with unit_of_work(agency.id):
            assert changes() == []
        save = f"{CALENDAR}/save"
        assert post(client, page, save, hidden).status_code == 303
        again = post(client, page, save, hidden)  # pressed twice, or by somebody else meanwhile
        assert again.status_code == 303
        outbox.drain()
        with unit_of_work(agency.id):
            assert len(changes()) == 1 and not calendar().is_business_day(date(2026, 4, 8))
            clock = keeping.clock_of_case(case_id)
            assert clock is not None and clock.due_on == date(2026, 4, 17)
        moved = text_of(client.get(f"/desk/cases/{case_id}"))
        assert "Día cívico" in moved and "16 de abril" in moved and "17 de abril" in moved
        restore = f"{CALENDAR}/restore?day=2026-04-08"
        assert (
            post(client, restore, f"{CALENDAR}/restore", {"day": "2026-04-08", "reason": ""}).status_code
            == 422
        )
        assert "16 de abril" in text_of(
            post(client, restore, f"{CALENDAR}/restore", {"day": "2026-04-08", "reason": "Se anuló"})
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"day": "31/02/2026", "change": "off", "reason": "x"},
        {"day": "8/4/2026", "change": "never", "reason": "x"},
        {"day": "8/4/2026", "change": "off", "reason": " "},
        {"day": "8/4/2126", "change": "off", "reason": "x"},
        {"day": "2/4/2026", "change": "off", "reason": "ya es festivo"},
    ],
)
def test_what_makes_no_sense_is_said(agency: TenantCast, client: FlaskClient, fields: dict[str, object]):
    with time_machine.travel(MARCH, tick=True):
        assert post(client, f"{CALENDAR}/change", fields=fields).status_code == 422
        with unit_of_work(agency.id):
            assert changes() == []


def test_a_province_s_holidays(app: Flask):
    office: Office = make_office()
    client = office.at_desk(app)
    province = f"{CALENDAR}/province"
    assert post(client, province, fields={"subdivision": "ZZ", "reason": "x"}).status_code == 422
    assert post(client, province, fields={"subdivision": "M", "reason": "Mendoza"}).status_code == 303
    assert "Santiago" in text_of(client.get(f"{CALENDAR}?year=2026"))
    assert text_of(client.get(f"{CALENDAR}?year=x"))


def test_only_who_may_change_settings(app: Flask):
    office: Office = make_office()
    for who in ("service", "billing", "reader"):
        client = office.at_desk(app, who)
        for page in (CALENDAR, f"{CALENDAR}/change", TERMS, CATALOGUE, TEXTS):
            assert client.get(page).status_code == 403
