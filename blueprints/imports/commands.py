"""What operators type: `flask import`, `flask import-undo`, `flask import-list`."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from flask_babel import gettext as _

from blueprints.imports.batches import ALL_OR_NOTHING, GOOD_ROWS_ONLY
from blueprints.imports.loading import home
from blueprints.imports.problems import RowProblem
from blueprints.imports.queries import batches
from blueprints.imports.recognise import Pack, resolve_profile
from blueprints.imports.runs import Outcome, run_import, undo_import
from saas.audit import Actor
from saas.languages import LANGUAGES
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.services import find_tenant

OPERATOR = Actor("operator", name="flask")
USAGE = 2
NUMBERS = ("rows_read", "created", "updated", "unchanged", "refused")


@click.command("import")
@click.argument("profile")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and keep nothing.")
@click.option("--good-rows-only", is_flag=True, help="Take the good rows when others are refused.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default=None, help="Of the reasons; by default the tenant's."
)
@with_appcontext
def import_command(
    profile: str,
    file: Path,
    tenant: str,
    dry_run: bool,
    good_rows_only: bool,
    as_json: bool,
    language: str | None,
) -> None:
    """Import FILE with the profile (or the pack, for a folder too) PROFILE.

    The exit status is 0 when it was taken in, 1 when it was refused, 2 when the command itself is wrong.
    """
    try:
        tenant_id = find_tenant(tenant)
        with unit_of_work(tenant_id):
            chosen = language or home().language
        choice = resolve_profile(profile)
    except Refusal as refusal:
        _stop(_told(refusal, language or LANGUAGES[0]))
    mode = GOOD_ROWS_ONLY if good_rows_only else ALL_OR_NOTHING
    try:
        outcomes = run_import(tenant_id, choice, file, mode=mode, dry_run=dry_run, actor=OPERATOR)
    except Refusal as refusal:
        _stop(_told(refusal, chosen))
    if as_json:
        whole = isinstance(choice, Pack) and file.is_dir()
        written = [_as_json(outcome, chosen) for outcome in outcomes]
        click.echo(json.dumps(_totals(profile, file, written) if whole else written[0], ensure_ascii=False))
    else:
        for outcome in outcomes:
            _print(outcome, chosen)
    sys.exit(0 if all(outcome.state == "done" for outcome in outcomes) else 1)


def _stop(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(USAGE)


def _told(refusal: Refusal, language: str) -> str:
    with force_locale(language):
        return str(_(refusal.msgid, **refusal.facts))


def reason(problem: RowProblem, language: str) -> str:
    with force_locale(language):
        return str(_(problem.msgid, **dict(problem.facts)))


def _as_json(outcome: Outcome, language: str) -> dict[str, Any]:
    def listed(problems: Iterable[RowProblem]) -> list[dict[str, Any]]:
        return [
            {"row": one.row_number, "column": one.column, "value": one.value, "reason": reason(one, language)}
            for one in problems
        ]

    report = outcome.report
    answer: dict[str, Any] = {
        "profile": outcome.profile,
        "file": outcome.file,
        "rows_read": report.rows_read,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused,
        "refusals": listed(one for one in report.problems if one.refuses),
        "warnings": listed(one for one in report.problems if not one.refuses),
        "batch": str(outcome.batch_id),
        "dry_run": outcome.dry_run,
        "state": outcome.state,
    }
    if outcome.problem is not None:
        answer["problem"] = _told(outcome.problem, language)
    return answer


def _totals(profile: str, folder: Path, files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "profile": profile,
        "file": str(folder),
        "files": list(files),
        **{name: sum(one[name] for one in files) for name in NUMBERS},
        "dry_run": files[0]["dry_run"],
        "state": "done" if all(one["state"] == "done" for one in files) else files[-1]["state"],
    }


def _print(outcome: Outcome, language: str) -> None:
    report = outcome.report
    click.echo(
        f"{outcome.file}  {outcome.profile}  {outcome.state}{'  (dry run)' if outcome.dry_run else ''}"
    )
    click.echo(
        f"  read {report.rows_read}, created {report.created}, updated {report.updated}, "
        f"unchanged {report.unchanged}, refused {report.refused}"
    )
    if outcome.problem is not None:
        click.echo(f"  {_told(outcome.problem, language)}")
    for one in report.problems:
        place = f"row {one.row_number}" + (f", {one.column}" if one.column else "")
        click.echo(f"  {'' if one.refuses else 'warning: '}{place}: {reason(one, language)}")
    click.echo(f"  batch {outcome.batch_id}")


@click.command("import-undo")
@click.argument("batch", type=click.UUID)
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def undo_command(batch: uuid.UUID, tenant: str, as_json: bool) -> None:
    """Take back what an import brought, while nothing was paid on it. Exit status 1 when that cannot be done."""
    try:
        tenant_id = find_tenant(tenant)
    except Refusal as refusal:
        _stop(str(refusal))
    with unit_of_work(tenant_id):
        language = home().language
    try:
        counts = undo_import(tenant_id, batch, actor=OPERATOR)
    except Refusal as refusal:
        click.echo(_told(refusal, language), err=True)
        sys.exit(1)
    except NotFound:
        click.echo(f"There is no import {batch}.", err=True)
        sys.exit(USAGE)
    if as_json:
        click.echo(json.dumps({"batch": str(batch), "state": "undone", **counts}))
    else:
        click.echo(", ".join(f"{name} {number}" for name, number in counts.items()))


@click.command("import-list")
@click.option("--tenant", required=True, help="The tenant's short name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def list_command(tenant: str, as_json: bool) -> None:
    """The last imports of a tenant, the newest first."""
    try:
        tenant_id = find_tenant(tenant)
    except Refusal as refusal:
        _stop(str(refusal))
    with unit_of_work(tenant_id):
        rows = batches().rows
    if as_json:
        listed = [
            {
                "batch": str(row.id),
                "profile": row.profile,
                "file": row.file_name,
                "state": row.state,
                "dry_run": row.dry_run,
                "created_at": row.created_at.isoformat(),
                **{name: getattr(row, name) for name in NUMBERS},
            }
            for row in rows
        ]
        click.echo(json.dumps({"imports": listed}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.state:<9}{'dry ' if row.dry_run else '    '}"
            f"{row.profile:<32} {row.file_name}  created {row.created}, refused {row.refused}"
        )
