"""Two-step verification as a person meets it: set up, keep the codes, renew them, switch it off."""

from __future__ import annotations

import base64
import datetime
import re

import pytest
import zxingcpp
from sqlalchemy import select

from blueprints.auth.models import RecoveryCode, SecondFactor
from saas.audit import AuditRow, first_broken
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from saas.secrets import Unreadable
from tenants.frame import keyring
from tenants.people import UserSession
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA, Ana
from tests.blueprints.auth.second import SET_UP, Phone, codes_on, half_way, last_step, rewind, set_up
from tests.cast import PASSWORD, add_user, make_agency
from tests.pages import read_page
from tests.saas.test_fiscal_qr import drawn
from tests.signed_in import post, signed_in

PAGE = "/profile/second-factor"
CODES = f"{PAGE}/recovery-codes"
OFF = f"{PAGE}/switch-off"


def inside(ana: Ana):
    return signed_in(ana.app, ana.tenant, ana.user_id)


def actions(ana: Ana) -> list[str]:
    with unit_of_work(ana.tenant.id):
        assert first_broken() is None
        return list(db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars())


def is_on(ana: Ana) -> bool:
    with unit_of_work(ana.tenant.id):
        return db.session.execute(select(SecondFactor.id)).first() is not None


def test_a_customer_switches_it_on_and_comes_in_with_it(ana, mailbox) -> None:
    client, phone = inside(ana), Phone()
    assert "Desactivada" in client.get("/profile").text
    assert read_page(client.get(PAGE), url=PAGE).complaints == []
    page = client.get(SET_UP)
    assert read_page(page, url=SET_UP).complaints == []
    answer = set_up(client, phone)
    assert answer.status_code == 200
    codes = codes_on(answer.text)
    assert len(set(codes)) == 10
    assert read_page(answer, url=SET_UP).complaints == []
    assert "Activada" in client.get("/profile").text
    assert not any(code in client.get(PAGE).text for code in codes), "shown once"
    assert "está activada" in door.letters(ana.app, mailbox, ANA)[-1]
    assert not any(code in letter for code in codes for letter in door.letters(ana.app, mailbox))
    assert actions(ana) == ["second-factor.switched-on"]
    assert "Activó la verificación" in client.get("/profile/activity").text
    browser = ana.browser()
    fields = half_way(browser, ana.tenant, ANA)
    assert read_page(browser.get("/login/code"), url="/login/code").complaints == []
    used = browser.post("/login/code", data={**fields, "code": phone.first})
    assert used.status_code == 422, "the code that proved the app is used up"
    assert browser.post("/login/code", data={**fields, "code": phone.code(1)}).location == "/"


def test_the_picture_says_what_the_link_and_the_key_say(ana) -> None:
    page = inside(ana).get(SET_UP).text
    phone = Phone()
    phone.scan(page)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    found = zxingcpp.read_barcodes(drawn(base64.b64decode(picture[1]).decode()))
    assert f"secret={phone.secret}&" in found[0].text and found[0].text.startswith("otpauth://totp/")
    shown = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert shown[1].replace(" ", "") == phone.secret


def test_looking_at_the_page_changes_nothing(ana) -> None:
    client = inside(ana)
    one, two = Phone(), Phone()
    one.scan(client.get(SET_UP).text)
    two.scan(client.get(SET_UP).text)
    assert one.secret != two.secret and not is_on(ana)


def test_a_wrong_first_code_keeps_the_picture(ana) -> None:
    client, phone = inside(ana), Phone()
    page = client.get(SET_UP).text
    phone.scan(page)
    sent = {"csrf_token": door.hidden(page, "csrf_token"), "offer": door.hidden(page, "offer")}
    answer = client.post(SET_UP, data={**sent, "code": phone.wrong()})
    assert answer.status_code == 422 and phone.secret in answer.text
    assert not is_on(ana)
    assert client.post(SET_UP, data={**sent, "code": phone.code()}).status_code == 200
    assert client.post(SET_UP, data={**sent, "code": phone.code(1)}).status_code == 422, "it is on already"


def test_an_offer_is_for_one_person_and_a_while(ana, monkeypatch) -> None:
    with unit_of_work(ana.tenant.id):
        other = add_user("otra@x.test", name="Otra")
    client, phone = inside(ana), Phone()
    page = client.get(SET_UP).text
    phone.scan(page)
    offer = door.hidden(page, "offer")
    stranger = signed_in(ana.app, ana.tenant, other)
    assert post(stranger, SET_UP, SET_UP, {"offer": offer, "code": phone.code()}).status_code == 422
    for bent in ("", "x", offer[:-4], offer.swapcase()):
        answer = post(client, SET_UP, SET_UP, {"offer": bent, "code": phone.code()})
        assert answer.status_code == 422 and phone.secret not in answer.text
    later = now() + datetime.timedelta(minutes=31)
    with monkeypatch.context() as patch:
        patch.setattr("blueprints.auth.second_factor.now", lambda: later)
        answer = post(client, SET_UP, SET_UP, {"offer": offer, "code": phone.code(62)})
    assert answer.status_code == 422 and "demasiado tiempo" in answer.text
    assert not is_on(ana)


def test_the_secret_is_sealed_for_tenant_and_person(ana) -> None:
    phone = Phone()
    set_up(inside(ana), phone)
    with unit_of_work(ana.tenant.id):
        sealed = db.session.execute(select(SecondFactor.secret)).scalar_one()
    assert phone.secret not in sealed
    assert keyring().unseal(sealed, ana.tenant.id, ana.user_id, "second-factor") == phone.secret
    other = make_agency()
    for tenant, user in ((other.id, ana.user_id), (ana.tenant.id, other.id)):
        with pytest.raises(Unreadable):
            keyring().unseal(sealed, tenant, user, "second-factor")


