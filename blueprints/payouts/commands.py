"""`flask payouts …`: prepare a run from a job, and list runs. Nothing is approved from here."""

from __future__ import annotations

import datetime
import json
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import Row

from blueprints.payouts import queries
from blueprints.payouts.proposing import Scope
from blueprints.payouts.runs import prepare_run
from saas.audit import Actor
from saas.clock import now
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.services import find_tenant

payouts_group = AppGroup("payouts", help="Runs that pay owners: prepare and list. Approving needs a person.")


@payouts_group.command("prepare")
@click.option("--tenant", required=True)
@click.option("--cut", type=click.DateTime(["%Y-%m-%d"]), help="Collected until; today when left out.")
@click.option("--pay-on", type=click.DateTime(["%Y-%m-%d"]), help="Payment day; today when left out.")
@click.option("--json", "as_json", is_flag=True)
def prepare(
    tenant: str, cut: datetime.datetime | None, pay_on: datetime.datetime | None, as_json: bool
) -> None:
    """Propose what is paid to all owners; people look at it and approve it at the desk."""
    try:
        with unit_of_work(find_tenant(tenant)):
            today = serving().today()
            run_id = prepare_run(
                cut.date() if cut else today,
                pay_on.date() if pay_on else today,
                Scope(),
                actor=Actor("operator"),
                now=now(),
            )
            row = queries.run(run_id)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    _print([row], as_json)


@payouts_group.command("list")
@click.option("--tenant", required=True)
@click.option("--state", type=click.Choice([state for state in queries.STATES if state]), default=None)
@click.option("--json", "as_json", is_flag=True)
def list_runs(tenant: str, state: str | None, as_json: bool) -> None:
    """The newest runs of a tenant."""
    try:
        with unit_of_work(find_tenant(tenant)):
            rows = list(queries.runs(state or "", None).rows)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    _print(rows, as_json)


def _print(rows: list[Row[Any]], as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "id": str(row.id),
                        "number": row.number,
                        "state": row.state,
                        "cut_on": row.cut_on.isoformat(),
                        "pay_on": row.pay_on.isoformat(),
                        "lines": row.lines,
                        "total": row.total,
                        "currency": row.currency,
                    }
                    for row in rows
                ]
            )
        )
        return
    for row in rows:
        click.echo(
            f"{row.number}  {row.state:<9} {row.cut_on}  {row.lines:>6}  {row.total:>16} {row.currency}"
        )
