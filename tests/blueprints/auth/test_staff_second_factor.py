"""B12: where the organisation asks for it, the desk is unreachable without a second factor."""

from __future__ import annotations

import json
import uuid

import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.auth.models import RecoveryCode, SecondFactor
from saas.audit import AuditRow
from saas.database import db
from saas.platform_database import platform_connection
from saas.scope import unit_of_work
from tenants import settings
from tenants.people import UserSession
from tests.blueprints.auth import door
from tests.blueprints.auth.second import SET_UP, Phone, codes_on, half_way, set_up
from tests.cast import TenantCast, add_customer, add_user, make_utility
from tests.rules.manifest import routes_of
from tests.signed_in import post, signed_in

BOSS = "jefa@x.test"


@pytest.fixture
def tenant(app: Flask) -> TenantCast:
    """An organisation that set nothing up: the product asks for the second factor."""
    made = make_utility()
    asked_by(made, None)
    return made


def asked_by(tenant: TenantCast, value: str | None) -> None:
    own = {} if value is None else {settings.SECOND_FACTOR: value}
    with platform_connection() as connection:
        connection.execute(
            text("UPDATE tenants SET settings = CAST(:own AS jsonb), version = version + 1 WHERE id = :id"),
            {"own": json.dumps(own), "id": tenant.id},
        )


def add_boss(tenant: TenantCast, *, email: str = BOSS, role: str = "administrator") -> uuid.UUID:
    with unit_of_work(tenant.id):
        return add_user(email, name="Jefa", staff_role=role)


def test_the_default_is_the_safe_one() -> None:
    assert settings.complete({})[settings.SECOND_FACTOR] == settings.REQUIRED


def test_the_desk_answers_with_the_enrolment(app: Flask, tenant: TenantCast) -> None:
    """B12, the journey: sent to the page, set up, on to where one wanted."""
    client = signed_in(app, tenant, add_boss(tenant))
    answer = client.get("/desk/customers?q=ana")
    assert answer.status_code == 303 and answer.location.startswith(f"{SET_UP}?next=/desk/customers")
    page = client.get(answer.location).text
    assert "todas las personas que trabajan" in page
    done = set_up(client, Phone(), next=door.hidden(page, "next"))
    assert 'href="/desk/customers?q=ana"' in done.text
    assert client.get("/desk/customers?q=ana").status_code == 200


def test_no_page_of_the_desk_is_reachable_without(app: Flask, tenant: TenantCast) -> None:
    """Every address and method under /desk: nothing but the way to the enrolment, and no row changes."""
    boss = add_boss(tenant)
    client = signed_in(app, tenant, boss)
    token = door.hidden(client.get("/profile/details").text, "csrf_token")
    tried = 0
    for route in routes_of(app):
        if route.place != "tenant" or not (route.rule == "/desk" or route.rule.startswith("/desk/")):
            continue
        path = route.rule
        for name in route.arguments:
            path = __import__("re").sub(rf"<[^<>]*\b{name}>", str(uuid.uuid4()), path)
        for method in route.methods:
            answer = client.open(
                path, method=method, data={"csrf_token": token} if method == "POST" else None
            )
            tried += 1
            if route.endpoint == "desk.stop_viewing":
                assert answer.status_code == 303 and answer.location == "/desk"
            elif answer.status_code != 404:  # an optional part that is off
                assert answer.status_code == 303 and answer.location.startswith(SET_UP), f"{method} {path}"
    assert tried > 30
    assert client.get("/desk", headers={"Accept": "application/json"}).status_code == 403


def test_every_role_is_asked(app: Flask, tenant: TenantCast) -> None:
    for role in ("administrator", "billing", "service", "reader"):
        client = signed_in(app, tenant, add_boss(tenant, email=f"{role}@x.test", role=role))
        assert client.get("/desk").location == f"{SET_UP}?next=/desk"


def test_the_own_pages_stay_open(app: Flask, tenant: TenantCast) -> None:
    client = signed_in(app, tenant, add_boss(tenant))
    assert client.get("/profile").status_code == client.get("/profile/second-factor").status_code == 200
    assert "queda cerrada" in client.get("/profile/second-factor").text


def test_customers_are_not_asked(app: Flask, tenant: TenantCast) -> None:
    with unit_of_work(tenant.id):
        user = add_user("ana@x.test", name="Ana", customer_id=add_customer("Ana", document="1"))
    client = signed_in(app, tenant, user)
    assert client.get("/").status_code == 200
    assert client.get("/desk").status_code == 404


def test_looking_at_a_customers_pages_ends_with_the_right_to_the_desk(app: Flask, tenant: TenantCast) -> None:
    with unit_of_work(tenant.id):
        customer = add_customer("Zoila Vista", document="1")
    client = signed_in(app, tenant, add_boss(tenant), viewing=customer)
    assert "Zoila Vista" not in client.get("/profile").text
    asked_by(tenant, settings.OPTIONAL)
    assert "Zoila Vista" in client.get("/").text


