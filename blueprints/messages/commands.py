"""`flask messages …`: plan today's reminders, take in what mail servers send back."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from blueprints.messages.bounces import read_report
from blueprints.messages.jobs import order_day
from blueprints.messages.returns import take_back
from saas.clock import now
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.services import find_tenant, list_tenants

messages_group = AppGroup("messages", help="Reminders; what mail servers send back.")


@messages_group.command("remind")
@click.option("--tenant", default=None, help="One tenant; else all of them.")
def remind(tenant: str | None) -> None:
    """Have today's reminders planned. Typed twice, nothing happens twice; the outbox does the work."""
    try:
        chosen = [find_tenant(tenant)] if tenant else [line.id for line in list_tenants()]
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    for tenant_id in chosen:
        with unit_of_work(tenant_id):
            here = serving()
            order_day(here.today())
            click.echo(f"{here.slug:<20} {'on' if here.setting('messages.reminders') else 'off'}")


@messages_group.command("bounce")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def bounce(path: Path) -> None:
    """Take in a mail that came back, or a folder of them (one file each).

    Files of a folder are moved: to `taken` what was written down, to `unknown` what is no report about a message of
    ours. So whatever fills the folder needs to know nothing of us.
    """
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    for file in files:
        said = _take_in(file.read_bytes())
        click.echo(f"{file.name:<40} {said or 'unknown'}")
        if path.is_dir():
            target = path / ("taken" if said else "unknown")
            target.mkdir(exist_ok=True)
            file.rename(target / file.name)


def _take_in(raw: bytes) -> str:
    """What became of a report, in a word; empty when it tells nothing."""
    found = read_report(raw)
    if found is None:
        return ""
    try:
        with unit_of_work(found.tenant_id):
            serving()
            written = take_back(found, now())
    except NotFound:  # a tenant that is gone
        return ""
    return ("bounced" if found.for_good else "delayed") if written else ""
