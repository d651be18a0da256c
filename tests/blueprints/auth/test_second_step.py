"""B11 and B12 at the door: codes of one sign-in, counted, bound, used once."""

from __future__ import annotations

import datetime
import threading

import pytest
from sqlalchemy import select

from blueprints.auth import second_factor
from blueprints.auth.models import PendingSignIn, RecoveryCode, SecondFactor
from blueprints.auth.rules import WRONG_CODES_PER_USER
from saas.audit import AuditRow
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.people import User, UserSession
from tests.application import client_for
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA, Ana
from tests.blueprints.auth.second import Phone, codes_on, half_way, rewind, set_up
from tests.cast import PASSWORD, add_user, make_agency
from tests.signed_in import post, signed_in


@pytest.fixture
def phone(ana: Ana) -> Phone:
    """Ana's, set up; the code of this moment is free again."""
    phone = Phone()
    assert set_up(signed_in(ana.app, ana.tenant, ana.user_id), phone).status_code == 200
    rewind(ana.tenant)
    return phone


def sessions(ana: Ana) -> int:
    with unit_of_work(ana.tenant.id):
        return len(db.session.execute(select(UserSession.id)).all())


def actions(ana: Ana) -> list[str]:
    with unit_of_work(ana.tenant.id):
        return list(db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars())


def send(client, fields, code, **more):
    return client.post("/login/code", data={**fields, "code": code, **more})


def test_the_password_alone_opens_nothing(ana, phone) -> None:
    """B12: between the steps there is no session."""
    before = sessions(ana)
    client = ana.browser()
    half_way(client, ana.tenant, ANA)
    assert client.get("/profile").status_code == 302
    assert client.get("/").status_code == 302
    assert sessions(ana) == before
    assert client.get_cookie("ventanilla", domain=ana.tenant.host) is None
    assert client.get_cookie("ventanilla-device", domain=ana.tenant.host) is None, "no known browser yet"
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(User.last_login_at)).scalar_one() is None


def test_the_code_opens_the_door_and_one_lands_where_one_wanted(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA, target="/profile/sessions")
    answer = send(client, fields, phone.code(), next="/profile/sessions")
    assert (answer.status_code, answer.location) == (303, "/profile/sessions")
    assert client.get("/profile").status_code == 200
    assert client.get_cookie("ventanilla-step", domain=ana.tenant.host) is None


@pytest.mark.parametrize("target", ["//malo.test", "https://malo.test", "/\\malo.test", "/login/code"])
def test_the_code_leads_nowhere_else(ana, phone, target) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    assert send(client, fields, phone.code(), next=target).location == "/"


def test_after_five_wrong_codes_the_right_one_says_nothing(ana, phone, mailbox) -> None:
    """B11: 6 wrong."""
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    assert [send(client, fields, phone.wrong()).status_code for _ in range(4)] == [422] * 4
    fifth = send(client, fields, phone.wrong())
    assert (fifth.status_code, fifth.location) == (303, "/login?after=codes")
    step = client.get_cookie("ventanilla-step", domain=ana.tenant.host)
    assert step is None
    assert client.get("/profile").status_code == 302
    assert "Alguien conoce su contraseña" in door.letters(ana.app, mailbox, ANA)[-1]
    assert actions(ana)[-1] == "second-factor.guessed"


