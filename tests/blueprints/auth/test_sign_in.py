"""The door: who comes in, who does not, and what either of them can tell from it."""

from __future__ import annotations

import datetime
import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from blueprints.auth import human
from saas.audit import AuditRow
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.people import User, UserSession
from tests.application import client_for
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA
from tests.cast import PASSWORD, add_user, make_agency
from tests.signed_in import post


def cookie(client, name="ventanilla"):
    found = client.get_cookie(name, domain="aguas.localhost")
    return found.value if found else None


def test_the_right_password_opens_the_door(ana) -> None:
    client = ana.browser()
    answer = door.log_in(client, ana.tenant, "  ANA@x.test ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/profile").status_code == 200
    header = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("ventanilla="))
    assert "HttpOnly" in header and "SameSite=Lax" in header and "Domain" not in header


def test_with_script_the_work_is_the_sign(ana) -> None:
    client = ana.browser()
    page = client.get("/login").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA, "password": "no es esta clave"}
    solved = door.work(page)
    assert client.post("/login", data={**fields, "human_check": solved}).status_code == 422
    again = client.post("/login", data={**fields, "password": PASSWORD, "human_check": solved})
    assert again.status_code == 422, "an answer counts once, also after a refusal"
    fields["human_check"] = door.work(client.get("/login").get_data(as_text=True))
    assert client.post("/login", data={**fields, "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    "change", [{"form_token": ""}, {"homepage": "http://x.test"}, {"human_check": "e30="}]
)
def test_without_a_sign_of_a_person_nothing_is_tried(ana, change) -> None:
    client = ana.browser()
    page = client.get("/login").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA, "password": PASSWORD}
    fields["form_token"] = door.waited(ana.tenant)
    assert client.post("/login", data={**fields, **change}).status_code == 422
    assert cookie(client) is None


def test_a_form_sent_at_once_is_refused_kindly(ana) -> None:
    client = ana.browser()
    page = client.get("/login").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA, "password": PASSWORD}
    fields["form_token"] = door.hidden(page, "form_token")
    answer = client.post("/login", data=fields)
    assert answer.status_code == 422
    assert 'value="ana@x.test"' in answer.text and PASSWORD not in answer.text


def test_known_and_unknown_names_get_the_same_answer(ana) -> None:
    """B06: status, body and headers, apart from what is random for everybody."""

    def refused(email):
        client = client_for(ana.app, ana.tenant.host)
        answer = door.log_in(client, ana.tenant, email, "una clave equivocada")
        body = re.sub(r'(csrf_token" value|form_token" value|data-human-check)="[^"]*"', "", answer.text)
        headers = {
            name: value for name, value in answer.headers if name not in ("X-Request-ID", "Content-Length")
        }
        return answer.status_code, body.replace(email, "…"), headers

    assert refused(ANA) == refused("nadie@x.test")
    assert refused(ANA)[0] == 422


@pytest.mark.parametrize("status", ["disabled", "invited"])
def test_who_is_not_active_does_not_come_in(ana, status) -> None:
    with unit_of_work(ana.tenant.id):
        add_user("otro@x.test", status=status)
    assert door.log_in(ana.browser(), ana.tenant, "otro@x.test").status_code == 422


def test_another_tenants_user_is_nobody_here(ana) -> None:
    agency = make_agency()
    assert door.log_in(client_for(ana.app, agency.host), agency, ANA).status_code == 422


def test_a_token_planted_before_the_login_is_worth_nothing(ana) -> None:
    """B01: always a fresh token, and the old session of this browser ends."""
    client = ana.browser()
    client.set_cookie("ventanilla", "planted" * 6, domain=ana.tenant.host)
    door.log_in(client, ana.tenant, ANA)
    first = cookie(client)
    assert first and not first.startswith("planted")
    thief = ana.browser()
    thief.set_cookie("ventanilla", first, domain=ana.tenant.host)
    assert thief.get("/profile").status_code == 200
    page = client.get("/profile/details").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA, "password": PASSWORD}
    client.post("/login", data={**fields, "form_token": door.waited(ana.tenant)})
    assert cookie(client) != first
    assert thief.get("/profile").status_code == 302


def test_a_cookie_copied_before_the_logout_is_dead_after_it(ana) -> None:
    """B02."""
    client = ana.inside()
    thief = ana.browser()
    thief.set_cookie("ventanilla", cookie(client), domain=ana.tenant.host)
    answer = post(client, "/profile", "/logout")
    assert answer.status_code == 303 and "storage" in answer.headers["Clear-Site-Data"]
    assert cookie(client) is None
    assert thief.get("/profile").status_code == 302
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(UserSession.id)).first() is None


