"""What operators type: `flask billing run`, `flask billing undo`."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from flask_babel import gettext as _

from blueprints.billing import queries
from blueprints.billing.runs import billed, finish, undo
from blueprints.billing.services import draft_run, go_on, start_run
from saas.audit import Actor
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.services import find_tenant

OPERATOR = Actor("operator", name="flask")
USAGE = 2


@click.group("billing")
def group() -> None:
    """The monthly runs of an agency."""


@group.command("run")
@click.argument("month")
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--lease", default="", help="The number of one contract; by default all in force.")
@click.option("--preview", is_flag=True, help="Only make the draft; issue nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def run_command(month: str, tenant: str, lease: str, preview: bool, as_json: bool) -> None:
    """Bill MONTH (2026-03): draft it and issue what the draft foresees.

    What was billed already is left out, so twice is nothing new. The exit status is 0 when it was done, 1 when the run
    was stopped, 2 when the command itself is wrong.
    """
    tenant_id, language = _tenant(tenant)
    try:
        with unit_of_work(tenant_id):
            run_id = draft_run(month, lease_number=lease, actor=OPERATOR, later=False)
    except Refusal as refusal:
        _stop(_told(refusal, language))
    finish(tenant_id, run_id)
    if not preview and _state(tenant_id, run_id) == "draft":
        with unit_of_work(tenant_id):
            anything = _anything(queries.run(run_id).totals)
            if anything:
                start_run(run_id, actor=OPERATOR, later=False)
        if anything:
            finish(tenant_id, run_id)
    _report(tenant_id, run_id, as_json, language)


@group.command("go-on")
@click.argument("run", type=click.UUID)
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def go_on_command(run: uuid.UUID, tenant: str, as_json: bool) -> None:
    """Take a run on that was stopped, or that nobody works on since a process was killed."""
    tenant_id, language = _tenant(tenant)
    if _state(tenant_id, run) == "stopped":
        with unit_of_work(tenant_id):
            go_on(run, later=False)
    finish(tenant_id, run)
    _report(tenant_id, run, as_json, language)


@group.command("undo")
@click.argument("run", type=click.UUID)
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def undo_command(run: uuid.UUID, tenant: str, as_json: bool) -> None:
    """Take back what RUN issued, while nothing was paid on it. Exit status 1 when that cannot be done."""
    tenant_id, language = _tenant(tenant)
    try:
        counts = undo(tenant_id, run, actor=OPERATOR)
    except Refusal as refusal:
        click.echo(_told(refusal, language), err=True)
        sys.exit(1)
    except NotFound:
        _stop(f"There is no run {run}.")
    if as_json:
        click.echo(json.dumps({"run": str(run), "state": "undone", **counts}))
    else:
        click.echo(f"voided {counts['voided']}, total {counts['total']}")


def _tenant(slug: str) -> tuple[uuid.UUID, str]:
    """The tenant and its language."""
    try:
        tenant_id = find_tenant(slug)
    except Refusal as refusal:
        _stop(str(refusal))
    with unit_of_work(tenant_id):
        return tenant_id, serving().language


def _state(tenant_id: uuid.UUID, run_id: uuid.UUID) -> str:
    try:
        with unit_of_work(tenant_id):
            return str(queries.run(run_id).state)
    except NotFound:
        _stop(f"There is no run {run_id}.")


def _anything(totals: dict[str, Any]) -> bool:
    return bool(billed(totals)[0] or "covered" in totals)


def _report(tenant_id: uuid.UUID, run_id: uuid.UUID, as_json: bool, language: str) -> None:
    with unit_of_work(tenant_id):
        row = queries.run(run_id)
        currency = serving().currency
    count, total = billed(row.totals)
    problem = row.problem and _told(Refusal(row.problem["msgid"], **row.problem["facts"]), language)
    told = {
        "run": str(run_id),
        "month": row.period,
        "state": row.state,
        "foreseen": {"count": count, "total": total, **row.totals},
        "issued": row.issued,
        "total": row.issued_total,
        "currency": currency,
        **({"problem": problem} if problem else {}),
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{row.period}  {row.state}  run {run_id}")
        for effect, part in row.totals.items():
            many = f"{part['count']}, total {part['total']}" if isinstance(part, dict) else part
            click.echo(f"  {effect} {many}")
        click.echo(f"  issued {row.issued}, total {row.issued_total} ({currency}, minor units)")
        if problem:
            click.echo(f"  {problem}")
    sys.exit(1 if row.state == "stopped" else 0)


def _told(refusal: Refusal, language: str) -> str:
    with force_locale(language):
        return str(_(refusal.msgid, **refusal.facts))


def _stop(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(USAGE)
