"""What operators type about tenants: `flask tenant …`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from blueprints.platform.starter import KITS, give_starter_kit
from saas import audit
from saas.audit import Actor
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.services import NewTenant, create_tenant, find_tenant, list_tenants, suspend_tenant
from tenants.theme_packages import known_packages

OPERATOR = Actor("operator", name="flask")
tenant_group = AppGroup("tenant", help="Put tenants on the air, list, suspend and resume them.")


@tenant_group.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The name that customers read.")
@click.option(
    "--kind", type=click.Choice(["agency", "utility"]), required=True, help="Which starter kit it gets."
)
@click.option("--host", required=True, help="Its domain, such as clientes.example.com.")
@click.option("--legal-name", default="", help="The name on documents; by default the name.")
@click.option("--tax-number", default="", help="Its tax number, as documents print it.")
@click.option("--country", required=True, help="Two letters, such as CO.")
@click.option("--locale", required=True, help="Such as es_CO.")
@click.option("--currency", required=True, help="Such as COP.")
@click.option("--time-zone", required=True, help="Such as America/Bogota.")
@click.option("--theme", type=click.Choice(known_packages()), default=None, help="The theme package.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(
    slug: str,
    name: str,
    kind: str,
    host: str,
    legal_name: str,
    tax_number: str,
    country: str,
    locale: str,
    currency: str,
    time_zone: str,
    theme: str | None,
    as_json: bool,
) -> None:
    """Create a tenant with its domain, capabilities, invoice types and look."""
    try:
        tenant_id = create_tenant(
            NewTenant(
                slug=slug,
                name=name,
                legal_name=legal_name or name,
                tax_number=tax_number,
                country=country,
                locale=locale,
                currency=currency,
                time_zone=time_zone,
                host=host.lower().rstrip("."),
                capabilities=KITS[kind].capabilities,
            )
        )
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    with unit_of_work(tenant_id):
        give_starter_kit(kind, theme=theme, actor=OPERATOR)
        audit.record("tenant.created", actor=OPERATOR, subject=("tenant", tenant_id), data={"host": host})
    if as_json:
        click.echo(json.dumps({"id": str(tenant_id), "slug": slug, "host": host}))
    else:
        click.echo(f"{slug}: {name} is on the air at {host}")
        click.echo(f"Next: flask user invite EMAIL --tenant {slug} --name NAME --role administrator")


@tenant_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_all(as_json: bool) -> None:
    """List the tenants."""
    lines = list_tenants()
    if as_json:
        click.echo(json.dumps([{**asdict(line), "id": str(line.id)} for line in lines]))
        return
    for line in lines:
        click.echo(f"{line.slug:<20} {line.status:<10} {line.currency}  {line.host or '-':<40} {line.name}")


@tenant_group.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Close a tenant's pages; notices of money are still recorded."""
    _set(slug, suspended=True)


@tenant_group.command("resume")
@click.argument("slug")
def resume(slug: str) -> None:
    """Open a suspended tenant's pages again."""
    _set(slug, suspended=False)


def _set(slug: str, *, suspended: bool) -> None:
    try:
        tenant_id = find_tenant(slug)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    suspend_tenant(tenant_id, suspended=suspended)
    word = "suspended" if suspended else "resumed"
    with unit_of_work(tenant_id):
        audit.record(f"tenant.{word}", actor=OPERATOR, subject=("tenant", tenant_id))
    click.echo(f"{slug} is {word}")
