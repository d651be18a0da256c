"""What operators type, on a real database."""

from __future__ import annotations

import datetime
import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

from blueprints.invoices.models import Invoice
from saas.audit import AuditRow
from saas.clock import now
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.people import UserSession
from tests.application import client_for
from tests.cast import add_account, add_invoice, add_user, make_utility

CREATE = [
    "tenant", "create", "rioclaro", "--kind", "utility", "--name", "Aguas de Río Claro", "--host",
    "clientes.rioclaro.example", "--country", "AR", "--locale", "es_AR", "--currency", "ARS", "--time-zone",
    "America/Argentina/Mendoza",
]  # fmt: skip


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_a_new_tenant_is_on_the_air(app: Flask, cli: FlaskCliRunner) -> None:
    done = cli.invoke(args=[*CREATE, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["host"] == "clientes.rioclaro.example"
    page = client_for(app, "clientes.rioclaro.example").get("/login")
    assert page.status_code == 200
    assert "Aguas de Río Claro" in page.text
    (line,) = json.loads(cli.invoke(args=["tenant", "list", "--json"]).output)
    assert (line["slug"], line["status"]) == ("rioclaro", "active")


def test_a_taken_name_is_refused_with_a_sentence(cli: FlaskCliRunner) -> None:
    cli.invoke(args=CREATE)
    again = cli.invoke(args=CREATE)
    assert again.exit_code == 1
    assert "already in use" in again.output


@pytest.mark.parametrize(
    "host", ["*.example.com", "10.0.0.1", "localhost", "a b.example", "https://x.example"]
)
def test_a_host_that_is_no_domain_is_refused(cli: FlaskCliRunner, host: str) -> None:
    done = cli.invoke(args=[host if word == "clientes.rioclaro.example" else word for word in CREATE])
    assert done.exit_code == 1, done.output


def test_a_suspended_tenant_is_closed_at_once_and_can_come_back(app: Flask, cli: FlaskCliRunner) -> None:
    tenant = make_utility()
    client = client_for(app, tenant.host)
    assert client.get("/login").status_code == 200
    cli.invoke(args=["tenant", "suspend", tenant.slug])
    assert client.get("/login").status_code == 503
    cli.invoke(args=["tenant", "resume", tenant.slug])
    assert client.get("/login").status_code == 200


def test_an_unknown_tenant_is_refused(cli: FlaskCliRunner) -> None:
    done = cli.invoke(args=["tenant", "suspend", "nobody"])
    assert done.exit_code == 1
    assert "There is no tenant" in done.output


def test_the_ledger_check_finds_a_balance_that_differs(cli: FlaskCliRunner) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        invoice = add_invoice(add_account("1"), "B-1", amount=1000)
    assert cli.invoke(args=["ledger", "check"]).exit_code == 0
    with unit_of_work(tenant.id) as session:
        session.execute(update(Invoice).values(open_amount=999))
    done = cli.invoke(args=["ledger", "check", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)[tenant.slug]["differing"] == [str(invoice)]


def test_the_audit_chain_verifies(cli: FlaskCliRunner) -> None:
    cli.invoke(args=CREATE)
    done = cli.invoke(args=["audit", "verify"])
    assert (done.exit_code, "ok" in done.output) == (0, True)


def test_deeds_of_operators_are_evidence(cli: FlaskCliRunner) -> None:
    tenant = make_utility()
    cli.invoke(args=["tenant", "suspend", tenant.slug])
    with unit_of_work(tenant.id) as session:
        row = session.execute(select(AuditRow.action, AuditRow.actor_kind)).one()
        assert tuple(row) == ("tenant.suspended", "operator")


def test_the_doctor_says_that_all_is_well(cli: FlaskCliRunner) -> None:
    make_utility()
    done = cli.invoke(args=["doctor"])
    assert done.exit_code == 0, done.output
    assert "row security is forced" in done.output


def test_tidying_forgets_only_what_expired(cli: FlaskCliRunner) -> None:
    tenant = make_utility()
    moment = now()
    with unit_of_work(tenant.id) as session:
        user = add_user("a@example.com")
        for name, expires in (
            ("old", moment - datetime.timedelta(hours=1)),
            ("new", moment + datetime.timedelta(hours=1)),
        ):
            session.add(
                UserSession(
                    id=new_id(),
                    token_digest=name,
                    user_id=user,
                    host=tenant.host,
                    created_at=moment,
                    last_seen_at=moment,
                    expires_at=expires,
                    confirmed_at=moment,
                    device="",
                    address="",
                )
            )
    assert cli.invoke(args=["tidy"]).exit_code == 0
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(UserSession.token_digest)).scalars().all() == ["new"]
