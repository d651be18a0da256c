"""`flask cases check`: whether what is kept of the clocks is what the logs of cases say."""

from __future__ import annotations

import json
import sys
import uuid

import click
from flask.cli import AppGroup
from sqlalchemy import select

from blueprints.cases import keeping
from blueprints.cases.models import Case
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.services import find_tenant, list_tenants

cases_group = AppGroup("cases", help="What customers ask, and until when it must be answered.")


@cases_group.command("check")
@click.option("--tenant", default=None, help="One tenant; by default all.")
@click.option(
    "--recount", is_flag=True, help="Bring open cases to the present calendar first, each with an event."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(tenant: str | None, recount: bool, as_json: bool) -> None:
    """Compare due dates with what the events say. Exit status 1 on any difference."""
    report: dict[str, list[str]] = {}
    for slug, tenant_id in _chosen(tenant):
        if recount:
            _recount(tenant_id)
        report[slug] = _differences(tenant_id)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    for slug, found in report.items() if not as_json else ():
        click.echo(f"{slug}: {len(found) or 'no'} differences")
        for line in found:
            click.echo(f"  {line}")
    sys.exit(1 if any(report.values()) else 0)


def _recount(tenant_id: uuid.UUID) -> None:
    last: uuid.UUID | None = None
    while True:
        with unit_of_work(tenant_id):
            last = keeping.recount(last)
        if last is None:
            return


def _differences(tenant_id: uuid.UUID) -> list[str]:
    found: list[str] = []
    last: uuid.UUID | None = None
    while True:
        with unit_of_work(tenant_id) as session:
            statement = select(Case.id).order_by(Case.id).limit(keeping.BATCH)
            ids = list(session.execute(statement.where(Case.id > last) if last else statement).scalars())
            found += keeping.differences(ids)
        if len(ids) < keeping.BATCH:
            return found
        last = ids[-1]


def _chosen(slug: str | None) -> list[tuple[str, uuid.UUID]]:
    if slug is None:
        return [(line.slug, line.id) for line in list_tenants()]
    try:
        return [(slug, find_tenant(slug))]
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
