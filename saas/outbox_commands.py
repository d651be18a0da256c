"""`flask outbox …`: do what transactions left behind."""

from __future__ import annotations

import time

import click
from flask.cli import AppGroup

from saas import outbox

PAUSE = 2.0  # seconds between two looks at an empty table

outbox_group = AppGroup("outbox", help="What leaves the system after a transaction.")


@outbox_group.command("run")
@click.option("--once", is_flag=True, help="Do what is due now and stop.")
def run(once: bool) -> None:
    """Execute rows that are due, of all tenants, until stopped."""
    while True:
        ran = outbox.drain()
        if once:
            while more := outbox.drain():
                ran += more
            click.echo(f"{ran} done")
            return
        if not ran:
            time.sleep(PAUSE)
