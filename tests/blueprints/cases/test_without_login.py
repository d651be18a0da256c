"""Anybody files a case without a login: what is asked, what is refused, and that it is bound to nobody."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.cases import catalogue_changes, without_login
from blueprints.cases.certificate import fingerprint, paper
from blueprints.cases.clock_models import CaseClock
from blueprints.cases.models import Case, CaseFile, CaseUpload
from saas.audit import SYSTEM, AuditRow
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from saas.tokens import digest
from tenants.issued_documents import checked, issued
from tenants.services import change_settings
from tenants.settings import complete
from tests import cast
from tests.blueprints.auth.door import hidden, waited, work
from tests.blueprints.cases import visitor as v
from tests.blueprints.cases.bureau import QUEUE, Bureau, send
from tests.blueprints.desk.office import text_of
from tests.pages import checked_get, read_page
from tests.signed_in import signed_in

PHOTO = b"%PDF-1.7 un recibo"
HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=1+1|cmd",
    "javascript:alert(1) https://a@b.example/", "e" + "\u0301" * 40,
    "\u202etxt.exe\u2066", "a\x00b\x1b[2J", "' OR 1=1 --",
]  # fmt: skip


def how_many(bureau: Bureau, model: type) -> int:
    with unit_of_work(bureau.tenant.id):
        return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_where_the_law_asks_for_it_it_is_offered(app: Flask, bureau: Bureau):
    assert complete({}, "CO")[without_login.OFFERED] is True
    assert complete({}, "AR")[without_login.OFFERED] is False
    assert complete({without_login.OFFERED: False}, "CO")[without_login.OFFERED] is False
    client = v.visitor(app, bureau.tenant)
    assert {"/requests/new", "/requests/follow"} <= set(checked_get(client, "/login").links)
    with unit_of_work(bureau.tenant.id):
        change_settings({without_login.OFFERED: False}, actor=SYSTEM)
    assert "/requests/new" not in checked_get(client, "/login").links
    assert client.get(v.NEW).status_code == 404
    token = hidden(client.get("/login").get_data(as_text=True), "csrf_token")
    assert client.post(v.NEW, data={"csrf_token": token, **v.ANONYMOUS}).status_code == 404
    assert client.get(v.FOLLOW).status_code == 200, "what was filed before can be followed"


def test_who_is_logged_in_finds_their_own_pages(app: Flask, bureau: Bureau):
    assert "/requests/new" not in checked_get(bureau.at_desk(app, "user"), "/cases").links


def test_an_anonymous_case_is_like_every_other(app: Flask, bureau: Bureau, tuesday: None):
    client = v.visitor(app, bureau.tenant)
    answer = v.file_it(
        client, bureau.tenant, v.ANONYMOUS, since="20/03/2026", files=(io.BytesIO(PHOTO), "r.pdf")
    )
    assert answer.status_code == 303 and answer.headers["Location"] == "/requests/filed"
    page = checked_get(client, "/requests/filed")
    number, code = v.shown(client)
    assert number in page.text and "17 de abril de 2026" in page.text
    case = v.case_of(bureau.tenant, number)
    assert (case.customer_id, case.user_id, case.person, case.account_id) == (None, None, None, None)
    assert (case.channel, case.state, case.due_on, case.since) == (
        "web", "received", date(2026, 4, 17), date(2026, 3, 20),
    )  # fmt: skip
    assert case.follow_digest == digest(code) and code not in str(vars(case))
    assert [event.kind for event in bureau.events(case.id)] == ["opened"]
    assert bureau.events(case.id)[0].actor_name == ""
    with unit_of_work(bureau.tenant.id):
        row = db.session.execute(select(AuditRow).where(AuditRow.action == "case.opened")).scalar_one()
        assert (row.actor_id, row.customer_id, row.data["channel"]) == (None, None, "web")
        assert code not in str(row.data)
        document = issued("case-filing", str(case.id))
        assert document is not None
        said = paper(case.id, document)
        assert said["who"] == {"name": "Anónimo", "lines": []} and code not in str(said)
        public = checked(document.code)
        assert public is not None and public.facts[-1].text == fingerprint(case.id)
        assert db.session.execute(select(func.count()).select_from(CaseClock)).scalar_one() == 1
    assert (how_many(bureau, CaseFile), how_many(bureau, CaseUpload)) == (1, 0)


def test_with_a_name_it_says_who_and_where_the_answer_goes(app: Flask, bureau: Bureau, tuesday: None):
    number, _code = v.filed(v.visitor(app, bureau.tenant), bureau.tenant, {**v.NAMED, "document": "CC 5.123"})
    case = v.case_of(bureau.tenant, number)
    assert case.person == {"name": "Rosa Vecina", "document": "CC 5.123", "email": "rosa@example.com"}
    event = bureau.events(case.id)[0]
    assert (event.actor_name, event.data["consent"], event.data["for"]) == (
        "Rosa Vecina",
        True,
        "Rosa Vecina",
    )
    with unit_of_work(bureau.tenant.id):
        document = issued("case-filing", str(case.id))
        assert document is not None
        assert "Según dijo la propia persona, sin ingresar" in paper(case.id, document)["who"]["lines"]


def test_an_anonymous_case_keeps_nothing_of_a_name(app: Flask, bureau: Bureau, tuesday: None):
    fields = {**v.NAMED, "who": "anonymous", "name": "Rosa <b>", "email": "no correo"}
    number, _code = v.filed(v.visitor(app, bureau.tenant), bureau.tenant, fields)
    case = v.case_of(bureau.tenant, number)
    assert case.person is None and "Rosa" not in str([vars(event) for event in bureau.events(case.id)])


def test_it_is_bound_to_no_account_even_of_who_is_logged_in(app: Flask, bureau: Bureau, tuesday: None):
    client = bureau.at_desk(app, "user")
    number, _code = v.filed(client, bureau.tenant, {**v.NAMED, "email": "jose@example.com"})
    case = v.case_of(bureau.tenant, number)
    assert (case.customer_id, case.user_id) == (None, None)
    assert number not in text_of(client.get("/cases")) and client.get(f"/cases/{case.id}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class_code": ""}, "class_code"),
        ({"class_code": "nothing"}, "class_code"),
        ({"subject_code": "repairs"}, "subject_code"),
        ({"subject_code": "termination"}, "subject_code"),
        ({"description": " \u202e "}, "description"),
        ({"description": "x" * 20_001}, "description"),
        ({"since": "26/03/2026"}, "since"),
        ({"since": "31/02/2026"}, "since"),
        ({"who": ""}, "who"),
        ({"who": "staff"}, "who"),
        ({"name": " "}, "name"),
        ({"name": "Gane en https://malo.example"}, "name"),
        ({"name": "malo.com"}, "name"),
        ({"email": "rosa@"}, "email"),
        ({"email": ""}, "email"),
        ({"phone": "12"}, "phone"),
        ({"consent": ""}, "consent"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    app: Flask, bureau: Bureau, tuesday: None, change: dict[str, object], field: str
):
    fields = {
        name: value for name, value in {**v.NAMED, **change}.items() if (name, value) != ("consent", "")
    }
    answer = v.file_it(v.visitor(app, bureau.tenant), bureau.tenant, fields)
    body = text_of(answer, 422)
    assert f'id="{field}-error"' in body and read_page(answer).complaints == []
    if "description" not in change:
        assert "Me cobraron dos veces" in body
    if "name" not in change:
        assert "Rosa  Vecina" in body
    assert how_many(bureau, Case) == 0


def test_all_that_is_wrong_is_said_at_once(app: Flask, bureau: Bureau):
    body = text_of(v.file_it(v.visitor(app, bureau.tenant), bureau.tenant, {"who": "name"}), 422)
    for field in ("class_code", "subject_code", "description", "name", "consent"):
        assert f'id="{field}-error"' in body, field


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_is_text(app: Flask, bureau: Bureau, tuesday: None, hostile: str):
    client = v.visitor(app, bureau.tenant)
    fields = {**v.NAMED, "description": hostile, "document": hostile[:40], "name": "Ana"}
    answer = v.file_it(client, bureau.tenant, fields)
    assert answer.status_code in (303, 422), hostile
    assert read_page(answer).complaints == [] or answer.status_code == 303
    if answer.status_code == 303:
        checked_get(client, "/requests/filed")
        checked_get(client, v.CASE)
        number, _code = v.shown(client)
        checked_get(bureau.at_desk(app), f"{QUEUE}/{v.id_of(bureau.tenant, number)}")


def test_what_looks_like_a_template_is_text(app: Flask, bureau: Bureau, tuesday: None):
    client, text = v.visitor(app, bureau.tenant), "{{7*7}}{% for x in y %}{0.__class__} %(name)s ${7*7}"
    v.filed(client, bureau.tenant, {**v.ANONYMOUS, "description": text})
    assert text in text_of(client.get(v.CASE))


def test_files_are_checked_and_a_mistake_elsewhere_costs_none(app: Flask, bureau: Bureau, tuesday: None):
    client = v.visitor(app, bureau.tenant)
    fields = {**v.ANONYMOUS, **v.hidden_fields(client, v.NEW), "form_token": waited(bureau.tenant, v.PURPOSE)}
    wrong = {**fields, "description": "", "files": (io.BytesIO(PHOTO), "recibo.pdf")}
    body = text_of(client.post(v.NEW, data=wrong, content_type="multipart/form-data"), 422)
    assert "recibo.pdf" in body
    bad = {"files": (io.BytesIO(b"MZ\x90"), "x.exe"), "form_token": waited(bureau.tenant, v.PURPOSE)}
    body = text_of(client.post(v.NEW, data={**fields, **bad}, content_type="multipart/form-data"), 422)
    assert "recibo.pdf" in body and 'id="files-error"' in body
    # Another browser that knows the key gets neither the file nor the case.
    stranger = v.visitor(app, bureau.tenant)
    stolen = {**v.hidden_fields(stranger, v.NEW), "form_key": fields["form_key"]}
    body = text_of(stranger.post(v.NEW, data={**stolen, "form_token": waited(bureau.tenant, v.PURPOSE)}), 422)
    assert "recibo.pdf" not in body
    fine = {**fields, "form_token": waited(bureau.tenant, v.PURPOSE)}
    assert client.post(v.NEW, data=fine, content_type="multipart/form-data").status_code == 303
    assert (how_many(bureau, CaseFile), how_many(bureau, CaseUpload)) == (1, 0)


def test_pressed_twice_it_is_filed_once_and_only_in_this_browser(app: Flask, bureau: Bureau, tuesday: None):
    client = v.visitor(app, bureau.tenant)
    fields = {**v.ANONYMOUS, **v.hidden_fields(client, v.NEW)}
    seen = set()
    for _press in range(2):
        data = {**fields, "form_token": waited(bureau.tenant, v.PURPOSE)}
        assert client.post(v.NEW, data=data).status_code == 303
        seen.add(v.shown(client))
    assert len(seen) == 1 and how_many(bureau, Case) == 1
    other = v.visitor(app, bureau.tenant)
    data = {**v.ANONYMOUS, **v.hidden_fields(other, v.NEW), "form_key": fields["form_key"]}
    assert other.post(v.NEW, data={**data, "form_token": waited(bureau.tenant, v.PURPOSE)}).status_code == 303
    assert v.shown(other) not in seen and how_many(bureau, Case) == 2


def test_a_robot_files_nothing(app: Flask, bureau: Bureau, tuesday: None):
    client = v.visitor(app, bureau.tenant)
    for change in (
        {"form_token": ""},
        {"form_token": waited(bureau.tenant, v.PURPOSE, seconds=1)},
        {"form_token": waited(bureau.tenant, "log-in")},
        {"homepage": "http://x.example"},
        {"human_check": "e30="},
    ):
        answer = v.file_it(client, bureau.tenant, v.ANONYMOUS, **change)
        assert "Me cobraron dos veces" in text_of(answer, 422), change
    assert how_many(bureau, Case) == 0
    page = client.get(v.NEW).get_data(as_text=True)
    fields = {"csrf_token": hidden(page, "csrf_token"), "human_check": work(page)}
    assert client.post(v.NEW, data={**fields, **v.ANONYMOUS}).status_code == 303


def test_one_network_files_so_many_and_writes_to_one_address_so_often(
    app: Flask, bureau: Bureau, tuesday: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("blueprints.cases.open_pages.A_DAY", {"work": 3, "age": 2})
    client = v.visitor(app, bureau.tenant)
    for _number in range(2):
        assert v.file_it(client, bureau.tenant, v.ANONYMOUS).status_code == 303
    refused = v.file_it(client, bureau.tenant, v.ANONYMOUS)
    assert "desde su conexión" in text_of(refused, 422) and "Me cobraron dos veces" in text_of(refused, 422)
    monkeypatch.setattr("blueprints.cases.open_pages.A_DAY", {"work": 99, "age": 99})
    monkeypatch.setattr("blueprints.cases.open_pages.LETTERS_A_DAY", 1)
    networks = iter(range(1, 9))
    for email, status in (("a@example.com", 303), ("A@Example.com", 422), ("b@example.com", 303)):
        elsewhere = v.visitor(app, bureau.tenant, f"203.0.113.{next(networks)}")
        assert v.file_it(elsewhere, bureau.tenant, {**v.NAMED, "email": email}).status_code == status, email


def test_the_organisation_says_which_subjects_need_an_account(app: Flask, bureau: Bureau):
    client, admin = v.visitor(app, bureau.tenant), SYSTEM
    body = text_of(client.get(v.NEW))
    assert "Pagos" in body and "Reparaciones" not in body and "Terminación" not in body
    with unit_of_work(bureau.tenant.id):
        catalogue_changes.rename_entry("subject", "termination", "Fin del contrato", "", actor=admin)
        catalogue_changes.rename_entry("subject", "payments", "Pagos", "", without_login=False, actor=admin)
        with pytest.raises(Refusal):
            catalogue_changes.add_entry("subject", "payments", "Pagos", "", actor=admin)
    body = text_of(client.get(v.NEW))
    assert "Fin del contrato" in body and "Pagos" not in body


def test_the_desk_says_it_with_a_tick(app: Flask, bureau: Bureau):
    with unit_of_work(bureau.tenant.id):
        boss = cast.add_user("jefa@example.com", staff_role="administrator")
    desk = signed_in(app, bureau.tenant, boss)
    page = f"{QUEUE}/catalogue/entry?which=subject&code=payments"
    assert re.search(r'name="without_login" value="y" checked', text_of(desk.get(page)))
    fields = {"which": "subject", "of": "payments", "name_es": "Pagos", "name_en": "", "asks": ""}
    for tick, offered in (({}, False), ({"without_login": "y"}, True)):
        assert send(desk, page, {**fields, **tick}, f"{QUEUE}/catalogue/entry").status_code == 303
        assert ("Pagos" in text_of(v.visitor(app, bureau.tenant).get(v.NEW))) is offered


def test_the_policy_on_personal_data_is_where_a_name_is_asked_for(app: Flask, bureau: Bureau):
    client, policy = v.visitor(app, bureau.tenant), "https://hogar.example/datos"
    assert policy not in text_of(client.get(v.NEW))
    with unit_of_work(bureau.tenant.id):
        change_settings({without_login.POLICY: policy}, actor=SYSTEM)
    assert policy in checked_get(client, v.NEW).links


def test_staff_see_how_it_came_and_what_is_known(app: Flask, bureau: Bureau, tuesday: None):
    client, desk = v.visitor(app, bureau.tenant), bureau.at_desk(app)
    anonymous, _code = v.filed(client, bureau.tenant, v.ANONYMOUS)
    named, _code = v.filed(client, bureau.tenant, v.NAMED)
    queue = checked_get(desk, QUEUE).text
    assert anonymous in queue and named in queue and "Anónimo" in queue and "(sin verificar)" in queue
    first = checked_get(desk, f"{QUEUE}/{v.id_of(bureau.tenant, anonymous)}").text
    assert "Por la web, sin ingresar" in first and "de forma anónima" in first
    assert "La consulta con el número y un código" in first
    second = checked_get(desk, f"{QUEUE}/{v.id_of(bureau.tenant, named)}").text
    assert "el nombre no está verificado" in second and "rosa@example.com" in second


def test_photographs_may_come_here_and_on_no_other_form_of_a_stranger(
    app: Flask, bureau: Bureau, tuesday: None
):
    client, large = v.visitor(app, bureau.tenant), b"%PDF-1.7" + b"x" * (7 * 1024 * 1024)
    files = [(io.BytesIO(large), "uno.pdf"), (io.BytesIO(large), "dos.pdf")]
    assert v.file_it(client, bureau.tenant, v.ANONYMOUS, files=files).status_code == 303
    assert how_many(bureau, CaseFile) == 2
    token = hidden(client.get("/login").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "files": [(io.BytesIO(large), "uno.pdf"), (io.BytesIO(large), "dos.pdf")]}
    assert client.post("/recover", data=data, content_type="multipart/form-data").status_code == 413
