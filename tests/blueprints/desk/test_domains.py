"""A tenant's own names: claimed, proven, switched, taken away (D06, D07). The name servers say what a script says."""

from __future__ import annotations

import re
import threading
import uuid

import psycopg
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from saas import outbox
from saas.audit import Actor, AuditRow, first_broken
from saas.clock import now
from saas.scope import unit_of_work
from tenants import domain_claims
from tenants.domain_claims import Host
from tenants.models import DomainClaim
from tenants.people import UserSession
from tests.application import client_for
from tests.blueprints.desk.office import Office, make_office, post, text_of
from tests.database import DatabaseUrls
from tests.name_servers import HERE, Script, name_servers

__all__ = ["name_servers"]

PAGE = "/desk/settings/domains"
HOST = "clientes.rioclaro.com.ar"
ACTOR = Actor("staff", None, "Ana Admin")


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


@pytest.fixture
def rival(app: Flask) -> Office:
    return make_office("rivales", canary="CANARIO-RIVAL")


def claim(office: Office, host: str = HOST) -> Host:
    with unit_of_work(office.tenant.id):
        claim_id = domain_claims.claim_host(host, actor=ACTOR)
        return domain_claims.find_host(claim_id)


def publish(script: Script, found: Host, *, here: bool = True) -> None:
    script.said[found.record_name] = ["v=spf1 -all", found.record_value]
    script.leads_to[found.host] = {HERE} if here else {"198.51.100.9"}


def look(office: Office, found: Host) -> Host:
    assert found.claim_id
    with unit_of_work(office.tenant.id):
        return domain_claims.check_claim(found.claim_id, actor=ACTOR)


def proven(office: Office, script: Script, host: str = HOST) -> Host:
    found = claim(office, host)
    publish(script, found)
    return look(office, found)


def actions(office: Office) -> list[str]:
    with unit_of_work(office.tenant.id) as session:
        assert first_broken() is None
        return list(session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars())


def test_a_name_is_claimed_proven_and_answers_at_once(app: Flask, office: Office, name_servers: Script):
    client, visitor = office.at_desk(app), client_for(app, HOST)
    assert visitor.get("/login").status_code == 404
    answer = post(client, f"{PAGE}/add", fields={"host": f" {HOST.upper()}. "})
    assert answer.status_code == 303
    body = text_of(client.get(answer.location))
    token = re.search(r"ventanilla-domain=([A-Za-z0-9_-]{43})", body)
    assert token and f"_ventanilla.{HOST}" in body
    assert name_servers.asked == [], "nobody is asked before somebody wants it"

    check = f"{answer.location}/check"
    assert post(client, answer.location, check).status_code == 303
    assert 'http-equiv="refresh"' in text_of(client.get(answer.location))
    assert name_servers.asked == [], "the request itself asks nobody"
    outbox.drain()
    body = text_of(client.get(answer.location))
    assert "notice-warning" in body and 'http-equiv="refresh"' not in body
    assert visitor.get("/login").status_code == 404

    name_servers.said[f"_ventanilla.{HOST}"] = [f"ventanilla-domain={token[1]}"]
    with time_machine.travel(now().timestamp() + 60):
        assert post(client, answer.location, check).status_code == 303
        outbox.drain()
    assert "CANARIO-AGUAS" in text_of(visitor.get("/login"))
    assert HOST in text_of(client.get(PAGE)) and "notice-success" in text_of(client.get(answer.location))
    assert actions(office) == ["domain.claimed", "domain.proven"]


def test_a_second_look_at_once_is_put_off(app: Flask, office: Office, name_servers: Script):
    client, page = office.at_desk(app), f"{PAGE}/{claim(office).claim_id}"
    assert post(client, page, f"{page}/check").status_code == 303
    assert post(client, page, f"{page}/check").status_code == 303
    assert "notice-info" in text_of(client.get(page))
    outbox.drain()
    assert name_servers.asked == [f"_ventanilla.{HOST}"]


@pytest.mark.parametrize(
    "host",
    [
        "aguas.localhost", "admin.localhost", "localhost", "bank.localhost", "127.0.0.1", "[::1]", "2130706433",
        "*.rioclaro.com.ar", "xn--guas-53d.com", "аguas.com", "águas.com", "com.ar", "intranet", "a" * 250 + ".com",
        "https://rioclaro.com.ar", "", "<script>alert(1)</script>.com",
    ],
)  # fmt: skip
def test_names_that_nobody_may_claim_are_refused_in_words(
    app: Flask, office: Office, name_servers: Script, host: str
):
    """D06."""
    body = text_of(post(office.at_desk(app), f"{PAGE}/add", fields={"host": host}), 422)
    assert 'href="#host"' in body and "<script>alert" not in body
    with unit_of_work(office.tenant.id):
        assert [found.host for found in domain_claims.hosts()] == [office.tenant.host]
    assert name_servers.asked == []


