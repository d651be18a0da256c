"""What operators type to be sure: `flask ledger check`, `flask audit verify`, `flask doctor`."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select, text

from blueprints.invoices.models import Invoice
from blueprints.ledger.queries import receivables_by_invoice, unbalanced_entries
from blueprints.owners.checking import differences as differences_of_owners
from blueprints.payments.account_checks import problems_of_accounts
from blueprints.payments.checking import differences
from blueprints.platform.certificate import rsa_problem
from saas import audit, outbox
from saas.config import Config
from saas.platform_database import platform_connection
from saas.refusals import Refusal
from saas.schema import newest_revision
from saas.scope import unit_of_work
from tenants.services import find_tenant, list_tenants

ledger_group = AppGroup("ledger", help="The books.")
audit_group = AppGroup("audit", help="The evidence.")


def _chosen(slug: str | None) -> list[tuple[str, uuid.UUID]]:
    if slug is None:
        return [(line.slug, line.id) for line in list_tenants()]
    try:
        return [(slug, find_tenant(slug))]
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal


@ledger_group.command("check")
@click.option("--tenant", default=None, help="One tenant; by default all.")
@click.option("--json", "as_json", is_flag=True)
def check(tenant: str | None, as_json: bool) -> None:
    """Compare every cached balance with the books, every entry with zero, payments with what they paid, and what was
    kept from owners with what was collected. Exit status 1 on any difference."""
    report: dict[str, dict[str, Any]] = {}
    for slug, tenant_id in _chosen(tenant):
        with unit_of_work(tenant_id) as session:
            books = receivables_by_invoice()
            cached = {
                row.id: row.open_amount for row in session.execute(select(Invoice.id, Invoice.open_amount))
            }
            differing = [
                str(invoice)
                for invoice in cached.keys() | books.keys()
                if cached.get(invoice, 0) != books.get(invoice, 0)
            ]
            unbalanced = [str(entry) for entry in unbalanced_entries()]
            report[slug] = {
                "invoices": len(cached),
                "differing": differing,
                "unbalanced": unbalanced,
                "payments": differences(),
                "owners": differences_of_owners(),
            }
    problems = {
        slug: [*found["differing"], *found["unbalanced"], *found["payments"], *found["owners"]]
        for slug, found in report.items()
    }
    if as_json:
        click.echo(json.dumps(report))
    else:
        for slug, found in report.items():
            state = "DIFFERS" if problems[slug] else "ok"
            click.echo(f"{slug:<20} {state:<8} {found['invoices']} invoices")
            for problem in problems[slug][:20]:
                click.echo(f"  {problem}")
    sys.exit(1 if any(problems.values()) else 0)


@audit_group.command("verify")
@click.option("--tenant", default=None, help="One tenant; by default all.")
def verify(tenant: str | None) -> None:
    """Walk the audit chain. Names the first broken row; exit status 1."""
    broken = False
    for slug, tenant_id in _chosen(tenant):
        with unit_of_work(tenant_id):
            number = audit.first_broken()
        broken = broken or number is not None
        click.echo(f"{slug:<20} {'ok' if number is None else f'BROKEN at row {number}'}")
    sys.exit(1 if broken else 0)


@click.command("doctor")
def doctor() -> None:
    """Say what is configured, what is reachable and what is wrong. Exit status 1 when something is."""
    config: Config = current_app.extensions["ventanilla_config"]
    lines: list[tuple[bool, str]] = []
    lines.append(
        (True, f"environment {config.environment}, mail {config.mail.partition('@')[2] or config.mail}")
    )
    lines.append((config.https or config.environment != "production", "HTTPS is on"))
    lines.append(
        (config.environment != "production" or not config.simulator_host, "no bank simulator in production")
    )
    try:
        with platform_connection() as connection:
            version = connection.execute(text("SHOW server_version")).scalar()
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            strong = connection.execute(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            ).scalar()
            bare = connection.execute(
                text(
                    "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                    "WHERE a.attname = 'tenant_id' AND c.relkind = 'r' "
                    "AND c.relnamespace = 'public'::regnamespace "
                    "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
                )
            ).scalar()
        lines.append((True, f"PostgreSQL {version}"))
        lines.append(
            (revision == newest_revision(), f"schema {revision}, the code wants {newest_revision()}")
        )
        lines.append((not strong, "the database role cannot bypass row security"))
        lines.append((not bare, "row security is forced on every tenant's table"))
        waiting = dead = 0
        for line in list_tenants():
            with unit_of_work(line.id):
                backlog = outbox.backlog()
            waiting, dead = waiting + backlog["waiting"], dead + backlog["dead"]
        lines.append((not dead, f"outbox: {waiting} waiting, {dead} dead"))
        wrong = problems_of_accounts()
        lines.append((not wrong, f"accounts at payment providers: {len(wrong)} wrong"))
        lines.extend((False, f"{found.tenant}: {found.account}: {found.sentence}") for found in wrong)
    except Exception as problem:
        lines.append((False, f"the database does not answer: {type(problem).__name__}"))
    if config.https and config.environment == "production":
        found = rsa_problem(config.platform_host)
        sentence = f"certificate for payment notices, {config.platform_host}: {found or 'RSA'}"
        lines.append((found is None, sentence))
    for good, sentence in lines:
        click.echo(f"{'ok ' if good else 'BAD'}  {sentence}")
    sys.exit(0 if all(good for good, _sentence in lines) else 1)
