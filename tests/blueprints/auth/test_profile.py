"""My data: what a person changes, and what must be true before and after."""

from __future__ import annotations

import datetime
import uuid

import pytest
from sqlalchemy import select

from blueprints.auth.services import leave_notice, open_session, open_sessions
from blueprints.auth.sessions import Browser
from saas import audit
from saas.audit import Actor, AuditRow
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.people import OneTimeLink, User, UserSession
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA
from tests.cast import PASSWORD, add_customer, add_user
from tests.signed_in import post, signed_in

NEW = "tres palabras sueltas nuevas"


def actions(ana) -> list[str]:
    with unit_of_work(ana.tenant.id):
        return list(db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars())


def email_of(ana) -> str:
    with unit_of_work(ana.tenant.id):
        return db.session.execute(select(User.email).where(User.id == ana.user_id)).scalar_one()


@pytest.mark.parametrize(
    "path",
    ["", "/details", "/password", "/email", "/sessions", "/activity"],
)
def test_the_pages_show_themselves(ana, path) -> None:
    client = signed_in(ana.app, ana.tenant, ana.user_id)
    answer = client.get(f"/profile{path}")
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1 and "style=" not in answer.text and "<script>" not in answer.text


def test_a_new_password_closes_the_others_and_tells_the_mailbox(ana, mailbox) -> None:
    """B03."""
    client, others = ana.inside(), [ana.inside() for _ in range(3)]
    answer = post(client, "/profile/password", "/profile/password", {"current": PASSWORD, "password": NEW})
    assert answer.status_code == 303
    assert "Se cambió la contraseña" in client.get(answer.location).text
    assert "Se cambió la contraseña" not in client.get(answer.location).text, "said once"
    assert [other.get("/profile").status_code for other in others] == [302] * 3
    assert "Se cambió la contraseña" in door.letters(ana.app, mailbox, ANA)[-1]
    assert actions(ana)[-1] == "password.changed"
    assert door.log_in(ana.browser(), ana.tenant, ANA, NEW).status_code == 303


def test_a_password_change_kills_recovery_links(ana, mailbox) -> None:
    client = ana.inside()
    page = client.get("/recover").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA}
    client.post("/recover", data={**fields, "form_token": door.waited(ana.tenant, "recover")})
    path = door.link_in(door.letters(ana.app, mailbox, ANA)[-1])
    post(client, "/profile/password", "/profile/password", {"current": PASSWORD, "password": NEW})
    assert client.get(path).status_code == 410


@pytest.mark.parametrize(
    "typed",
    [
        {"current": "no es esta", "password": NEW},
        {"current": PASSWORD, "password": "corta"},
        {"current": "", "password": NEW},
        {"current": PASSWORD},
    ],
)
def test_a_password_that_does_not_change(ana, mailbox, typed) -> None:
    client = ana.inside()
    answer = post(client, "/profile/password", "/profile/password", typed)
    assert answer.status_code == 422 and "<title>Error:" in answer.text
    assert not any(word in answer.text for word in typed.values() if word)
    assert door.letters(ana.app, mailbox) == []
    assert door.log_in(ana.browser(), ana.tenant, ANA).status_code == 303