def test_anothers_name_is_refused(app: Flask, office: Office, rival: Office, name_servers: Script):
    """D06: tenant B claims A's domain, given by the platform or proven."""
    proven(office, name_servers)
    for host in (HOST, HOST.upper()):
        body = text_of(post(rival.at_desk(app), f"{PAGE}/add", fields={"host": host}), 422)
        assert 'href="#host"' in body and "CANARIO-AGUAS" not in body
    assert post(office.at_desk(app), f"{PAGE}/add", fields={"host": HOST}).status_code == 422


def test_without_the_right_record_nothing_is_mapped(office: Office, name_servers: Script):
    """D06: no TXT proof: none, another's, a part of it, on another name, no answer."""
    found = claim(office)
    value = found.record_value
    for said, problem in (
        ([], "no-record"),
        (["v=spf1 -all"], "no-record"),
        ([value[:-1]], "other-record"),
        ([value + "x"], "other-record"),
        ([value.lower()], "other-record"),
        ([f"x {value}"], "no-record"),
        (["ventanilla-domain="], "other-record"),
    ):
        name_servers.said = {found.record_name: said, HOST: [value], f"_ventanilla.{HOST}.": [value]}
        after = look(office, found)
        assert (after.problem, after.mapped, after.state) == (problem, False, "waiting"), said
    name_servers.silent = {found.record_name}
    assert look(office, found).problem == "no-answer"
    assert actions(office) == ["domain.claimed"]


def test_of_two_who_claim_the_first_to_prove_wins(
    app: Flask, office: Office, rival: Office, name_servers: Script
):
    mine, theirs = claim(office), claim(rival)
    assert mine.token != theirs.token
    name_servers.said[mine.record_name] = [mine.record_value, theirs.record_value]
    assert look(rival, theirs).state == "proven"
    after = look(office, mine)
    assert (after.state, after.problem, after.mapped) == ("refused", "taken", False)
    assert "CANARIO-RIVAL" in text_of(client_for(app, HOST).get("/login"))
    page = text_of(office.at_desk(app).get(f"{PAGE}/{mine.claim_id}"))
    assert "notice-danger" in page and "CANARIO-RIVAL" not in page