def test_switching_it_on_ends_the_sessions_without_it(ana) -> None:
    elsewhere, here = inside(ana), inside(ana)
    set_up(here, Phone())
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302


def test_new_recovery_codes_replace_the_earlier_ones(ana, mailbox) -> None:
    client, phone = inside(ana), Phone()
    earlier = codes_on(set_up(client, phone).text)
    assert read_page(client.get(CODES), url=CODES).complaints == []
    answer = post(client, CODES, CODES)
    fresh = codes_on(answer.text)
    assert len(fresh) == 10 and not set(fresh) & set(earlier)
    assert "Códigos de recuperación nuevos" in door.letters(ana.app, mailbox, ANA)[-1]
    browser = ana.browser()
    fields = half_way(browser, ana.tenant, ANA)
    assert browser.post("/login/code", data={**fields, "code": earlier[0]}).status_code == 422
    assert browser.post("/login/code", data={**fields, "code": fresh[0]}).location == "/"
    assert "second-factor.codes-renewed" in actions(ana)


@pytest.mark.parametrize(("password", "right_code"), [("no es esta", True), (PASSWORD, False), ("", True)])
def test_switching_it_off_asks_for_both(ana, password, right_code) -> None:
    client, phone = inside(ana), Phone()
    set_up(client, phone)
    rewind(ana.tenant)
    typed = {"current": password, "code": phone.code() if right_code else phone.wrong()}
    assert post(client, OFF, OFF, typed).status_code == 422
    assert is_on(ana)


@pytest.mark.parametrize("on_paper", [False, True])
def test_switching_it_off(ana, mailbox, on_paper) -> None:
    client, phone = inside(ana), Phone()
    codes = codes_on(set_up(client, phone).text)
    rewind(ana.tenant)
    assert read_page(client.get(OFF), url=OFF).complaints == []
    typed = {"current": PASSWORD, "code": codes[3] if on_paper else phone.code()}
    assert post(client, OFF, OFF, typed).location == PAGE
    assert not is_on(ana)
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(RecoveryCode.id)).first() is None
    assert "está desactivada" in door.letters(ana.app, mailbox, ANA)[-1]
    assert actions(ana)[-1] == "second-factor.switched-off"
    assert door.log_in(ana.browser(), ana.tenant, ANA).location == "/"


def test_without_it_there_is_nothing_to_renew_or_switch_off(ana) -> None:
    client = inside(ana)
    assert client.get(CODES).status_code == client.get(OFF).status_code == 404
    for page in (CODES, OFF):
        assert post(client, PAGE if False else "/profile", page).status_code == 404


def test_guesses_at_switching_it_off_have_an_end(ana) -> None:
    client, phone = inside(ana), Phone()
    set_up(client, phone)
    rewind(ana.tenant)
    typed = {"current": PASSWORD, "code": phone.wrong()}
    statuses = [post(client, OFF, OFF, typed).status_code for _ in range(22)]
    assert statuses == [422] * 20 + [429] * 2
    assert is_on(ana)


def test_a_recovered_password_does_not_go_around_it(ana, mailbox) -> None:
    set_up(inside(ana), Phone())
    browser = ana.browser()
    page = browser.get("/recover").text
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA}
    browser.post("/recover", data={**fields, "form_token": door.waited(ana.tenant, "recover")})
    path = door.link_in(door.letters(ana.app, mailbox, ANA)[-1])
    assert door.use_link(browser, path, password="otra frase bien distinta").status_code == 303
    assert is_on(ana)
    answer = door.log_in(browser, ana.tenant, ANA, "otra frase bien distinta")
    assert answer.location == "/login/code"


def test_the_profile_of_somebody_else_shows_nothing_of_it(ana) -> None:
    """Staff who look at a customer's pages see no security page, neither the customer's nor their own."""
    from tests.cast import add_customer

    with unit_of_work(ana.tenant.id):
        customer = add_customer("Cliente", document="1")
        staff = add_user("jefa@x.test", name="Jefa", staff_role="administrator")
    client = signed_in(ana.app, ana.tenant, staff, viewing=customer)
    for page in (PAGE, SET_UP, CODES, OFF, "/confirm-identity"):
        assert client.get(page).status_code == 404, page


def test_the_step_of_the_first_code_is_kept(ana) -> None:
    phone = Phone()
    before = phone.step()
    set_up(inside(ana), phone)
    assert before <= last_step(ana.tenant) <= phone.step()


def test_a_secret_that_no_key_opens_locks_nobody_out(ana) -> None:
    codes = codes_on(set_up(inside(ana), Phone()).text)
    door.change(ana.tenant, SecondFactor, secret="gone.gone")
    browser = ana.browser()
    fields = half_way(browser, ana.tenant, ANA)
    assert browser.post("/login/code", data={**fields, "code": "123456"}).status_code == 422
    assert browser.post("/login/code", data={**fields, "code": codes[0]}).location == "/"


def test_sessions_of_others_are_left_alone(ana) -> None:
    with unit_of_work(ana.tenant.id):
        other = add_user("otra@x.test", name="Otra")
    neighbour = signed_in(ana.app, ana.tenant, other)
    set_up(inside(ana), Phone())
    assert neighbour.get("/profile").status_code == 200
    with unit_of_work(ana.tenant.id):
        assert len(db.session.execute(select(UserSession.id)).all()) == 2
