"""Invitations and recovery: one-time links that programs may open and only people use."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import select

from blueprints.auth.links import BadLink, find_link, make_link
from blueprints.auth.rules import RECOVERY
from blueprints.auth.services import invite_user
from saas.audit import Actor, AuditRow
from saas.clock import now
from saas.database import db
from saas.outbox import OutboxRow
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.people import OneTimeLink, StaffRole, User, UserSession
from tests.application import client_for
from tests.blueprints.auth import door
from tests.blueprints.auth.conftest import ANA
from tests.cast import add_customer, add_user, make_agency

NEW = "tres palabras sueltas nuevas"
STAFF = Actor("staff", None, "Jefa")


def ask_recovery(ana, email=ANA, client=None, address="127.0.0.1"):
    client = client or ana.browser()
    client.environ_base["REMOTE_ADDR"] = address
    page = client.get("/recover").get_data(as_text=True)
    return client.post(
        "/recover",
        data={
            "csrf_token": door.hidden(page, "csrf_token"),
            "email": email,
            "form_token": door.waited(ana.tenant, "recover"),
        },
    )


def recovery_link(ana, mailbox) -> str:
    assert ask_recovery(ana).status_code == 303
    return door.link_in(door.letters(ana.app, mailbox, ANA)[-1])


def test_recovery_from_end_to_end(ana, mailbox) -> None:
    others = [ana.inside() for _ in range(3)]
    path = recovery_link(ana, mailbox)
    client = ana.browser()
    answer = door.use_link(client, path, password=NEW)
    assert (answer.status_code, answer.location) == (303, "/login?after=password")
    assert client.get("/profile").status_code == 302, "nobody is signed in by a link"
    assert [other.get("/profile").status_code for other in others] == [302] * 3
    assert door.log_in(ana.browser(), ana.tenant, ANA).status_code == 422
    assert door.log_in(ana.browser(), ana.tenant, ANA, NEW).status_code == 303
    assert "Se cambió la contraseña" in door.letters(ana.app, mailbox, ANA)[-1]
    with unit_of_work(ana.tenant.id):
        assert "password.recovered" in db.session.execute(select(AuditRow.action)).scalars().all()


def test_looking_at_a_link_uses_nothing_up(ana, mailbox) -> None:
    """B05: what previews and scanners do."""
    path = recovery_link(ana, mailbox)
    scanner = ana.browser()
    for _ in range(5):
        assert scanner.get(path).status_code == 200
        assert scanner.head(path).status_code == 200
        assert scanner.open(path, method="OPTIONS").status_code in (200, 405)
    assert door.use_link(ana.browser(), path, password=NEW).status_code == 303


def refusal_of(ana, path: str, client=None):
    """What a bad link shows, without what is random for everybody."""
    answer = (client or ana.browser()).get(path)
    return answer.status_code, answer.text, answer.headers["Referrer-Policy"]


def test_every_bad_link_is_refused_alike(ana, mailbox) -> None:
    """B04: used, replaced, expired, altered, of an earlier e-mail, of a closed access."""
    used = recovery_link(ana, mailbox)
    page = ana.browser()
    assert door.use_link(page, used, password=NEW).status_code == 303
    replaced = recovery_link(ana, mailbox)
    fresh = recovery_link(ana, mailbox)
    altered = fresh[:-1] + ("A" if fresh[-1] != "A" else "B")
    seen = {refusal_of(ana, path) for path in (used, replaced, altered, "/links/x", "/links/" + "a" * 3000)}
    moment = now()
    door.change(ana.tenant, OneTimeLink, expires_at=moment - datetime.timedelta(seconds=1))
    seen.add(refusal_of(ana, fresh))
    door.change(ana.tenant, OneTimeLink, expires_at=moment + datetime.timedelta(hours=1))
    door.change(ana.tenant, User, ana.user_id, email_version=2)
    seen.add(refusal_of(ana, fresh))
    door.change(ana.tenant, User, ana.user_id, email_version=1, status="disabled")
    seen.add(refusal_of(ana, fresh))
    assert len(seen) == 1
    status, body, policy = seen.pop()
    assert (status, policy) == (410, "strict-origin")
    assert "http" not in body.replace("http://aguas.localhost", "")


def test_a_link_of_one_tenant_is_nothing_on_anothers_host(ana, mailbox) -> None:
    path = recovery_link(ana, mailbox)
    agency = make_agency()
    status, _body, policy = refusal_of(ana, path, client_for(ana.app, agency.host))
    assert (status, policy) == (410, "strict-origin")
    assert refusal_of(ana, path)[0] == 200


def test_a_bad_link_refuses_a_post_too(ana, mailbox) -> None:
    path = recovery_link(ana, mailbox)
    first, second = ana.browser(), ana.browser()
    token = door.hidden(second.get(path).get_data(as_text=True), "csrf_token")
    assert door.use_link(first, path, password=NEW).status_code == 303
    answer = second.post(path, data={"csrf_token": token, "password": "otra clave bien distinta"})
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (410, "strict-origin")
    assert door.log_in(ana.browser(), ana.tenant, ANA, NEW).status_code == 303


def test_a_form_without_an_origin_counts_as_ours_only_when_the_browser_vouches(ana, mailbox) -> None:
    """E03: a sandboxed frame elsewhere sends "null" as well."""
    path = recovery_link(ana, mailbox)
    client = ana.browser()
    token = door.hidden(client.get(path).get_data(as_text=True), "csrf_token")
    fields = {"csrf_token": token, "password": NEW}
    framed = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
    assert client.post(path, data=fields, headers=framed).status_code == 403
    for vague in ({"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "none"}):
        assert client.post(path, data=fields, headers=vague).status_code == 403
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert client.post(path, data=fields, headers=own).status_code == 303


def test_a_weak_password_leaves_the_link_alive(ana, mailbox) -> None:
    """B10."""
    path = recovery_link(ana, mailbox)
    for weak in ("corta", "12345678", "aguas canario", "ana perez", "x" * 1001):
        answer = door.use_link(ana.browser(), path, password=weak)
        assert answer.status_code == 422 and weak not in answer.text
    assert (
        door.use_link(ana.browser(), path, password="  ñandú 🦤 " + "largo y tranquilo " * 50).status_code
        == 303
    )


def test_known_and_unknown_mailboxes_get_the_same_answer(ana, mailbox) -> None:
    """B06: and the same work: who has the address is looked up after the answer."""

    def outcome(email):
        answer = ask_recovery(ana, email)
        headers = {
            name: value for name, value in answer.headers if name not in ("X-Request-ID", "Set-Cookie")
        }
        return answer.status_code, answer.text, headers

    assert outcome(ANA) == outcome("nadie@x.test")
    assert door.letters(ana.app, mailbox, "nadie@x.test") == []
    assert len(door.letters(ana.app, mailbox, ANA)) == 1


def test_what_is_no_address_is_said(ana) -> None:
    answer = ask_recovery(ana, "ana arroba x")
    assert answer.status_code == 422 and "ana arroba x" in answer.text


def test_a_mailbox_is_not_flooded_and_nobody_learns_it(ana, mailbox) -> None:
    answers = [ask_recovery(ana, address=f"10.0.0.{n}").status_code for n in range(6)]
    assert answers == [303] * 6
    assert len(door.letters(ana.app, mailbox, ANA)) == 3


def test_an_address_that_keeps_asking_waits(ana) -> None:
    answers = [ask_recovery(ana, f"p{n}@x.test").status_code for n in range(22)]
    assert answers == [303] * 20 + [429] * 2


@pytest.mark.parametrize("status", ["disabled"])
def test_a_closed_access_gets_no_letter(ana, mailbox, status) -> None:
    door.change(ana.tenant, User, ana.user_id, status=status)
    ask_recovery(ana)
    assert door.letters(ana.app, mailbox) == []


def test_no_secret_lies_in_the_outbox_or_the_table(ana, mailbox) -> None:
    path = recovery_link(ana, mailbox)
    token = path.rpartition("/")[2]
    with unit_of_work(ana.tenant.id):
        assert invite_user(email="luz@x.test", name="Luz", actor=STAFF).token is not None
        rows = db.session.execute(select(OutboxRow.payload)).scalars().all()
        links = db.session.execute(select(OneTimeLink.token_digest)).scalars().all()
    assert token not in str(rows) and ANA not in str(rows) and "luz@x.test" not in str(rows)
    assert token not in links


def test_an_invitation_from_end_to_end(ana, mailbox) -> None:
    with unit_of_work(ana.tenant.id):
        made = invite_user(email=" Luz@X.test", name="  Luz   Marina ", actor=STAFF, roles=["service"])
    letter = door.letters(ana.app, mailbox, "luz@x.test")[-1]
    assert "Hola, Luz Marina:" in letter and "Aguas CANARIO-AGUAS" in letter
    assert ana.tenant.host in letter
    client = ana.browser()
    path = door.link_in(letter)
    assert "luz@x.test" in client.get(path).text
    answer = door.use_link(client, path, password=NEW)
    assert answer.location == "/login?after=welcome"
    assert client.get("/profile").status_code == 302
    assert door.log_in(client, ana.tenant, "luz@x.test", NEW).location == "/desk"
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(User.status).where(User.id == made.user_id)).scalar() == "active"
        assert db.session.execute(select(StaffRole.role)).scalar() == "service"
        actions = db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert actions == ["user.invited", "user.accepted"]
    assert len(door.letters(ana.app, mailbox, "luz@x.test")) == 1


def test_inviting_again_replaces_the_link(ana, mailbox) -> None:
    for _ in range(2):
        with unit_of_work(ana.tenant.id):
            invite_user(email="luz@x.test", name="Luz", actor=STAFF)
    first, second = (door.link_in(letter) for letter in door.letters(ana.app, mailbox, "luz@x.test"))
    assert ana.browser().get(first).status_code == 410
    assert ana.browser().get(second).status_code == 200


def test_who_lost_the_invitation_gets_one_by_asking(ana, mailbox) -> None:
    with unit_of_work(ana.tenant.id):
        invite_user(email="luz@x.test", name="Luz", actor=STAFF)
    ask_recovery(ana, "luz@x.test")
    newest = door.letters(ana.app, mailbox, "luz@x.test")[-1]
    assert door.use_link(ana.browser(), door.link_in(newest), password=NEW).location.endswith("welcome")


def test_an_existing_user_is_given_more_and_no_link(ana, mailbox) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Ana Pérez", document="1")
        made = invite_user(email=ANA, name="Ana", actor=STAFF, customer_id=customer)
        assert made.token is None and made.user_id == ana.user_id
        other = add_customer("Otra", document="2")
        with pytest.raises(Refusal) as refused:
            invite_user(email=ANA, name="Ana", actor=STAFF, customer_id=other)
        assert refused.value.field == "email"
    assert door.letters(ana.app, mailbox) == []


@pytest.mark.parametrize(
    ("email", "name", "roles", "field"),
    [
        ("no es", "Luz", (), "email"),
        ("аna@x.test", "Luz", (), "email"),
        ("luz@x.test", " ", (), "name"),
        ("luz@x.test", "L" * 121, (), "name"),
        ("luz@x.test", "Luz", ("root",), "roles"),
    ],
)
def test_what_cannot_be_invited(ana, email, name, roles, field) -> None:
    with unit_of_work(ana.tenant.id), pytest.raises(Refusal) as refused:
        invite_user(email=email, name=name, actor=STAFF, roles=roles)
    assert refused.value.field == field


def test_one_normal_form_of_an_address(ana) -> None:
    """B16: case and spaces are one person; dots and tags are other mailboxes."""
    with unit_of_work(ana.tenant.id):
        same = {
            invite_user(email=e, name="A", actor=STAFF).user_id for e in (ANA, " ANA@X.TEST ", "Ana@x.test")
        }
        other = {invite_user(email=e, name="A", actor=STAFF).user_id for e in ("a.na@x.test", "ana+1@x.test")}
    assert same == {ana.user_id} and len(other) == 2 and not same & other


def test_a_link_bound_to_tenant_in_both_layers(ana, bypassing_rls) -> None:
    agency = make_agency()
    with unit_of_work(ana.tenant.id):
        token = make_link(RECOVERY, ana.user_id)
    with unit_of_work(agency.id), pytest.raises(BadLink):
        find_link(token)


def test_a_letter_in_the_readers_language(ana, mailbox) -> None:
    with unit_of_work(ana.tenant.id):
        add_user("bob@x.test", name="Bob")
    door.change(ana.tenant, User, language="en")
    ask_recovery(ana, "bob@x.test")
    assert "Recover your password" in door.letters(ana.app, mailbox, "bob@x.test")[-1]


def test_sessions_die_with_a_recovery_even_of_the_same_browser(ana, mailbox) -> None:
    client = ana.inside()
    path = recovery_link(ana, mailbox)
    assert door.use_link(client, path, password=NEW).status_code == 303
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(UserSession.id)).first() is None
