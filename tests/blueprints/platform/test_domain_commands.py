"""`flask domain …`: the same rules as the desk's page (D06, D07)."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.application import client_for
from tests.cast import make_agency, make_utility
from tests.name_servers import HERE, Script, name_servers

__all__ = ["name_servers"]

HOST = "clientes.rioclaro.com.ar"


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    make_utility()
    make_agency()
    return app.test_cli_runner()


def run(cli: FlaskCliRunner, *words: str, status: int = 0) -> str:
    done = cli.invoke(args=["domain", *words])
    assert done.exit_code == status, done.output
    return done.output


def test_a_name_from_claim_to_removal(app: Flask, cli: FlaskCliRunner, name_servers: Script) -> None:
    record = run(cli, "claim", HOST, "--tenant", "aguas")
    found = re.fullmatch(rf"(_ventanilla\.{HOST}) TXT (ventanilla-domain=\S{{43}})\n", record)
    assert found
    visitor = client_for(app, HOST)
    assert "not there" in run(cli, "check", HOST, "--tenant", "aguas", status=1)
    assert visitor.get("/login").status_code == 404
    name_servers.said[found[1]] = [found[2]]
    name_servers.leads_to = {
        "localhost": {HERE},
        HOST: {HERE},
        "aguas.localhost": {HERE},
        "hogar.localhost": {HERE},
    }
    assert "works" in run(cli, "check", HOST, "--tenant", "aguas")
    assert visitor.get("/login").status_code == 200
    run(cli, "list", "--check")
    name_servers.said.clear()
    lines = {line["host"]: line for line in json.loads(run(cli, "list", "--check", "--json", status=1))}
    assert lines[HOST]["problem"] == "lost-record" and lines["aguas.localhost"]["problem"] is None
    assert "is gone" in run(cli, "list", "--tenant", "aguas", "--check", status=1)
    assert "is gone" in run(cli, "list"), "what was found is kept"
    run(cli, "main", HOST, "--tenant", "aguas")
    assert "main address" in run(cli, "remove", HOST, "--tenant", "aguas", status=1)
    run(cli, "main", "aguas.localhost", "--tenant", "aguas")
    run(cli, "remove", HOST, "--tenant", "aguas")
    assert visitor.get("/login").status_code == 404
    assert run(cli, "claim", HOST, "--tenant", "aguas") != record


@pytest.mark.parametrize(
    "host",
    [
        "hogar.localhost", "admin.localhost", "localhost", "bank.localhost", "10.0.0.1", "*.rioclaro.com.ar",
        "xn--guas-53d.com", "аguas.com", "com.ar", "intranet",
    ],
)  # fmt: skip
def test_names_that_nobody_may_claim(cli: FlaskCliRunner, name_servers: Script, host: str) -> None:
    assert "Error: " in run(cli, "claim", host, "--tenant", "aguas", status=1)
    assert host not in {line["host"] for line in json.loads(run(cli, "list", "--tenant", "aguas", "--json"))}


def test_anothers_name_is_refused_and_the_first_to_prove_wins(
    app: Flask, cli: FlaskCliRunner, name_servers: Script
) -> None:
    records = {slug: run(cli, "claim", HOST, "--tenant", slug).split() for slug in ("aguas", "hogar")}
    name_servers.said = {name: [] for name, _kind, _value in records.values()}
    for name, _kind, value in records.values():
        name_servers.said[name].append(value)
    run(cli, "check", HOST, "--tenant", "hogar")
    assert "another tenant" in run(cli, "check", HOST, "--tenant", "aguas", status=1)
    assert "CANARIO-HOGAR" in client_for(app, HOST).get("/login").text
    run(cli, "remove", HOST, "--tenant", "aguas")
    assert "in use" in run(cli, "claim", HOST, "--tenant", "aguas", status=1)
    assert "CANARIO-HOGAR" in client_for(app, HOST).get("/login").text


def test_unknown_tenants_and_names(cli: FlaskCliRunner, name_servers: Script) -> None:
    run(cli, "list", "--tenant", "nadie", status=1)
    run(cli, "claim", HOST, "--tenant", "nadie", status=1)
    for act in ("check", "main", "remove"):
        run(cli, act, HOST, "--tenant", "aguas", status=1)


def test_the_platforms_own_host_is_no_tenants(cli: FlaskCliRunner) -> None:
    for host in ("bank.localhost", "localhost"):
        done = cli.invoke(
            args=[
                "tenant", "create", "rio", "--kind", "utility", "--name", "Río", "--host", host, "--country", "AR",
                "--locale", "es_AR", "--currency", "ARS", "--time-zone", "America/Argentina/Mendoza",
            ]
        )  # fmt: skip
        assert done.exit_code == 1, done.output