def test_with_it_the_desk_opens_after_the_code(app: Flask, tenant: TenantCast) -> None:
    phone = Phone()
    set_up(signed_in(app, tenant, add_boss(tenant)), phone)
    client = signed_in(app, tenant, add_boss(tenant, email="otra@x.test"))
    assert client.get("/desk").status_code == 303, "one person's factor opens nobody else's desk"
    from tests.application import client_for

    browser = client_for(app, tenant.host)
    fields = half_way(browser, tenant, BOSS, target="/desk/staff")
    assert browser.get("/desk").status_code == 302
    sent = {**fields, "code": phone.code(1), "next": "/desk/staff"}
    assert browser.post("/login/code", data=sent).location == "/desk/staff"
    assert browser.get("/desk/staff").status_code == 200


def test_switched_off_it_closes_the_desk(app: Flask, tenant: TenantCast) -> None:
    client = signed_in(app, tenant, add_boss(tenant))
    codes = codes_on(set_up(client, Phone()).text)
    assert client.get("/desk").status_code == 200
    page = "/profile/second-factor/switch-off"
    assert "queda cerrada" in client.get(page).text
    from tests.cast import PASSWORD

    assert post(client, page, page, {"current": PASSWORD, "code": codes[0]}).status_code == 303
    assert client.get("/desk").location == f"{SET_UP}?next=/desk"


def test_where_it_is_optional_the_password_opens_the_desk(app: Flask, tenant: TenantCast) -> None:
    client = signed_in(app, tenant, add_boss(tenant))
    asked_by(tenant, settings.OPTIONAL)
    assert client.get("/desk").status_code == 200


def test_loosening_the_rule_asks_again(app: Flask, tenant: TenantCast) -> None:
    """An administrator's open browser is not enough to let everybody in with a password alone."""
    import datetime

    from saas.clock import now

    client = signed_in(app, tenant, add_boss(tenant))
    set_up(client, Phone())
    page = client.get("/desk/settings").text
    fields = {"csrf_token": door.hidden(page, "csrf_token"), settings.SECOND_FACTOR: settings.OPTIONAL}
    door.change(tenant, UserSession, confirmed_at=now() - datetime.timedelta(hours=1))
    answer = client.post("/desk/settings", data=fields)
    assert answer.status_code == 303 and answer.location.startswith("/confirm-identity")
    client.get("/desk/settings")
    with platform_connection() as connection:
        own = connection.execute(
            text("SELECT settings FROM tenants WHERE id = :id"), {"id": tenant.id}
        ).scalar()
    assert settings.SECOND_FACTOR not in own


def test_an_administrator_takes_away_a_lost_one(app: Flask, tenant: TenantCast, mailbox) -> None:
    phone, boss = Phone(), add_boss(tenant)
    client = signed_in(app, tenant, boss)
    set_up(client, phone)
    with unit_of_work(tenant.id):
        colleague = add_user("colega@x.test", name="Colega", staff_role="reader")
    at_colleagues = signed_in(app, tenant, colleague)
    set_up(at_colleagues, Phone())
    page = f"/desk/staff/{colleague}"
    assert post(client, page, f"{page}/second-factor/remove").status_code == 303
    assert at_colleagues.get("/profile").status_code == 302, "signed out"
    with unit_of_work(tenant.id):
        left = db.session.execute(select(SecondFactor.user_id)).scalars().all()
        codes = set(db.session.execute(select(RecoveryCode.user_id)).scalars())
        row = db.session.execute(
            select(AuditRow.actor_id, AuditRow.subject_id).where(
                AuditRow.action == "second-factor.taken-away"
            )
        ).one()
    assert left == [boss] and codes == {boss}
    assert tuple(row) == (boss, colleague)
    assert "Se quitó" in door.letters(app, mailbox, "colega@x.test")[-1]
    own = f"/desk/staff/{boss}/second-factor/remove"
    assert post(client, page, own).status_code == 409
    with unit_of_work(tenant.id):
        assert db.session.execute(select(SecondFactor.user_id)).scalar_one() == boss


def test_only_who_may_change_staff_takes_it_away(app: Flask, tenant: TenantCast) -> None:
    asked_by(tenant, settings.OPTIONAL)
    boss = add_boss(tenant)
    set_up(signed_in(app, tenant, boss), Phone())
    clerk = signed_in(app, tenant, add_boss(tenant, email="caja@x.test", role="billing"))
    assert post(clerk, "/profile/details", f"/desk/staff/{boss}/second-factor/remove").status_code == 403


def test_the_command_for_who_runs_the_installation(app: Flask, tenant: TenantCast) -> None:
    set_up(signed_in(app, tenant, add_boss(tenant)), Phone())
    runner = app.test_cli_runner()
    command = ["user", "reset-second-factor", "--tenant", tenant.slug, "--json"]
    assert json.loads(runner.invoke(args=[*command, " JEFA@x.test"]).output)["reset"] is True
    assert json.loads(runner.invoke(args=[*command, BOSS]).output)["reset"] is False
    assert runner.invoke(args=[*command, "nadie@x.test"]).exit_code == 1
    with unit_of_work(tenant.id):
        assert db.session.execute(select(SecondFactor.id)).first() is None
        kinds = db.session.execute(
            select(AuditRow.actor_kind).where(AuditRow.action == "second-factor.taken-away")
        ).scalars()
        assert list(kinds) == ["operator"]
