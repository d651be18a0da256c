"""What operators type about the names of tenants: `flask domain …`."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
from flask.cli import AppGroup

from saas.audit import Actor
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants import domain_claims
from tenants.domain_claims import NO_ANSWER, Host, problem_of
from tenants.services import find_tenant, list_tenants

OPERATOR = Actor("operator", name="flask")
domain_group = AppGroup("domain", help="The names under which tenants' pages are found.")
SAID = {
    "no-record": "the TXT record is not there",
    "other-record": "the TXT record has another value",
    "no-answer": "the name servers did not answer",
    "taken": "another tenant has the name",
    "lost-record": "the TXT record is gone",
    "leads-nowhere": "the name leads nowhere",
    "leads-elsewhere": "the name leads to other servers",
}


def _in_tenant(slug: str, act: Callable[[], Any]) -> Any:
    """Do something as an operator inside one tenant; a refusal becomes the command's message."""
    try:
        with unit_of_work(find_tenant(slug)):
            return act()
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except NotFound as problem:
        raise click.ClickException(f"{slug} has no such name") from problem


def _claim_of(host: str) -> uuid.UUID:
    for found in domain_claims.hosts():
        if found.host == host.lower().rstrip(".") and found.claim_id is not None:
            return found.claim_id
    raise NotFound()


@domain_group.command("list")
@click.option("--tenant", default=None, help="One tenant; by default all.")
@click.option("--check", is_flag=True, help="Ask the name servers about each name that works.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_all(tenant: str | None, check: bool, as_json: bool) -> None:
    """List names. With --check, report those that dangle; exit status 1 when one does."""
    chosen = [line for line in list_tenants() if tenant in (None, line.slug)]
    if tenant is not None and not chosen:
        raise click.ClickException(f"there is no tenant {tenant}")
    lines: list[dict[str, Any]] = []
    for line in chosen:
        with unit_of_work(line.id):
            lines += [_line(line.slug, _looked_at(host) if check else host) for host in domain_claims.hosts()]
    if as_json:
        click.echo(json.dumps(lines))
    else:
        for row in lines:
            mark = "main" if row["main"] else ""
            note = SAID.get(row["problem"] or "", "")
            click.echo(f"{row['tenant']:<20} {row['state']:<8} {mark:<5} {row['host']:<40} {note}".rstrip())
    dangling = [row for row in lines if row["works"] and row["problem"] not in (None, NO_ANSWER)]
    sys.exit(1 if check and dangling else 0)


def _looked_at(host: Host) -> Host:
    """The host after a look at its records; what is found stands on the desk's page too."""
    if not host.mapped:
        return host
    if host.claim_id is not None:
        return domain_claims.check_claim(host.claim_id, actor=OPERATOR)
    return replace(host, problem=problem_of(host))


def _line(slug: str, host: Host) -> dict[str, Any]:
    return {
        "tenant": slug,
        "host": host.host,
        "state": host.state,
        "works": host.mapped,
        "main": host.canonical,
        "problem": host.problem,
    }


@domain_group.command("claim")
@click.argument("host")
@click.option("--tenant", required=True)
def claim(host: str, tenant: str) -> None:
    """Add a name to a tenant and print the record that proves it."""

    def act() -> Host:
        return domain_claims.find_host(domain_claims.claim_host(host, actor=OPERATOR))

    found: Host = _in_tenant(tenant, act)
    click.echo(f"{found.record_name} TXT {found.record_value}")


@domain_group.command("check")
@click.argument("host")
@click.option("--tenant", required=True)
def check_one(host: str, tenant: str) -> None:
    """Look at a name's record now; map the name when the record proves it. Exit status 1 when it does not."""

    def act() -> Host:
        return domain_claims.check_claim(_claim_of(host), actor=OPERATOR)

    found: Host = _in_tenant(tenant, act)
    click.echo(f"{found.host}: {SAID[found.problem] if found.problem else 'works'}")
    sys.exit(0 if found.mapped and not found.problem else 1)


@domain_group.command("main")
@click.argument("host")
@click.option("--tenant", required=True)
def main(host: str, tenant: str) -> None:
    """Make a name the one that a tenant's mails and receipts link to."""
    _in_tenant(tenant, lambda: domain_claims.make_main(host.lower().rstrip("."), actor=OPERATOR))
    click.echo(f"{tenant} is at {host}")


@domain_group.command("remove")
@click.argument("host")
@click.option("--tenant", required=True)
def remove(host: str, tenant: str) -> None:
    """Take a name away from a tenant; it shows nothing from the next request on."""
    _in_tenant(tenant, lambda: domain_claims.remove_host(host.lower().rstrip("."), actor=OPERATOR))
    click.echo(f"{host} is removed")