def test_guessing_the_present_password_has_an_end(ana, monkeypatch) -> None:
    client = signed_in(ana.app, ana.tenant, ana.user_id)
    monkeypatch.setattr("saas.passwords.verify", lambda *_all: False)
    typed = {"current": "mal", "password": NEW}
    statuses = [post(client, "/profile/password", "/profile/password", typed).status_code for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def ask_for_new_email(ana, client, wanted="nueva@x.test"):
    return post(client, "/profile/email", "/profile/email", {"email": wanted})


@pytest.mark.parametrize("first", ["ana@x.test", "nueva@x.test"])
def test_an_email_changes_when_both_addresses_said_yes(ana, mailbox, first) -> None:
    """B15."""
    client = ana.inside()
    assert ask_for_new_email(ana, client, " Nueva@X.test").status_code == 303
    second = {"ana@x.test": "nueva@x.test", "nueva@x.test": "ana@x.test"}[first]
    paths = {to: door.link_in(door.letters(ana.app, mailbox, to)[-1]) for to in (first, second)}
    for path in paths.values():
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert "Falta un paso" in door.use_link(ana.browser(), paths[first]).text
    assert email_of(ana) == ANA
    assert ana.browser().get(paths[first]).status_code == 410
    assert door.log_in(ana.browser(), ana.tenant, ANA).status_code == 303
    assert "nueva@x.test" in door.use_link(ana.browser(), paths[second]).text
    assert email_of(ana) == "nueva@x.test"
    assert "ya no se usa" in door.letters(ana.app, mailbox, ANA)[-1]
    assert door.log_in(ana.browser(), ana.tenant, "nueva@x.test").status_code == 303
    assert door.log_in(ana.browser(), ana.tenant, ANA).status_code == 422
    assert {"email.change-asked", "email.changed"} <= set(actions(ana))


def test_links_made_for_the_old_email_die_with_it(ana, mailbox) -> None:
    client = ana.inside()
    ask_for_new_email(ana, client)
    paths = [door.link_in(door.letters(ana.app, mailbox, to)[-1]) for to in ("ana@x.test", "nueva@x.test")]
    page = client.get("/recover").get_data(as_text=True)
    fields = {"csrf_token": door.hidden(page, "csrf_token"), "email": ANA}
    client.post("/recover", data={**fields, "form_token": door.waited(ana.tenant, "recover")})
    recovery = door.link_in(door.letters(ana.app, mailbox, ANA)[-1])
    for path in paths:
        door.use_link(ana.browser(), path)
    assert email_of(ana) == "nueva@x.test"
    assert ana.browser().get(recovery).status_code == 410


def test_two_changes_do_not_mix(ana, mailbox) -> None:
    client = ana.inside()
    ask_for_new_email(ana, client, "una@x.test")
    old_of_first = door.link_in(door.letters(ana.app, mailbox, ANA)[-1])
    door.use_link(ana.browser(), old_of_first)
    ask_for_new_email(ana, client, "dos@x.test")
    new_of_second = door.link_in(door.letters(ana.app, mailbox, "dos@x.test")[-1])
    assert "Falta un paso" in door.use_link(ana.browser(), new_of_second).text
    assert email_of(ana) == ANA


def test_a_taken_address_gets_the_same_answer_and_only_its_mailbox_knows(ana, mailbox) -> None:
    """B06, B15."""
    with unit_of_work(ana.tenant.id):
        add_user("otra@x.test", name="Otra")
    client = ana.inside()
    taken = ask_for_new_email(ana, client, "otra@x.test")
    seen = client.get(taken.location).text.replace("otra@x.test", "…")
    free = ask_for_new_email(ana, client, "nueva@x.test")
    assert taken.status_code == free.status_code == 303
    assert seen.count("…") == client.get(free.location).text.replace("nueva@x.test", "…").count("…")
    assert "/links/" not in door.letters(ana.app, mailbox, "otra@x.test")[-1]
    assert email_of(ana) == ANA


@pytest.mark.parametrize("wanted", ["no es", ANA, ""])
def test_an_email_that_does_not_change(ana, mailbox, wanted) -> None:
    client = ana.inside()
    answer = ask_for_new_email(ana, client, wanted)
    assert answer.status_code == 422
    assert wanted in answer.text
    assert door.letters(ana.app, mailbox) == []
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(OneTimeLink.id)).first() is None


def test_name_and_language(ana) -> None:
    client = ana.inside()
    typed = {"name": "  Ana   María ", "language": "en"}
    answer = post(client, "/profile/details", "/profile/details", typed)
    assert answer.status_code == 303
    page = client.get("/profile").text
    assert "Ana María" in page and '<html lang="en"' in page and "My data" in page
    assert actions(ana) == ["user.details-changed"]
    wrong = post(client, "/profile/details", "/profile/details", {"name": " ", "language": "en"})
    assert wrong.status_code == 422
    wrong = post(client, "/profile/details", "/profile/details", {"name": "Ana", "language": "tlh"})
    assert wrong.status_code == 422


def test_form_fields_that_nobody_asked_for_change_nothing(ana) -> None:
    """A06."""
    client = ana.inside()
    extra = {"tenant_id": str(uuid.uuid4()), "status": "disabled", "email": "x@x.test", "customer_id": "1"}
    post(client, "/profile/details", "/profile/details", {"name": "Ana", "language": "", **extra})
    with unit_of_work(ana.tenant.id):
        row = db.session.execute(select(User.email, User.status, User.customer_id)).one()
    assert tuple(row) == (ANA, "active", None)


