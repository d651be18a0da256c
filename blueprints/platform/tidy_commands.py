"""`flask tidy`: forget what has served its time. Meant for once a day; run twice, it changes nothing."""

from __future__ import annotations

import datetime

import click
from sqlalchemy import CursorResult, delete, or_

from blueprints.auth.models import PendingSignIn
from blueprints.cases import uploads
from saas.clock import now
from saas.database import db
from saas.limits import AttemptBucket
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tenants.people import OneTimeLink, UsedHumanCheck, UserSession
from tenants.services import list_tenants

KEEP_BUCKETS = datetime.timedelta(days=2)
KEEP_LINKS = datetime.timedelta(days=30)
KEEP_DONE_WORK = datetime.timedelta(days=30)


def forget_expired(moment: datetime.datetime) -> int:
    """Delete what is expired of the active tenant; returns how many rows. Dead work is kept: somebody must see it."""
    gone = uploads.tidy(moment)
    for statement in (
        delete(UserSession).where(UserSession.expires_at < moment),
        delete(PendingSignIn).where(PendingSignIn.expires_at < moment),
        delete(OneTimeLink).where(
            OneTimeLink.expires_at < moment - KEEP_LINKS,
            or_(OneTimeLink.consumed_at.is_(None), OneTimeLink.consumed_at < moment - KEEP_LINKS),
        ),
        delete(AttemptBucket).where(AttemptBucket.window_began < moment - KEEP_BUCKETS),
        delete(UsedHumanCheck).where(UsedHumanCheck.expires_at < moment),
        delete(OutboxRow).where(OutboxRow.done_at < moment - KEEP_DONE_WORK),
    ):
        result = db.session.execute(statement.execution_options(synchronize_session=False))
        if isinstance(result, CursorResult):
            gone += result.rowcount
    return gone


@click.command("tidy")
def tidy() -> None:
    """Delete expired sessions, old links, counters of attempts, finished work, and files of forms that nobody sent."""
    for line in list_tenants():
        with unit_of_work(line.id):
            gone = forget_expired(now())
        click.echo(f"{line.slug:<20} {gone} rows")
