"""Asked again before risky acts; and asking keeps no session alive (B13, B15)."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import select

from blueprints.auth.rules import GUESSES
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.context import TO_OPEN, TO_SEND
from tenants.people import StaffRole, UserSession
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA, Ana
from tests.blueprints.auth.second import SET_UP, Phone, codes_on, rewind, set_up
from tests.cast import PASSWORD, add_user
from tests.pages import read_page
from tests.signed_in import post, signed_in

ASK = "/confirm-identity"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def client(ana: Ana):
    return signed_in(ana.app, ana.tenant, ana.user_id)


def long_ago(ana: Ana, ago: datetime.timedelta = TO_OPEN + MINUTE) -> None:
    door.change(ana.tenant, UserSession, confirmed_at=now() - ago)


def seen(ana: Ana) -> datetime.datetime:
    with unit_of_work(ana.tenant.id):
        return db.session.execute(select(UserSession.last_seen_at)).scalar_one()


def test_a_risky_page_asks_and_then_goes_on(ana, client) -> None:
    assert client.get("/profile/email").status_code == 200, "who has just come in is not asked"
    long_ago(ana)
    asked = client.get("/profile/email?x=1%262")
    assert asked.status_code == 302 and asked.location.startswith(f"{ASK}?next=/profile/email")
    page = client.get(asked.location)
    assert read_page(page, url=asked.location).complaints == []
    fields = {"next": door.hidden(page.text, "next"), "current": PASSWORD}
    answer = post(client, asked.location, ASK, fields)
    assert answer.status_code == 303 and answer.location == "/profile/email?x=1%262"
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize("page", ["/profile/email", SET_UP])
def test_who_was_let_in_to_the_form_has_time_to_fill_it_in(ana, client, page) -> None:
    shown = client.get(page).text
    token = door.hidden(shown, "csrf_token")
    long_ago(ana, TO_SEND - MINUTE)
    assert client.post(page, data={"csrf_token": token}).status_code == 422
    long_ago(ana, TO_SEND + MINUTE)
    answer = client.post(page, data={"csrf_token": token, "email": "nueva@x.test"})
    assert answer.status_code == 303 and answer.location.startswith(ASK)
    assert "No se cambió nada" in client.get(answer.location).text


def test_a_late_form_changes_nothing(ana, client, mailbox) -> None:
    """B15: the factor of now, not of an hour ago."""
    token = door.hidden(client.get("/profile/email").text, "csrf_token")
    long_ago(ana, TO_SEND + MINUTE)
    client.post("/profile/email", data={"csrf_token": token, "email": "nueva@x.test"})
    assert door.letters(ana.app, mailbox) == []


@pytest.mark.parametrize(
    ("asked", "lands"),
    [
        ("/profile/email", "/profile/email"),
        ("//malo.test", "/"),
        ("https:malo.test", "/"),
        ("/\\malo.test", "/"),
        ("/logout", "/"),
        ("/confirm-identity?next=/x", "/"),
        ("", "/"),
    ],
)
def test_it_goes_on_nowhere_else(ana, client, asked, lands) -> None:
    long_ago(ana)
    assert post(client, ASK, ASK, {"next": asked, "current": PASSWORD}).location == lands


def test_a_wrong_password_confirms_nothing(ana, client, monkeypatch) -> None:
    long_ago(ana)
    assert post(client, ASK, ASK, {"current": "no es esta"}).status_code == 422
    assert client.get("/profile/email").status_code == 302
    monkeypatch.setattr("saas.passwords.verify", lambda *_all: False)
    statuses = [post(client, ASK, ASK, {"current": "mal"}).status_code for _ in range(11)]
    assert statuses == [422] * 9 + [429] * 2


def test_who_has_a_second_factor_is_asked_for_its_code(ana, client) -> None:
    phone = Phone()
    codes = codes_on(set_up(client, phone).text)
    rewind(ana.tenant)
    long_ago(ana)
    page = client.get(ASK)
    assert 'name="code"' in page.text and 'type="password"' not in page.text
    assert read_page(page, url=ASK).complaints == []
    assert post(client, ASK, ASK, {"current": PASSWORD}).status_code == 422, "the password is not enough"
    assert post(client, ASK, ASK, {"code": phone.wrong()}).status_code == 422
    code = phone.code()
    assert post(client, ASK, ASK, {"code": code, "next": "/profile/email"}).location == "/profile/email"
    assert client.get("/profile/email").status_code == 200
    long_ago(ana)
    assert post(client, ASK, ASK, {"code": code}).status_code == 422, "no code counts twice"
    assert post(client, ASK, ASK, {"code": codes[0]}).status_code == 303


def test_wrong_codes_in_a_session_are_counted(ana, client) -> None:
    phone = Phone()
    set_up(client, phone)
    rewind(ana.tenant)
    long_ago(ana)
    statuses = [post(client, ASK, ASK, {"code": phone.wrong()}).status_code for _ in range(GUESSES + 1)]
    assert statuses == [422] * GUESSES + [429]
    assert post(client, ASK, ASK, {"code": phone.code()}).status_code == 429
    assert client.get("/profile/email").status_code == 302


def test_a_changed_password_does_not_stand_for_the_code(ana, client) -> None:
    set_up(client, Phone())
    long_ago(ana)
    typed = {"current": PASSWORD, "password": "otra frase bien distinta"}
    assert post(client, "/profile/password", "/profile/password", typed).status_code == 303
    assert client.get("/profile/email").status_code == 302


def test_the_page_that_asks_keeps_no_session_alive(ana, client) -> None:
    """B13: neither the page, nor being sent to it, nor what polls."""
    earlier = now() - 20 * MINUTE
    long_ago(ana)
    door.change(ana.tenant, UserSession, last_seen_at=earlier)
    assert client.get(ASK).status_code == 200
    assert client.head(ASK).status_code == 200
    assert seen(ana) == earlier
    door.change(ana.tenant, UserSession, last_seen_at=now() - 46 * MINUTE)
    for _ in range(3):
        assert client.get(ASK).location.startswith("/login")
    assert client.get("/profile").status_code == 302


def test_no_page_that_polls_moves_the_idle_clock(ana) -> None:
    """B13: every view that pages load by themselves is quiet, so it leaves the clock alone."""
    quiet = {name for name, view in ana.app.view_functions.items() if getattr(view, "quiet", False)}
    assert {"auth.log_in", "auth.ask_code", "auth.ask_identity"} <= quiet


def test_confirming_does_not_move_the_absolute_end(ana, client) -> None:
    with unit_of_work(ana.tenant.id):
        before = db.session.execute(select(UserSession.expires_at)).scalar_one()
    long_ago(ana)
    assert post(client, ASK, ASK, {"current": PASSWORD}).status_code == 303
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(UserSession.expires_at)).scalar_one() == before


RISKY = ["/desk/staff/invite", "/desk/staff/{colleague}"]


@pytest.mark.parametrize("page", RISKY)
def test_changing_who_works_here_asks_again(ana, page) -> None:
    with unit_of_work(ana.tenant.id):
        boss = add_user("jefa@x.test", name="Jefa", staff_role="administrator")
        colleague = add_user("colega@x.test", name="Colega", staff_role="reader")
    path = page.format(colleague=colleague)
    client = signed_in(ana.app, ana.tenant, boss)
    shown = client.get(path)
    assert shown.status_code == 200
    token = door.hidden(shown.text, "csrf_token")
    long_ago(ana)
    assert client.get(path).location == f"{ASK}?next={path}"
    long_ago(ana, TO_SEND + MINUTE)
    for form in (path, f"/desk/staff/{colleague}/disable", f"/desk/staff/{colleague}/second-factor/remove"):
        answer = client.post(form, data={"csrf_token": token, "roles": ["administrator"]})
        assert answer.status_code == 303 and answer.location.startswith(ASK), form
    with unit_of_work(ana.tenant.id):
        of_colleague = select(StaffRole.role).where(StaffRole.user_id == colleague)
        assert db.session.execute(of_colleague).scalar_one() == "reader"


def test_a_stranger_learns_nothing_from_being_asked(ana, client) -> None:
    """Who may not open the page is told so first: confirming would not help."""
    long_ago(ana)
    assert client.get("/desk/staff").status_code == 404
    assert client.get("/desk/staff/invite").status_code == 404
    assert ana.browser().get("/profile/email").location.startswith("/login")


def test_the_email_of_the_session_is_not_needed(ana, client) -> None:
    assert ANA not in client.get(ASK).text.replace(f'value="{ANA}"', "")
