"""Staff see what a customer sees: with a reason, for a while, changing nothing, and the customer reads of it."""

from __future__ import annotations

import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.auth.services import deeds
from saas.audit import AuditRow
from saas.clock import now
from saas.scope import unit_of_work
from tenants.loading import VIEWING
from tenants.people import StaffRole, UserSession
from tenants.services import change_settings
from tests.blueprints.desk.office import Office, make_office, post, text_of
from tests.cast import add_customer
from tests.signed_in import signed_in

REASON = "Preguntó por <b>teléfono</b> por la factura"


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


def look(app: Flask, office: Office, who: str = "service"):
    client = office.at_desk(app, who)
    answer = post(client, f"/desk/customers/{office.customer}/view", fields={"reason": REASON})
    assert (answer.status_code, answer.location) == (303, "/")
    return client


def test_a_look_shows_the_banner_and_the_customers_own_page(app: Flask, office: Office):
    client = look(app, office)
    body = text_of(client.get(f"/desk/customers/{office.customer}"))
    assert "/desk/stop-viewing" in body and "Ñandú Peña" in body


@pytest.mark.parametrize("reason", ["", "  ", "abc", "x" * 201])
def test_a_reason_must_be_given(app: Flask, office: Office, reason: str):
    client = office.at_desk(app, "service")
    body = text_of(post(client, f"/desk/customers/{office.customer}/view", fields={"reason": reason}), 422)
    assert 'href="#reason"' in body and "<title>Error" in body
    with unit_of_work(office.tenant.id) as session:
        assert session.execute(select(UserSession.viewing_customer_id)).scalar() is None


def test_the_customer_reads_who_looked_when_and_why(app: Flask, office: Office):
    look(app, office)
    with unit_of_work(office.tenant.id) as session:
        row = session.execute(select(AuditRow).where(AuditRow.action == "customer.viewed")).scalar_one()
        assert (row.customer_id, row.actor_id, row.data) == (
            office.customer,
            office.service,
            {"reason": REASON},
        )
        seen = deeds(office.holder, office.customer, None).rows
        assert "Sara Atiende" in seen[0].msgid % seen[0].facts and REASON in seen[0].msgid % seen[0].facts


def test_while_looking_nothing_can_be_changed(app: Flask, office: Office):
    client = look(app, office, "admin")
    for to in (
        "/desk/settings",
        f"/desk/staff/{office.reader}/disable",
        f"/desk/customers/{office.customer}/invite",
    ):
        assert post(client, "/desk/audit", to, {"email": "x@example.com"}).status_code == 403, to


def test_a_look_ends_when_asked(app: Flask, office: Office):
    client = look(app, office)
    answer = post(client, f"/desk/customers/{office.customer}", "/desk/stop-viewing")
    assert answer.status_code == 303 and answer.location.endswith(f"/desk/customers/{office.customer}")
    assert "/desk/stop-viewing" not in text_of(client.get("/desk"))
    with unit_of_work(office.tenant.id) as session:
        actions = session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert actions[-2:] == ["customer.viewed", "customer.view-ended"]


def test_a_look_ends_by_itself(app: Flask, office: Office):
    client = look(app, office)
    almost = now() - VIEWING + datetime.timedelta(minutes=1)
    for since, looking in ((almost, True), (now() - VIEWING, False)):
        with unit_of_work(office.tenant.id) as session:
            session.execute(update(UserSession).values(viewing_since=since))
        assert ("/desk/stop-viewing" in text_of(client.get("/desk"))) is looking


def test_a_look_ends_with_the_right_to_look(app: Flask, office: Office):
    client = look(app, office)
    with unit_of_work(office.tenant.id) as session:
        session.execute(update(StaffRole).where(StaffRole.user_id == office.service).values(role="reader"))
    assert "/desk/stop-viewing" not in text_of(client.get("/desk"))
    assert client.get(f"/desk/customers/{office.customer}/view").status_code == 403


def test_only_who_may_look_looks(app: Flask, office: Office):
    for who, status in (("reader", 403), ("billing", 403), ("holder", 404)):
        client = office.at_desk(app, who)
        page = "/desk/customers" if who != "holder" else "/profile/sessions"
        answer = post(client, page, f"/desk/customers/{office.customer}/view", {"reason": REASON})
        assert answer.status_code == status, who


def test_the_tenant_may_switch_it_off(app: Flask, office: Office):
    from saas.audit import SYSTEM

    client = office.at_desk(app, "service")
    with unit_of_work(office.tenant.id):
        change_settings({"desk.view_as": False}, actor=SYSTEM)
    assert f"/desk/customers/{office.customer}/view" not in text_of(
        client.get(f"/desk/customers/{office.customer}")
    )
    assert (
        post(client, f"/desk/customers/{office.customer}/view", fields={"reason": REASON}).status_code == 409
    )


def test_looking_again_shows_the_other_customer(app: Flask, office: Office):
    with unit_of_work(office.tenant.id):
        other = add_customer("Otra Persona", document="99")
    client = signed_in(app, office.tenant, office.service, viewing=other)
    assert "Otra Persona" in text_of(client.get("/desk"))
    # One look at a time: the first ends before the next begins.
    assert (
        post(client, "/desk", f"/desk/customers/{office.customer}/view", {"reason": REASON}).status_code
        == 403
    )