def test_two_who_prove_in_the_same_moment(app: Flask, office: Office, rival: Office, name_servers: Script):
    claims = [(who, claim(who)) for who in (office, rival)]
    name_servers.said[claims[0][1].record_name] = [found.record_value for _who, found in claims]
    ends: list[Host] = []

    def run(who: Office, found: Host) -> None:
        with app.app_context():
            ends.append(look(who, found))

    threads = [threading.Thread(target=run, args=pair) for pair in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(end.state for end in ends) == ["proven", "refused"]


def test_the_main_address_is_where_mails_lead(app: Flask, office: Office, name_servers: Script):
    proven(office, name_servers)
    client = office.at_desk(app)
    question = f"{PAGE}/main?host={HOST}"
    assert post(client, question, f"{PAGE}/main", {"host": HOST}).status_code == 303
    with unit_of_work(office.tenant.id):
        assert [(found.host, found.canonical) for found in domain_claims.hosts()] == [
            (HOST, True), (office.tenant.host, False),
        ]  # fmt: skip
    answer = client_for(app, office.tenant.host).get("/login")
    assert answer.status_code == 200, "the other one keeps working"
    with unit_of_work(office.tenant.id):
        from tenants.loading import load_tenant

        assert load_tenant().canonical_url == f"http://{HOST}"
    assert actions(office)[-1] == "domain.canonical-changed"
    waiting = claim(office, "otra.rioclaro.com.ar")
    for host, status in ((waiting.host, 404), ("rivales.localhost", 404), ("", 404)):
        assert post(client, question, f"{PAGE}/main", {"host": host}).status_code == status


def test_a_removed_name_stops_at_once_and_needs_a_new_proof(app: Flask, office: Office, name_servers: Script):
    """D07."""
    found = proven(office, name_servers)
    page, visitor = f"{PAGE}/{found.claim_id}", client_for(app, HOST)
    assert visitor.get("/login").status_code == 200
    book = app.extensions["host_book"]
    stale = book.known[HOST]  # what another process still remembers
    with unit_of_work(office.tenant.id) as session:
        session.add(
            UserSession(
                token_digest="d" * 64, user_id=office.admin, host=HOST, created_at=now(), last_seen_at=now(),
                expires_at=now(), confirmed_at=now(), device="x", address="127.0.0.1",
            )
        )  # fmt: skip
    client = office.at_desk(app)
    assert post(client, f"{page}/remove").status_code == 303
    assert visitor.get("/login").status_code == 404
    book.known[HOST] = stale
    assert visitor.get("/login").status_code == 404
    assert HOST not in book.known, "told by the first answer that found nothing"
    with unit_of_work(office.tenant.id) as session:
        assert session.execute(select(UserSession).where(UserSession.host == HOST)).first() is None
        assert session.execute(select(DomainClaim)).first() is None
    assert actions(office)[-1] == "domain.removed"

    again = claim(office)
    assert again.token != found.token
    after = look(office, again)  # the old record is still published
    assert (after.mapped, after.problem) == (False, "other-record")
    assert visitor.get("/login").status_code == 404


def test_a_removed_name_may_become_anothers(app: Flask, office: Office, rival: Office, name_servers: Script):
    found = proven(office, name_servers)
    visitor = client_for(app, HOST)
    assert "CANARIO-AGUAS" in text_of(visitor.get("/login"))
    with unit_of_work(office.tenant.id):
        domain_claims.remove_host(found.host, actor=ACTOR)
    proven(rival, name_servers)
    assert "CANARIO-RIVAL" in text_of(visitor.get("/login"))


def test_the_main_address_cannot_be_removed(app: Flask, office: Office, name_servers: Script):
    found = proven(office, name_servers)
    with unit_of_work(office.tenant.id):
        domain_claims.make_main(HOST, actor=ACTOR)
    page = f"{PAGE}/{found.claim_id}"
    client = office.at_desk(app)
    assert f"{page}/remove" not in text_of(client.get(page))
    assert "notice-warning" in text_of(client.get(f"{page}/remove"))
    assert post(client, page, f"{page}/remove").status_code == 409
    assert client_for(app, HOST).get("/login").status_code == 200


def test_a_name_that_dangles_is_told(office: Office, name_servers: Script):
    """D07: the record or the address is lost; the pages stay until somebody decides."""
    found = proven(office, name_servers)
    assert look(office, found).problem is None
    for change, problem in (
        ({"leads_to": {"localhost": {HERE}, HOST: {"198.51.100.9"}}}, "leads-elsewhere"),
        ({"leads_to": {"localhost": {HERE}}}, "leads-nowhere"),
        ({"said": {}}, "lost-record"),
        ({"silent": {found.record_name}}, "no-answer"),
    ):
        publish(name_servers, found)
        for name, value in change.items():
            setattr(name_servers, name, value)
        after = look(office, found)
        assert (after.problem, after.mapped, after.state) == (problem, True, "proven")


def test_a_check_that_was_cut_short_is_finished_by_the_next(
    app: Flask, office: Office, name_servers: Script, database: DatabaseUrls
):
    """The platform's row stands, the claim does not know yet."""
    found = claim(office)
    with psycopg.connect(database.superuser, autocommit=True) as superuser:
        superuser.execute(
            "INSERT INTO domains (host, tenant_id, canonical) VALUES (%s, %s, false)",
            (HOST, office.tenant.id),
        )
    publish(name_servers, found)
    assert look(office, found).state == "proven"


def test_only_so_many(app: Flask, office: Office, name_servers: Script):
    for number in range(domain_claims.MOST):
        claim(office, f"n{number}.rioclaro.com.ar")
    assert post(office.at_desk(app), f"{PAGE}/add", fields={"host": HOST}).status_code == 422
    assert text_of(office.at_desk(app).get(PAGE)).count("rioclaro.com.ar</a>") == domain_claims.MOST


def test_who_may(app: Flask, office: Office, rival: Office, name_servers: Script):
    theirs = claim(rival)
    page = f"{PAGE}/{theirs.claim_id}"
    client = office.at_desk(app)
    assert client.get(page).status_code == 404
    for act in ("check", "remove"):
        assert post(client, "/desk/settings", f"{page}/{act}").status_code == 404
    for who, status in (("service", 403), ("billing", 403), ("holder", 404)):
        assert office.at_desk(app, who).get(PAGE).status_code == status
    assert client.get(f"{PAGE}/{uuid.uuid4()}").status_code == 404


def test_the_application_itself_cannot_write_the_table_of_hosts(office: Office, database_urls: DatabaseUrls):
    for statement in (
        "INSERT INTO domains (host, tenant_id, canonical) VALUES ('x.com', %(tenant)s, false)",
        "UPDATE domains SET canonical = true WHERE tenant_id = %(tenant)s",
        "DELETE FROM domains WHERE tenant_id = %(tenant)s",
    ):
        with (
            psycopg.connect(database_urls.app) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(office.tenant.id),))
            connection.execute(statement, {"tenant": office.tenant.id})