def test_a_session_of_one_tenant_is_nothing_on_anothers_host(ana) -> None:
    agency = make_agency()
    client = client_for(ana.app, agency.host)
    client.set_cookie("ventanilla", cookie(ana.inside()), domain=agency.host)
    assert client.get("/profile").status_code == 302


def test_one_address_that_tries_many_people_has_to_wait(ana, monkeypatch) -> None:
    """B08: the address's bucket; and B09: what a visitor says of its address changes nothing."""
    monkeypatch.setattr(human, "answered", lambda *_all: human.WORK)
    monkeypatch.setattr("saas.passwords.verify_nobody", lambda _password: False)
    client = client_for(ana.app, ana.tenant.host)
    page = client.get("/login").get_data(as_text=True)
    token = door.hidden(page, "csrf_token")
    statuses = [
        client.post(
            "/login",
            data={"csrf_token": token, "email": f"p{number}@x.test", "password": "la misma de siempre"},
            headers={
                "X-Forwarded-For": f"10.0.0.{number}",
                "X-Real-IP": f"10.0.1.{number}",
                "Forwarded": f"for=10.0.2.{number}",
            },
        ).status_code
        for number in range(60)
    ]
    assert statuses == [422] * 50 + [429] * 10
    client.environ_base["REMOTE_ADDR"] = "10.9.9.9"
    assert door.log_in(client, ana.tenant, ANA).status_code == 303


def test_a_household_of_ipv6_addresses_is_one_visitor(ana, monkeypatch) -> None:
    monkeypatch.setattr(human, "answered", lambda *_all: human.AGE)
    monkeypatch.setattr("saas.passwords.verify_nobody", lambda _password: False)
    statuses = [
        door.log_in(
            ana.browser(), ana.tenant, f"p{number}@x.test", "x", address=f"2001:db8:1:2:{number:x}::9"
        ).status_code
        for number in range(22)
    ]
    assert statuses == [422] * 20 + [429] * 2
    assert door.log_in(ana.browser(), ana.tenant, ANA, address="2001:db8:1:3::1").status_code == 303


def test_without_work_an_address_waits_sooner(ana, monkeypatch) -> None:
    monkeypatch.setattr(human, "answered", lambda *_all: human.AGE)
    monkeypatch.setattr("saas.passwords.verify_nobody", lambda _password: False)
    statuses = [
        door.log_in(ana.browser(), ana.tenant, f"p{number}@x.test", "x").status_code for number in range(22)
    ]
    assert statuses == [422] * 20 + [429] * 2


def test_guesses_at_one_person_from_everywhere_do_not_lock_out_her_own_browser(ana, monkeypatch) -> None:
    """B08: the user's bucket, the browser that she has used before, and the way back by letter."""
    at_home = ana.inside()
    post(at_home, "/profile", "/logout")
    monkeypatch.setattr("saas.passwords.verify", lambda hashed, password: password == PASSWORD)
    answers = [
        door.log_in(ana.browser(), ana.tenant, ANA, f"intento {n}", address=f"10.0.0.{n}") for n in range(30)
    ]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 20
    assert answers[-1].headers["Retry-After"]
    right = door.log_in(ana.browser(), ana.tenant, ANA, PASSWORD, address="10.0.1.1")
    assert right.status_code == 429, "inside the lock the right password says nothing either"
    assert door.log_in(at_home, ana.tenant, ANA, address="10.0.1.2").status_code == 303