def test_own_sessions_can_be_seen_and_closed(ana) -> None:
    client, second, third = ana.browser(), ana.browser(), ana.inside()
    client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"
    )
    for browser in (client, second):
        door.log_in(browser, ana.tenant, ANA)
    page = client.get("/profile/sessions").text
    assert "Chrome · Android" in page and "127.0.0.1" in page and page.count("/close") == 3
    with unit_of_work(ana.tenant.id):
        mine = open_sessions(ana.user_id)
        assert len(mine) == 3
        here = next(session.id for session in mine if session.device)
        one = next(session.id for session in mine if session.id != here)
    assert post(client, "/profile/sessions", f"/profile/sessions/{one}/close").status_code == 303
    assert [second.get("/profile").status_code, third.get("/profile").status_code].count(302) == 1
    assert post(client, "/profile/sessions", "/profile/sessions/close-others").status_code == 303
    assert [second.get("/profile").status_code, third.get("/profile").status_code] == [302, 302]
    assert client.get("/profile").status_code == 200
    assert actions(ana).count("session.closed") == 2


def test_a_strangers_session_is_not_there(ana) -> None:
    with unit_of_work(ana.tenant.id):
        other = add_user("otra@x.test")
        theirs, _token = open_session(other, Browser(ana.tenant.host, "10.0.0.1"))
    client = ana.inside()
    assert post(client, "/profile/sessions", f"/profile/sessions/{theirs}/close").status_code == 404
    with unit_of_work(ana.tenant.id):
        assert len(open_sessions(other)) == 1


def test_sessions_that_ended_are_not_shown(ana) -> None:
    moment = now()
    with unit_of_work(ana.tenant.id):
        for host in ("a", "b"):
            open_session(ana.user_id, Browser(host, "10.0.0.1"))
    door.change(ana.tenant, UserSession, last_seen_at=moment - datetime.timedelta(hours=1))
    with unit_of_work(ana.tenant.id):
        assert open_sessions(ana.user_id) == []


def test_a_notice_is_said_once(ana) -> None:
    client = ana.inside()
    with unit_of_work(ana.tenant.id):
        session = db.session.execute(select(UserSession.id)).scalar_one()
        leave_notice(session, "Guardado <bien>")
    assert "Guardado &lt;bien&gt;" in client.get("/profile").text
    assert "Guardado" not in client.get("/profile").text


def test_activity_names_the_staff_who_looked(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Ana Pérez", document="1")
        neighbour = add_customer("Vecina", document="2")
        for number in range(30):
            audit.record(
                "session.closed",
                actor=Actor("customer", ana.user_id, "Ana"),
                subject=("user", ana.user_id),
                data={"count": number},
            )
        for whose, reason in ((customer, "Llamó por <su> factura"), (neighbour, "Nada que ver")):
            audit.record(
                "customer.viewed",
                actor=Actor("staff", None, "Berta"),
                customer_id=whose,
                data={"reason": reason},
            )
        audit.record("customer.viewed", actor=Actor("staff", None, "Caro"), customer_id=customer)
        audit.record("odd.deed", actor=audit.SYSTEM, customer_id=customer)
    door.change(ana.tenant, User, ana.user_id, customer_id=customer)
    client = ana.inside()
    page = client.get("/profile/activity").text
    assert "Berta" in page and "Llamó por &lt;su&gt; factura" in page and "Nada que ver" not in page
    assert "Caro" in page and page.count('class="when"') == 25
    older = page.split('rel="next" href="')[1].split('"')[0]
    rest = client.get(older).text
    assert rest.count('class="when"') == 7 and 'rel="next"' not in rest
    assert client.get("/profile/activity?before=basura").status_code == 200


def test_what_the_books_hold_is_shown(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Ana <Pérez>", document="30111222", email="libros@x.test")
    door.change(ana.tenant, User, ana.user_id, customer_id=customer)
    page = ana.inside().get("/profile").text
    assert "Ana &lt;Pérez&gt;" in page and "30.111.222" in page and "libros@x.test" in page


def test_staff_who_look_on_see_the_customer_and_nobodys_access(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Ana Pérez", document="30111222")
        boss = add_user("jefa@x.test", name="Jefa", staff_role="administrator")
    client = signed_in(ana.app, ana.tenant, boss, viewing=customer)
    page = client.get("/profile").text
    assert "30.111.222" in page and "jefa@x.test" not in page
    for path in ("details", "password", "email", "sessions"):
        assert client.get(f"/profile/{path}").status_code == 404
    assert client.get("/profile/activity").status_code == 200
    assert post(client, "/profile", "/logout").status_code == 303
