"""`flask outbox …`: do what transactions left behind."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

import click
from flask.cli import AppGroup

from saas import outbox

PAUSE = 2.0  # seconds between two looks at an empty table
log = logging.getLogger("ventanilla.outbox")

outbox_group = AppGroup("outbox", help="What leaves the system after a transaction.")


@outbox_group.command("run")
@click.option("--once", is_flag=True, help="Do what is due now and stop.")
def run(once: bool) -> None:
    """Execute rows that are due, of all tenants, until stopped: then the row that has begun is finished first."""
    if once:
        ran = 0
        while more := outbox.drain():
            ran += more
        click.echo(f"{ran} done")
        return
    over = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while not over.is_set():
        try:
            ran = outbox.drain(stop=over.is_set)
        except Exception:  # a database that is away for a minute
            log.exception("the outbox could not be read")
            ran = 0
        if not ran:
            over.wait(PAUSE)
