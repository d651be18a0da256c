"""The desk's pages: put a file in, see how it is read, rehearse, import, read the report, take it back."""

from __future__ import annotations

import csv
import io
import re
import uuid
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from blueprints.accounts.models import Account
from blueprints.imports.models import ImportBatch
from blueprints.invoices.models import Invoice
from saas import outbox
from saas.scope import unit_of_work
from tests.blueprints.imports.files import PACKS, put
from tests.blueprints.imports.loads import good
from tests.cast import TenantCast, add_user, make_utility
from tests.pages import check_page, checked_get
from tests.signed_in import post, signed_in, statements


@pytest.fixture
def tenant(app: Flask) -> TenantCast:
    return make_utility()


@pytest.fixture
def clerk(app: Flask, tenant: TenantCast) -> FlaskClient:
    with unit_of_work(tenant.id):
        user = add_user("clerk@x.test", name="Beatriz Caja", staff_role="billing")
    return signed_in(app, tenant, user)


def upload(client: FlaskClient, path: Path, profile: str = "auto") -> TestResponse:
    page = client.get("/desk/imports/new").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    return client.post(
        "/desk/imports/new",
        data={"csrf_token": token[1], "profile": profile, "file": (io.BytesIO(path.read_bytes()), path.name)},
        content_type="multipart/form-data",
    )


def started(client: FlaskClient, page: str, what: str, mode: str) -> str:
    answer = post(client, page, f"{page}/start", {"what": what, "mode": mode})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location.removesuffix("/progress")


def test_from_the_file_to_its_undoing(app: Flask, tenant: TenantCast, clerk: FlaskClient) -> None:
    assert "Todavía no se importó" in checked_get(clerk, "/desk/imports").text
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    page = upload(clerk, PACKS / "agua" / "facturas.csv").location
    shown = checked_get(clerk, page)
    for words in ("punto y coma", "coma: 1.234,50", "día/mes/año", "B-0012-00000001", "Facturas de agua"):
        assert words in shown.text
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Invoice)).scalar_one() == 0

    rehearsal = started(clerk, page, "rehearse", "all-or-nothing")
    waiting = checked_get(clerk, f"{rehearsal}/progress")
    assert "Esperando su turno" in waiting.text
    assert 'http-equiv="refresh"' in clerk.get(f"{rehearsal}/progress").get_data(as_text=True)
    assert outbox.drain() == 1
    assert clerk.get(f"{rehearsal}/progress").location == rehearsal
    told = checked_get(clerk, rehearsal)
    assert "Fue un ensayo" in told.text and "No existe la cuenta «999-0000000-000-0»." in told.text

    batch = started(clerk, rehearsal, "import", "good-rows-only")
    assert batch != rehearsal
    outbox.drain()
    done = checked_get(clerk, batch)
    assert "Terminada" in done.text and "132" in done.text
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Invoice)).scalar_one() == 132

    report = clerk.get(f"{batch}?format=csv")
    assert report.headers["Content-Disposition"].startswith('attachment; filename="facturas-report-')
    rows = list(csv.reader(io.StringIO(report.get_data().decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows] == ["Fila", "72", "101", "108", "135"]
    assert rows[1][:3] == ["72", "vto1", "30/02/2026"]

    assert "Deshacer" in checked_get(clerk, f"{batch}/undo").h1
    assert post(clerk, f"{batch}/undo", f"{batch}/undo").status_code == 303
    outbox.drain()
    assert "132 facturas anuladas" in checked_get(clerk, batch).text
    listed = checked_get(clerk, "/desk/imports")
    assert listed.text.count("facturas.csv") == 2


def test_a_refused_undo_is_explained(app: Flask, tenant: TenantCast, clerk: FlaskClient) -> None:
    accounts, _bills = good(tenant.id, "agua")
    batch = f"/desk/imports/{accounts.batch_id}"
    post(clerk, f"{batch}/undo", f"{batch}/undo")
    outbox.drain()
    assert "Hay facturas en 12 de sus cuentas" in checked_get(clerk, batch).text


def test_what_cannot_be_read_is_said_beside_the_field(
    tenant: TenantCast, clerk: FlaskClient, tmp_path: Path
) -> None:
    answer = upload(clerk, put(tmp_path, "a;b\n1;2\n"))
    assert answer.status_code == 422
    assert "no se reconoce" in check_page(answer).text
    assert upload(clerk, put(tmp_path, b"\xd0\xcf\x11\xe0", name="x.xls")).status_code == 422
    assert upload(clerk, PACKS / "agua" / "cuentas.csv", "agua-facturas").status_code == 422
    none = post(clerk, "/desk/imports/new", "/desk/imports/new", {"profile": "auto"})
    assert none.status_code == 422 and "Elija un archivo." in check_page(none).text
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(ImportBatch)).scalar_one() == 0


def test_a_second_press_starts_nothing_more(app: Flask, tenant: TenantCast, clerk: FlaskClient) -> None:
    page = upload(clerk, PACKS / "agua" / "cuentas.csv").location
    fields = {"what": "import", "mode": "good-rows-only"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', clerk.get(page).get_data(as_text=True))
    assert token
    fields["csrf_token"] = token[1]
    assert clerk.post(f"{page}/start", data=fields).status_code == 303
    assert clerk.post(f"{page}/start", data=fields).status_code == 409
    assert outbox.drain() == 1
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Account)).scalar_one() == 12


def test_who_may_not_import_is_kept_out(app: Flask, tenant: TenantCast) -> None:
    batch = good(tenant.id, "agua")[0].batch_id
    with unit_of_work(tenant.id):
        reader = add_user("reader@x.test", staff_role="reader")
        customer = add_user("customer@x.test")
    for user, status in ((reader, 403), (customer, 404)):
        client = signed_in(app, tenant, user)
        for page in ("", "/new", f"/{batch}", f"/{batch}/progress", f"/{batch}/undo", f"/{batch}?format=csv"):
            assert client.get(f"/desk/imports{page}").status_code == status


def test_a_batch_of_another_tenant_is_not_found(app: Flask, clerk: FlaskClient) -> None:
    other = make_utility("otra", canary="CANARIO-OTRA")
    batch = good(other.id, "agua")[0].batch_id
    for page in (batch, uuid.uuid4()):
        assert clerk.get(f"/desk/imports/{page}").status_code == 404
        assert clerk.get(f"/desk/imports/{page}?format=csv").status_code == 404


def test_the_list_takes_as_many_statements_with_many_imports(
    app: Flask, tenant: TenantCast, clerk: FlaskClient
) -> None:
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    clerk.get("/desk/imports")
    with statements() as few:
        clerk.get("/desk/imports")
    for _ in range(22):
        good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    with statements() as many:
        page = checked_get(clerk, "/desk/imports")
    assert len(many) == len(few)
    older = next(link for link in page.links if "after=" in link)
    assert checked_get(clerk, older).text.count("cuentas.csv") == 3
