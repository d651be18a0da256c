"""Somebody without a login: how a test files a case and follows it."""

from __future__ import annotations

import html
import re
import uuid

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from blueprints.cases.models import Case
from blueprints.cases.open_pages import PURPOSE
from saas.audit import Actor
from saas.scope import unit_of_work
from tests.application import client_for
from tests.blueprints.auth.door import hidden, waited
from tests.blueprints.cases.bureau import Bureau
from tests.cast import TenantCast

NEW = "/requests/new"
FOLLOW = "/requests/follow"
CASE = "/requests/case"
ANONYMOUS: dict[str, object] = {
    "class_code": "claim",
    "subject_code": "payments",
    "description": "Me cobraron dos veces",
    "who": "anonymous",
}
NAMED: dict[str, object] = {
    **ANONYMOUS,
    "who": "name",
    "name": "Rosa  Vecina",
    "email": "rosa@example.com",
    "consent": "y",
}


def visitor(app: Flask, tenant: TenantCast, address: str = "198.51.100.7") -> FlaskClient:
    client = client_for(app, tenant.host)
    client.environ_base["REMOTE_ADDR"] = address
    return client


def hidden_fields(client: FlaskClient, page: str) -> dict[str, object]:
    """What a form carries unseen."""
    body = client.get(page).get_data(as_text=True)
    key = re.search(r'name="form_key" value="([^"]+)"', body)
    return {"csrf_token": hidden(body, "csrf_token"), **({"form_key": key[1]} if key else {})}


def file_it(
    client: FlaskClient, tenant: TenantCast, fields: dict[str, object], **more: object
) -> TestResponse:
    """Send the form as a browser without script does."""
    data = {**hidden_fields(client, NEW), "form_token": waited(tenant, PURPOSE), **fields, **more}
    return client.post(NEW, data=data, content_type="multipart/form-data")


def filed(client: FlaskClient, tenant: TenantCast, fields: dict[str, object]) -> tuple[str, str]:
    """File it; number and code, as the page shows them."""
    answer = file_it(client, tenant, fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return shown(client)


def shown(client: FlaskClient) -> tuple[str, str]:
    page = client.get("/requests/filed").get_data(as_text=True)
    number, code = (html.unescape(one) for one in re.findall(r"<code>([^<]+)</code>", page))
    return number, code


def send(client: FlaskClient, page: str, fields: dict[str, object] | None = None) -> TestResponse:
    """Send the form of the case that this browser has opened."""
    source = CASE if page in (CASE, "/requests/leave") else page
    data = {**hidden_fields(client, source), **(fields or {})}
    return client.post(page, data=data, content_type="multipart/form-data")


def open_it(client: FlaskClient, number: str, code: str) -> TestResponse:
    token = hidden(client.get(FOLLOW).get_data(as_text=True), "csrf_token")
    return client.post(FOLLOW, data={"csrf_token": token, "number": number, "code": code})


def case_of(tenant: TenantCast, number: str) -> Case:
    with unit_of_work(tenant.id) as session:
        found = session.execute(select(Case).where(Case.number == number)).scalar_one()
        session.expunge(found)
        return found


def id_of(tenant: TenantCast, number: str) -> uuid.UUID:
    return case_of(tenant, number).id


def sara(bureau: Bureau) -> Actor:
    return Actor("staff", bureau.sara, "Sara Atiende")


def a_case(app: Flask, bureau: Bureau, fields: dict[str, object] | None = None) -> tuple[str, str, uuid.UUID]:
    """One that a visitor filed: number, code, id."""
    number, code = filed(visitor(app, bureau.tenant), bureau.tenant, fields or ANONYMOUS)
    return number, code, id_of(bureau.tenant, number)


def following(app: Flask, bureau: Bureau, number: str, code: str) -> FlaskClient:
    client = visitor(app, bureau.tenant)
    assert open_it(client, number, code).status_code == 303
    return client
