"""`flask payments collected` and, to try it, `flask payments collect-sample`."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from blueprints.payments import collected_queries as queries
from blueprints.payments.collected_samples import sample_file
from blueprints.payments.collecting import go_on, order, take_in
from blueprints.payments.commands import payments_group
from blueprints.payments.registry import COLLECTOR
from saas.audit import Actor
from saas.config import Config
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.provider_account_services import open_account
from tenants.provider_accounts import ProviderAccount
from tenants.services import find_tenant

OPERATOR = Actor("operator", name="flask")


class _Rehearsed(Exception):
    """Ends a transaction whose work must not stay."""


@payments_group.command("collected")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--account", required=True, help="The collector's account, by its name.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what it would do; keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def collected(file: Path, tenant: str, account: str, dry_run: bool, as_json: bool) -> None:
    """Take FILE in, a collector's daily file, and apply its lines.

    The exit status is 0 when it was taken in, 1 when it was refused.
    """
    tenant_id = _tenant(tenant)
    try:
        told = _rehearse(tenant_id, account, file) if dry_run else _apply(tenant_id, account, file)
    except Refusal as refusal:
        click.echo(json.dumps({"refused": str(refusal)}) if as_json else str(refusal), err=not as_json)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({**told, "dry_run": dry_run}, ensure_ascii=False))
        return
    click.echo(f"{told['file']}: {told['lines']} payments, {'would be' if dry_run else 'now'}:")
    for group in told["groups"]:
        click.echo(
            f"  {group['what']:<32} {group['lines']:>7}  {group['total']} {group['currency']} (minor units)"
        )


def _apply(tenant_id: uuid.UUID, account: str, file: Path) -> dict[str, Any]:
    with unit_of_work(tenant_id):
        taken = take_in(_account(account), file.read_bytes(), file.name, actor=OPERATOR)
        order(taken, actor=OPERATOR)
    while go_on(tenant_id, taken):
        pass
    with unit_of_work(tenant_id):
        return _told(taken, queries.effects(taken))


def _rehearse(tenant_id: uuid.UUID, account: str, file: Path) -> dict[str, Any]:
    told: dict[str, Any] = {}
    try:
        with unit_of_work(tenant_id):
            taken = take_in(_account(account), file.read_bytes(), file.name, actor=OPERATOR)
            told = _told(taken, queries.expected(taken))
            raise _Rehearsed
    except _Rehearsed:
        return told


def _told(taken: uuid.UUID, groups: list[queries.Group]) -> dict[str, Any]:
    found = queries.collected_file(taken)
    return {
        "file": found.file_name,
        "collector": found.collector,
        "lines": found.lines,
        "total": found.total,
        "currency": found.currency,
        "groups": [
            {"what": group.what, "currency": group.currency, "lines": group.lines, "total": group.total}
            for group in groups
        ],
    }


@payments_group.command("collect-sample")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--account", required=True, help="The collector's account, by its name.")
def collect_sample(out: Path, tenant: str, account: str) -> None:
    """Write to OUT what the collector would send if all open coupons were paid today. Not in production."""
    config: Config = current_app.extensions["ventanilla_config"]
    if config.environment == "production":
        raise click.ClickException("samples are not for production")
    with unit_of_work(_tenant(tenant)):
        content, count = sample_file(open_account(_account(account)), serving().today())
    out.write_bytes(content)
    click.echo(f"{out}: {count} payments")


def _account(name: str) -> uuid.UUID:
    found = db.session.execute(
        select(ProviderAccount.id).where(ProviderAccount.provider == COLLECTOR, ProviderAccount.name == name)
    ).scalar()
    if found is None:
        raise click.ClickException(f"no cash collector is called {name}")
    return found


def _tenant(slug: str) -> uuid.UUID:
    try:
        return find_tenant(slug)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