def test_a_known_browser_has_a_bucket_of_its_own(ana, monkeypatch) -> None:
    client = ana.inside()
    post(client, "/profile", "/logout")
    monkeypatch.setattr("saas.passwords.verify", lambda *_all: False)
    statuses = [
        door.log_in(client, ana.tenant, ANA, "x", address=f"10.0.0.{n}").status_code for n in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2


def test_the_bucket_is_the_same_for_a_name_that_nobody_has(ana, monkeypatch) -> None:
    monkeypatch.setattr("saas.passwords.verify_nobody", lambda _password: False)
    statuses = [
        door.log_in(ana.browser(), ana.tenant, "nadie@x.test", "x", address=f"10.0.0.{n}").status_code
        for n in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2


def test_a_name_that_nobody_has_costs_the_same_work(ana, monkeypatch) -> None:
    """B06: one comparison, whoever is meant; the clock must not tell who has an access."""
    with unit_of_work(ana.tenant.id):
        add_user("cerrada@x.test", status="disabled")
    compared: list[str] = []
    really = PasswordHasher.verify

    def verify(self, hashed, password):
        compared.append(password)
        return really(self, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    for email in (ANA, "nadie@x.test", "cerrada@x.test", "nada"):
        compared.clear()
        assert door.log_in(ana.browser(), ana.tenant, email, "no es esta").status_code == 422
        assert compared == ["no es esta"], email


def test_a_success_empties_the_bucket(ana) -> None:
    for _round in range(2):
        for number in range(6):
            door.log_in(ana.browser(), ana.tenant, ANA, f"mal {number}")
        assert door.log_in(ana.browser(), ana.tenant, ANA).status_code == 303


def test_a_login_sent_from_another_site_is_refused(ana) -> None:
    """B17."""
    client = ana.browser()
    page = client.get("/login").get_data(as_text=True)
    fields = {"email": ANA, "password": PASSWORD, "form_token": door.waited(ana.tenant)}
    assert client.post("/login", data=fields).status_code == 400
    fields["csrf_token"] = door.hidden(page, "csrf_token")
    for headers in ({"Origin": "http://malo.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/login", data=fields, headers=headers).status_code == 403
    assert client.post("/login", data=fields).status_code == 303
    assert client.post("/logout").status_code == 400
    assert client.get("/logout").status_code == 405
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize(
    ("asked", "lands"),
    [
        ("/profile/sessions", "/profile/sessions"),
        ("/invoices?state=overdue", "/invoices?state=overdue"),
        ("//malo.test", "/"),
        ("https://malo.test", "/"),
        ("/\\malo.test", "/"),
        ("/login", "/"),
        ("/logout", "/"),
    ],
)
def test_one_lands_where_one_wanted_and_nowhere_else(ana, asked, lands) -> None:
    client = ana.browser()
    page = client.get("/login").get_data(as_text=True)
    fields = {
        "csrf_token": door.hidden(page, "csrf_token"),
        "email": ANA,
        "password": PASSWORD,
        "next": asked,
    }
    answer = client.post("/login", data={**fields, "form_token": door.waited(ana.tenant)})
    assert answer.location == lands


def test_a_page_that_needs_a_login_comes_back_after_it(ana) -> None:
    client = ana.browser()
    answer = client.get("/profile/sessions")
    assert answer.status_code == 302
    page = client.get(answer.location).get_data(as_text=True)
    assert door.hidden(page, "next") == "/profile/sessions"


def test_staff_without_accounts_land_at_the_desk(ana) -> None:
    with unit_of_work(ana.tenant.id):
        add_user("jefa@x.test", name="Jefa", staff_role="administrator")
    assert door.log_in(ana.browser(), ana.tenant, "jefa@x.test").location == "/desk"


def test_an_old_hash_is_made_anew(ana) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    door.change(ana.tenant, User, ana.user_id, password_hash=old)
    ana.inside()
    with unit_of_work(ana.tenant.id):
        hashed = db.session.execute(select(User.password_hash)).scalar_one()
    assert hashed != old and "m=19456" in hashed
    ana.inside()


def test_a_browser_not_used_before_leaves_evidence(ana) -> None:
    first = ana.inside()
    ana.inside()
    post(first, "/profile", "/logout")
    door.log_in(first, ana.tenant, ANA)
    with unit_of_work(ana.tenant.id):
        actions = list(db.session.execute(select(AuditRow.action)).scalars())
    assert actions == ["session.new-device"], "the very first login is no news, nor is a known browser"


def test_idle_and_absolute_ends(ana) -> None:
    """B13."""
    moment = now()
    client = ana.inside()
    door.change(ana.tenant, UserSession, last_seen_at=moment - datetime.timedelta(minutes=46))
    assert client.get("/profile").status_code == 302
    assert client.get("/login").status_code == 200, "asking to come in again wakes nothing"
    assert client.get("/profile").status_code == 302
    client = ana.inside()
    door.change(ana.tenant, UserSession, expires_at=moment - datetime.timedelta(seconds=1))
    assert client.get("/profile").status_code == 302


def test_the_login_page_does_not_move_the_idle_clock(ana) -> None:
    """B13."""
    client = ana.inside()
    earlier = now() - datetime.timedelta(minutes=20)
    door.change(ana.tenant, UserSession, last_seen_at=earlier)
    client.get("/login")
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(UserSession.last_seen_at)).scalar_one() == earlier
    client.get("/profile")
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(UserSession.last_seen_at)).scalar_one() > earlier


def test_a_disabled_user_is_out_at_once(ana) -> None:
    client = ana.inside()
    door.change(ana.tenant, User, ana.user_id, status="disabled")
    assert client.get("/profile").status_code == 302


@pytest.mark.parametrize("typed", ["", "x" * 5000, "a\x00b@x.test", "аna@x.test", "\ud800@x.test"])
def test_odd_names_are_refused_quietly(ana, typed) -> None:
    answer = door.log_in(
        ana.browser(), ana.tenant, typed.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    )
    assert answer.status_code == 422
