"""`flask payments …`: attempts whose end is not known, stops of a provider, accounts that are not right."""

from __future__ import annotations

import uuid

import click
from flask.cli import AppGroup
from sqlalchemy import select

from blueprints.payments.account_checks import problems_of_accounts
from blueprints.payments.models import Attempt
from blueprints.payments.polling import poll
from blueprints.payments.registry import ADAPTERS
from blueprints.payments.rules import OPEN_STATES
from blueprints.payments.wire import patient_wire
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.payment_stops import (
    BY_PLATFORM,
    everywhere_stopped,
    resume_everywhere,
    resume_payments,
    stop_everywhere,
    stop_payments,
)
from tenants.services import find_tenant, list_tenants

OPERATOR = Actor("operator")

payments_group = AppGroup("payments", help="Attempts whose end is not known; stops of a provider.")


@payments_group.command("unknown")
@click.option("--tenant", required=True)
def unknown(tenant: str) -> None:
    """List the open attempts of a tenant."""
    with unit_of_work(_tenant(tenant)) as session:
        for row in session.execute(
            select(Attempt.id, Attempt.reference, Attempt.state, Attempt.created_at, Attempt.polls)
            .where(Attempt.state.in_(OPEN_STATES))
            .order_by(Attempt.id)
        ):
            click.echo(
                f"{row.id}  {row.reference}  {row.state:<8} {row.created_at:%Y-%m-%d %H:%M}  asked {row.polls}×"
            )


@payments_group.command("poll")
@click.option("--tenant", required=True)
def poll_now(tenant: str) -> None:
    """Ask the providers about every open attempt of a tenant, each in a transaction of its own."""
    tenant_id = _tenant(tenant)
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(Attempt.id, Attempt.reference).where(Attempt.state.in_(OPEN_STATES))
        ).all()
    for row in rows:
        with unit_of_work(tenant_id):
            effects = poll(row.id, wire=patient_wire(), now=now(), jitter=0)
        click.echo(f"{row.reference}  {', '.join(effects) or 'no news'}")


@payments_group.command("stop")
@click.option("--provider", required=True, type=click.Choice(sorted(ADAPTERS)))
@click.option("--tenant", default=None, help="One tenant.")
@click.option("--all", "everybody", is_flag=True, help="Every tenant.")
@click.option("--yes", is_flag=True, help="Do it without asking, for every tenant.")
@click.option("--reason", required=True, help="Staff of the tenants read it.")
def stop(provider: str, tenant: str | None, everybody: bool, yes: bool, reason: str) -> None:
    """Send nobody to a provider any more; with --all also of tenants that are made later. Payments under way are
    still received."""
    chosen = _chosen(tenant, everybody, yes)
    try:
        if everybody:
            done = stop_everywhere(reason, provider=provider)
            click.echo(f"{'every tenant':<20} {'stopped' if done else 'was stopped already'}")
            _note_everywhere("payments.stopped", provider, reason) if done else None
            return
        for slug, tenant_id in chosen:
            with unit_of_work(tenant_id):
                done = stop_payments(reason, provider=provider, by=BY_PLATFORM, actor=OPERATOR)
            click.echo(f"{slug:<20} {'stopped' if done else 'was stopped already'}")
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None


@payments_group.command("resume")
@click.option("--provider", required=True, type=click.Choice(sorted(ADAPTERS)))
@click.option("--tenant", default=None, help="One tenant.")
@click.option("--all", "everybody", is_flag=True, help="Every tenant.")
@click.option("--yes", is_flag=True, help="Do it without asking, for every tenant.")
def resume(provider: str, tenant: str | None, everybody: bool, yes: bool) -> None:
    """End what `stop` ordered, with --all for everybody; what tenants stopped themselves stays so."""
    chosen = _chosen(tenant, everybody, yes)
    if everybody:
        done = resume_everywhere(provider=provider)
        click.echo(f"{'every tenant':<20} {'resumed' if done else 'was not stopped as a whole'}")
        _note_everywhere("payments.resumed", provider) if done else None
    elif any(stop.provider == provider for stop in everywhere_stopped()):
        raise click.ClickException(f"{provider} is stopped for every tenant: resume it with --all")
    for slug, tenant_id in chosen:
        with unit_of_work(tenant_id):
            done = resume_payments(provider=provider, by=BY_PLATFORM, actor=OPERATOR)
        if done or not everybody:
            click.echo(f"{slug:<20} {'resumed' if done else 'was not stopped'}")


@payments_group.command("check")
def check() -> None:
    """Look at every account that is switched on, without asking any provider. Exit status 1 for what is wrong."""
    found = problems_of_accounts()
    for problem in found:
        click.echo(f"{problem.tenant:<20} {problem.account:<30} {problem.sentence}")
    if found:
        raise SystemExit(1)
    click.echo("every account looks right")


def _chosen(tenant: str | None, everybody: bool, yes: bool) -> list[tuple[str, uuid.UUID]]:
    """One tenant, or all of them when that is said twice."""
    if (tenant is None) == (not everybody):
        raise click.UsageError("say --tenant NAME, or --all")
    if tenant is not None:
        return [(tenant, _tenant(tenant))]
    if not yes:
        click.confirm("For every tenant?", abort=True)
    return [(line.slug, line.id) for line in list_tenants()]


def _note_everywhere(action: str, provider: str, reason: str = "") -> None:
    """Evidence for each tenant of what was ordered for all of them."""
    for line in list_tenants():
        with unit_of_work(line.id):
            data = {"provider": provider, "by": BY_PLATFORM, "everywhere": True}
            audit.record(action, actor=OPERATOR, data={**data, **({"reason": reason} if reason else {})})


def _tenant(slug: str) -> uuid.UUID:
    try:
        return find_tenant(slug)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