def test_a_killed_attempt_stays_dead_with_its_cookie(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    kept = client.get_cookie("ventanilla-step", domain=ana.tenant.host).value
    for _ in range(5):
        send(client, fields, phone.wrong())
    client.set_cookie("ventanilla-step", kept, domain=ana.tenant.host)
    before = sessions(ana)
    assert client.get("/login/code").status_code == 303
    assert send(client, fields, phone.code()).location == "/login?after=codes"
    assert sessions(ana) == before


def test_the_fifth_code_still_counts(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    for _ in range(4):
        send(client, fields, phone.wrong())
    assert send(client, fields, phone.code()).location == "/"


def test_the_same_code_twice(ana, phone) -> None:
    """B12, B11: the second one is refused, in another sign-in and in the same."""
    code = phone.code()
    first = ana.browser()
    fields = half_way(first, ana.tenant, ANA)
    kept = first.get_cookie("ventanilla-step", domain=ana.tenant.host).value
    assert send(first, fields, code).location == "/"
    second = ana.browser()
    other = half_way(second, ana.tenant, ANA)
    answer = send(second, other, code)
    assert answer.status_code == 422 and "ya se usó" in answer.text
    third = ana.browser()
    third.set_cookie("ventanilla-step", kept, domain=ana.tenant.host)
    assert third.get("/login/code").status_code == 303, "a sign-in that is done takes no code"


def test_an_earlier_code_is_refused_after_a_later_one(ana, phone) -> None:
    earlier, later = phone.code(), phone.code(1)
    client = ana.browser()
    assert send(client, half_way(client, ana.tenant, ANA), later).location == "/"
    client = ana.browser()
    assert send(client, half_way(client, ana.tenant, ANA), earlier).status_code == 422


@pytest.mark.parametrize("later", [-3, 3, 21])
def test_a_code_of_another_moment(ana, phone, later) -> None:
    client = ana.browser()
    assert send(client, half_way(client, ana.tenant, ANA), phone.code(later)).status_code == 422


def test_a_code_for_another_attempt(ana, phone) -> None:
    """B11: the form of one sign-in with the cookie of another one."""
    one, two = ana.browser(), ana.browser()
    of_one, of_two = half_way(one, ana.tenant, ANA), half_way(two, ana.tenant, ANA)
    assert of_one["attempt"] != of_two["attempt"]
    mixed = send(one, {**of_one, "attempt": of_two["attempt"]}, phone.code())
    assert mixed.location == "/login?after=codes"
    assert sessions(ana) == 1, "only the one that set it up"
    assert send(two, of_two, phone.code()).location == "/", "the other one was not touched"


@pytest.mark.parametrize("attempt", ["", "x", "01a20070-12ca-7247-98f9-d579812f7e37"])
def test_a_form_that_names_no_attempt(ana, phone, attempt) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    answer = send(client, {**fields, "attempt": attempt}, phone.code())
    assert answer.location == "/login?after=codes"
    assert client.get("/profile").status_code == 302


def test_without_a_password_there_is_no_page_for_a_code(ana, phone) -> None:
    client = ana.browser()
    assert client.get("/login/code").location == "/login?after=expired"
    assert "ventanilla=" not in str(client.get("/login?after=expired").headers)


def test_after_ten_minutes_the_right_code_is_refused(ana, phone) -> None:
    """B11."""
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    with unit_of_work(ana.tenant.id):
        life = db.session.execute(select(PendingSignIn.expires_at - PendingSignIn.created_at)).scalar_one()
    assert life == datetime.timedelta(minutes=10)
    door.change(ana.tenant, PendingSignIn, expires_at=now() - datetime.timedelta(seconds=1))
    assert send(client, fields, phone.code()).location == "/login?after=codes"
    assert client.get("/profile").status_code == 302


def test_of_fifty_guesses_at_once_five_are_compared(ana, phone, monkeypatch) -> None:
    """B11, with real threads on real connections."""
    compared: list[str] = []
    really = second_factor.evaluate

    def evaluate(user_id, sealed, code):
        compared.append(code)
        return really(user_id, sealed, code)

    monkeypatch.setattr(second_factor, "evaluate", evaluate)
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    step = client.get_cookie("ventanilla-step", domain=ana.tenant.host).value
    seed = client.get_cookie("ventanilla-form", domain=ana.tenant.host).value
    wrong, statuses, gate = phone.wrong(), [], threading.Barrier(50)

    def guess() -> None:
        browser = ana.browser()
        browser.set_cookie("ventanilla-step", step, domain=ana.tenant.host)
        browser.set_cookie("ventanilla-form", seed, domain=ana.tenant.host)
        gate.wait()
        statuses.append(send(browser, fields, wrong).status_code)

    crowd = [threading.Thread(target=guess) for _ in range(50)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(compared) == 5
    assert sorted(statuses) == [303] * 46 + [422] * 4
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(PendingSignIn.guesses)).scalar_one() == 5


def test_one_code_sent_by_twenty_browsers_opens_one_session(ana, phone) -> None:
    """B12 at the same moment: each has an attempt of its own, the code counts once."""
    browsers = [ana.browser() for _ in range(8)]
    forms = [half_way(browser, ana.tenant, ANA) for browser in browsers]
    before, code, places, gate = sessions(ana), phone.code(), [], threading.Barrier(len(browsers))

    def come(browser, fields) -> None:
        gate.wait()
        places.append(send(browser, fields, code).status_code)

    crowd = [threading.Thread(target=come, args=pair) for pair in zip(browsers, forms, strict=True)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(places) == [303] + [422] * (len(browsers) - 1)
    assert sessions(ana) == before + 1


def test_wrong_codes_of_many_attempts_fill_the_users_bucket(ana, phone) -> None:
    statuses = []
    while len(statuses) < WRONG_CODES_PER_USER + 1:
        client = ana.browser()
        fields = half_way(client, ana.tenant, ANA)
        statuses += [send(client, fields, phone.wrong()).status_code for _ in range(4)]
    assert statuses[:WRONG_CODES_PER_USER] == [422] * WRONG_CODES_PER_USER
    assert set(statuses[WRONG_CODES_PER_USER:]) == {429}
    client = ana.browser()
    assert send(client, half_way(client, ana.tenant, ANA), phone.code()).status_code == 429


def test_a_browser_used_before_is_not_held_up_by_strangers_codes(ana, phone) -> None:
    home = ana.browser()
    assert send(home, half_way(home, ana.tenant, ANA), phone.code()).location == "/"
    post(home, "/profile", "/logout")
    for _ in range(6):
        stranger = ana.browser()
        fields = half_way(stranger, ana.tenant, ANA)
        for _guess in range(4):
            send(stranger, fields, phone.wrong())
    assert send(home, half_way(home, ana.tenant, ANA), phone.code(1)).location == "/"


def test_recovery_codes_count_once(ana, mailbox) -> None:
    phone = Phone()
    codes = codes_on(set_up(signed_in(ana.app, ana.tenant, ana.user_id), phone).text)
    assert len(set(codes)) == 10
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    page = client.get("/login/code?with=recovery-code").text
    assert "Código de recuperación" in page
    typed = codes[0].lower().replace("-", " ")
    assert send(client, fields, typed, **{"with": "recovery-code"}).location == "/"
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    again = send(client, fields, codes[0], **{"with": "recovery-code"})
    assert again.status_code == 422 and "ya se usó" in again.text
    assert send(client, fields, codes[1]).location == "/"
    letter = door.letters(ana.app, mailbox, ANA)[-1]
    assert "Códigos que quedan: 8" in letter
    assert actions(ana).count("second-factor.code-used") == 2
    assert "Códigos que quedan: 8" in client.get("/profile/activity").text
    with unit_of_work(ana.tenant.id):
        kept = set(db.session.execute(select(RecoveryCode.digest)).scalars())
    assert not any(code in digest for code in codes for digest in kept)


def test_guesses_at_recovery_codes_are_counted_like_the_others(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    wrong = [send(client, fields, f"AAAA-AAAA-AAA{n}").status_code for n in range(5)]
    assert wrong == [422] * 4 + [303]


@pytest.mark.parametrize("typed", ["", "x" * 5000, "a\x00b", "１２３４５６", "{}", "-"])
def test_odd_codes_are_refused_quietly(ana, phone, typed) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    assert send(client, fields, typed).status_code == 422


def test_whoever_is_disabled_between_the_steps_stays_out(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    door.change(ana.tenant, User, ana.user_id, status="disabled")
    assert send(client, fields, phone.code()).location == "/login?after=codes"


def test_a_new_password_ends_what_the_old_one_began(ana, phone) -> None:
    inside = signed_in(ana.app, ana.tenant, ana.user_id)
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    typed = {"current": PASSWORD, "password": "otra frase bien distinta"}
    assert post(inside, "/profile/password", "/profile/password", typed).status_code == 303
    assert send(client, fields, phone.code()).location == "/login?after=codes"


def test_the_page_for_the_code_moves_no_idle_clock(ana, phone) -> None:
    """B13: an earlier session in the same browser."""
    client = ana.browser()
    half_way(client, ana.tenant, ANA)
    inside = signed_in(ana.app, ana.tenant, ana.user_id).get_cookie("ventanilla", domain=ana.tenant.host)
    client.set_cookie("ventanilla", inside.value, domain=ana.tenant.host)
    earlier = now() - datetime.timedelta(minutes=20)
    door.change(ana.tenant, UserSession, last_seen_at=earlier)
    assert client.get("/login/code").status_code == 200
    with unit_of_work(ana.tenant.id):
        assert set(db.session.execute(select(UserSession.last_seen_at)).scalars()) == {earlier}


def test_a_code_sent_from_another_site_is_refused(ana, phone) -> None:
    client = ana.browser()
    fields = half_way(client, ana.tenant, ANA)
    for headers in ({"Origin": "http://malo.test"}, {"Sec-Fetch-Site": "cross-site"}):
        sent = client.post("/login/code", data={**fields, "code": phone.code()}, headers=headers)
        assert sent.status_code == 403
    assert (
        client.post("/login/code", data={"attempt": fields["attempt"], "code": phone.code()}).status_code
        == 400
    )
    assert send(client, fields, phone.code()).location == "/"


def test_tenants_apart(ana, phone) -> None:
    """The same person with the same password, and even the same sealed secret, at another organisation."""
    agency = make_agency()
    with unit_of_work(ana.tenant.id):
        sealed = db.session.execute(select(SecondFactor.secret)).scalar_one()
    with unit_of_work(agency.id):
        there = add_user(ANA)
        db.session.add(SecondFactor(user_id=there, secret=sealed, last_step=0, created_at=now()))
    client = client_for(ana.app, agency.host)
    fields = half_way(client, agency, ANA)
    assert send(client, fields, phone.code()).status_code == 422, "a secret moved elsewhere does not open"
    here = ana.browser()
    of_here = half_way(here, ana.tenant, ANA)
    step = here.get_cookie("ventanilla-step", domain=ana.tenant.host).value
    stranger = client_for(ana.app, agency.host)
    of_there = half_way(stranger, agency, ANA)
    stranger.set_cookie("ventanilla-step", step, domain=agency.host)
    assert stranger.get("/login/code").status_code == 303, "an attempt of one tenant is nothing at another"
    sent = send(stranger, {**of_there, "attempt": of_here["attempt"]}, phone.code())
    assert sent.location == "/login?after=codes"
    assert send(here, of_here, phone.code()).location == "/"


def test_the_same_secret_at_two_tenants_is_used_up_apart(ana, phone) -> None:
    agency = make_agency()
    with unit_of_work(agency.id):
        there = add_user(ANA)
        from tenants.frame import keyring

        sealed = keyring().seal(phone.secret, agency.id, there, second_factor.SECRET)
        db.session.add(SecondFactor(user_id=there, secret=sealed, last_step=0, created_at=now()))
    code = phone.code()
    for tenant in (ana.tenant, agency):
        client = client_for(ana.app, tenant.host)
        assert send(client, half_way(client, tenant, ANA), code).location == "/"
