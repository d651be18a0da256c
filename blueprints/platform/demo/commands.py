"""`flask demo-data load|show`: the two organisations of the demo."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
from blueprints.platform.demo import agency, cases, messages, people, utility
from blueprints.platform.demo.logins import AGENCY, LOGINS, PASSWORD, STAFF, UTILITY
from blueprints.platform.demo.newcomers import add_newcomer
from blueprints.platform.starter import KITS, give_starter_kit
from saas.audit import Actor
from saas.clock import today
from saas.config import Config
from saas.passwords import hash_password
from saas.scope import unit_of_work
from tenants.services import NewTenant, create_tenant, find_tenant, list_tenants
from tenants.settings import OPTIONAL, SECOND_FACTOR

DEMO = Actor("operator", name="demo")
demo_group = AppGroup("demo-data", help="The organisations of the demo.")

TENANTS = (
    (
        "agency",
        NewTenant(
            slug=AGENCY,
            name="Hogar & Raíz",
            legal_name="Hogar & Raíz Inmobiliaria S.A.S.",
            tax_number="NIT 901.456.789-1",
            country="CO",
            locale="es_CO",
            currency="COP",
            time_zone="America/Bogota",
            host=f"{AGENCY}.localhost",
            capabilities=KITS["agency"].capabilities,
            settings={
                SECOND_FACTOR: OPTIONAL,  # the demo's logins are one step
                "support.phone": "+57 604 444 1820",
                "support.whatsapp": "+57 300 555 0142",
                "support.email": "hola@hogaryraiz.example",
                "support.hours": "Lunes a viernes, 8:00 a 17:30",
                "documents.paper": "us-letter",
                "messages.reminders": True,
            },
        ),
        agency.load,
    ),
    (
        "utility",
        NewTenant(
            slug=UTILITY,
            name="Aguas del Piedemonte",
            legal_name="Aguas del Piedemonte S.A.",
            tax_number="CUIT 30-71234567-1",
            country="AR",
            locale="es_AR",
            currency="ARS",
            time_zone="America/Argentina/Mendoza",
            host=f"{UTILITY}.localhost",
            settings={
                SECOND_FACTOR: OPTIONAL,  # the demo's logins are one step
                "support.phone": "0800 555 2482",
                "support.whatsapp": "+54 9 261 555 0182",
                "support.email": "atencion@piedemonte.example",
                "support.hours": "Todos los días, 7:00 a 21:00",
            },
        ),
        utility.load,
    ),
)
LOGOS = {"agency": "portada/logo.svg", "utility": "caudal/logo.svg"}


@demo_group.command("load")
def load() -> None:
    """Make what is missing of the two organisations. Refuses to run in production."""
    _refuse_production()
    known = {line.slug for line in list_tenants()}
    password_hash = hash_password(PASSWORD)
    for kind, new, fill in TENANTS:
        if new.slug in known:
            click.echo(f"{new.name}: already there")
            continue
        tenant_id = create_tenant(new)
        with unit_of_work(tenant_id):
            give_starter_kit(kind, theme=None, actor=DEMO, logo=LOGOS[kind])
            open_simulator_account(actor=DEMO)
            people.add_login(STAFF.email, "Ana Ruiz", password_hash, role="administrator")
            fill(today(new.time_zone), password_hash)
            messages.load()
            cases.load(kind)
        click.echo(f"{new.name}: made")


@demo_group.command("show")
def show() -> None:
    """Print the addresses and the logins."""
    config: Config = current_app.extensions["ventanilla_config"]
    click.echo(f"Everything at once   {config.origin(config.platform_host)}/")
    click.echo(f"Mails that were sent {config.origin(config.platform_host)}/mailbox\n")
    for _kind, new, _fill in TENANTS:
        click.echo(f"{new.name:<20} {config.origin(new.host)}/")
        for login in LOGINS[new.slug]:
            click.echo(f"    {login.email:<22} {login.who}")
    click.echo(f"\nPassword of all of them: {PASSWORD}")


@demo_group.command("newcomer")
@click.argument("slug", type=click.Choice([AGENCY, UTILITY]))
@click.option("--invoices", type=click.IntRange(1, 12), default=2, help="How many are open (default 2).")
def newcomer(slug: str, invoices: int) -> None:
    """One more person with something to pay, and a login. Refuses to run in production."""
    _refuse_production()
    with unit_of_work(find_tenant(slug)):
        came = add_newcomer(hash_password(PASSWORD), invoices=invoices)
    click.echo(f"{came.email}: {came.name}, {invoices} to pay on {came.account}. Password: {PASSWORD}")


def _refuse_production() -> None:
    config: Config = current_app.extensions["ventanilla_config"]
    if config.environment == "production":
        raise click.ClickException("the demo's organisations are not for production")
