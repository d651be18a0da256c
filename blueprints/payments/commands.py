"""`flask payments …`: look at attempts whose end is not known, and ask the providers now."""

from __future__ import annotations

import uuid

import click
from flask.cli import AppGroup
from sqlalchemy import select

from blueprints.payments.models import Attempt
from blueprints.payments.polling import poll
from blueprints.payments.rules import OPEN_STATES
from blueprints.payments.wire import current_wire
from saas.clock import now
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.services import find_tenant

payments_group = AppGroup("payments", help="Attempts whose end is not known.")


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
            effects = poll(row.id, wire=current_wire(), now=now(), jitter=0)
        click.echo(f"{row.reference}  {', '.join(effects) or 'no news'}")


def _tenant(slug: str) -> uuid.UUID:
    try:
        return find_tenant(slug)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
