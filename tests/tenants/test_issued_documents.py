"""Papers that anybody may check: once for each cause, the same bytes for ever, and three states."""

from __future__ import annotations

import datetime

from flask import Flask
from sqlalchemy import func, select

from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants import issued_documents
from tenants.issued_documents import Fact, Issued, IssuedDocument
from tests.application import client_for
from tests.cast import TenantCast, make_agency, make_utility
from tests.pages import checked_get

FACTS = (
    Fact("Year", text="2026"),
    Fact("Date", day=datetime.date(2026, 3, 4)),
    Fact("Amount", amount=123_456_00, currency="COP"),
)


def _issue(tenant: TenantCast, key: str = "k-1", number: str = "C-1", **more: object) -> Issued:
    with unit_of_work(tenant.id):
        return issued_documents.issue(
            "sample", key=key, subject=("account", new_id()), number=number, facts=FACTS, now=now(), **more
        )


def test_it_is_issued_once_and_drawn_once(app: Flask) -> None:
    tenant, drawn = make_agency(), []

    def draw(document: Issued) -> bytes:
        drawn.append(document.code)
        return f"%PDF {document.code} {len(drawn)}".encode()

    first, again = _issue(tenant), _issue(tenant, number="C-2")
    assert (first.id, first.code, first.number) == (again.id, again.code, "C-1")
    with unit_of_work(tenant.id):
        one = issued_documents.file_of(first.id, draw, "c.pdf")
        two = issued_documents.file_of(first.id, draw, "c.pdf")
        assert (one.content, one.sha256) == (two.content, two.sha256) and drawn == [first.code]
        assert db.session.execute(select(func.count()).select_from(IssuedDocument)).scalar_one() == 1
        checked = issued_documents.checked(first.code.lower())
        assert checked is not None and checked.facts == FACTS and checked.sha256 == one.sha256


def test_anybody_sees_what_became_of_it_and_no_more(app: Flask) -> None:
    tenant, other = make_agency(), make_utility()
    first = _issue(tenant)
    client = client_for(app, tenant.host)
    page = checked_get(client, f"/check/{first.code.lower()}").body
    assert "C-1" in page and "2026" in page and "123.456" in page
    newer = _issue(tenant, key="k-2", number="C-2", replaces=first.id)
    assert "C-2" in checked_get(client, f"/check/{first.code}").body
    with unit_of_work(tenant.id):
        issued_documents.revoke(newer.id, reason="Un error de digitación", now=now())
    page = checked_get(client, f"/check/{newer.code}").body
    assert "digitación" not in page and "C-2" in page
    with unit_of_work(tenant.id):
        found = [issued_documents.issued_document(one.id).state for one in (first, newer)]
    assert found == [issued_documents.SUPERSEDED, issued_documents.REVOKED]
    checked_get(client_for(app, other.host), f"/check/{first.code}", status=404)
    checked_get(client, "/check/0000-0000-0000", status=404)
