"""Verbs of the desk and of the command line: draft a run, start it, let it go on, drop it, ask for it to be undone.
The work itself is done by jobs (or at once, by a command)."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final

from sqlalchemy import select, update

from blueprints.billing.jobs import order_clearing, order_steps, order_undo
from blueprints.billing.models import BillingRun
from blueprints.billing.months import month_of, parse_month
from blueprints.billing.runs import billed, frozen_rules
from blueprints.leases.models import Lease
from saas import audit
from saas.audit import Actor
from saas.clock import now, today
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

MONTHS_AHEAD: Final = 2
MONTHS_BACK: Final = 24
TOO_FAR: Final = N_("Choose a month from %(back)s months ago to %(ahead)s months ahead.")
DAY_RANGE: Final = N_("The invoices' date must lie between today and the end of the month billed.")
NO_LEASE: Final = N_("There is no contract “%(number)s”.")
NOT_DRAFT: Final = N_("This run was started already.")
DATE_PASSED: Final = N_(
    "The date of these invoices has passed since the draft was made. Draft the month again."
)
NOTHING: Final = N_("There is nothing to issue in this draft.")
NOT_STOPPED: Final = N_("This run is not stopped.")
NOT_DONE: Final = N_("Only a run that is done can be undone.")


def draft_run(
    period: str,
    *,
    lease_number: str = "",
    issued_on: datetime.date | None = None,
    actor: Actor,
    later: bool = True,
) -> uuid.UUID:
    """Have a draft made for a month ("2026-03") of the tenant, of all contracts or of one. Returns the run.

    `issued_on` is the date that the invoices will bear; today by default. `later` False: the caller takes the steps.
    Raises Refusal that names the field at fault.
    """
    month = parse_month(period, field="month")
    day = today(serving().time_zone)
    away = (month.first.year - day.year) * 12 + month.first.month - day.month
    if not -MONTHS_BACK <= away <= MONTHS_AHEAD:
        raise Refusal(TOO_FAR, field="month", back=MONTHS_BACK, ahead=MONTHS_AHEAD)
    if issued_on is not None and not day <= issued_on <= max(month.last, month_of(day).last):
        raise Refusal(DAY_RANGE, field="issued_on")
    lease_id = None
    if number := lease_number.strip():
        lease_id = db.session.execute(select(Lease.id).where(Lease.number == number)).scalar()
        if lease_id is None:
            raise Refusal(NO_LEASE, field="lease", number=number)
    run = BillingRun(
        id=new_id(),
        period=month.period,
        lease_id=lease_id,
        issued_on=issued_on or day,
        state="preparing",
        rules=frozen_rules(month),
        totals={},
        created_by=actor.user_id,
        created_at=now(),
    )
    db.session.add(run)
    db.session.flush()
    if later:
        order_steps(run.id)
    return run.id


def start_run(run_id: uuid.UUID, *, actor: Actor, later: bool = True) -> None:
    """Issue what a draft foresees. Raises NotFound, and Refusal when it cannot be started."""
    row = _row(run_id)
    if row.state != "draft":
        raise Refusal(NOT_DRAFT)
    if row.issued_on < today(serving().time_zone):
        raise Refusal(DATE_PASSED)
    count, total = billed(row.totals)
    if not count and "covered" not in row.totals:
        raise Refusal(NOTHING)
    _move(run_id, "draft", NOT_DRAFT, state="running", started_at=now(), started_by=actor.user_id)
    audit.record(
        "billing.started",
        actor=actor,
        subject=("billing-run", run_id),
        data={"period": row.period, "count": count, "total": total, "currency": serving().currency},
    )
    if later:
        order_steps(run_id)


def go_on(run_id: uuid.UUID, *, later: bool = True) -> None:
    """Let a run that was stopped go on. Raises NotFound, and Refusal when it is not stopped."""
    row = _row(run_id)
    _move(
        run_id,
        "stopped",
        NOT_STOPPED,
        state="running" if row.started_at is not None else "preparing",
        problem=None,
    )
    if later:
        order_steps(run_id)


def discard_run(run_id: uuid.UUID) -> None:
    """Drop a draft. Raises NotFound, and Refusal when it was started."""
    row = _row(run_id)
    if row.started_at is not None or row.state not in ("draft", "stopped"):
        raise Refusal(NOT_DRAFT)
    _move(run_id, row.state, NOT_DRAFT, state="discarded", problem=None)
    order_clearing(run_id)


def ask_to_undo(run_id: uuid.UUID, *, actor: Actor) -> None:
    """Have a run taken back. Raises NotFound, and Refusal for one that is not done."""
    row = _row(run_id)
    if row.started_at is None:
        raise Refusal(NOT_DONE)
    _move(run_id, "done", NOT_DONE, state="undoing", problem=None)
    order_undo(run_id, actor)


def _row(run_id: uuid.UUID) -> Any:
    row = db.session.execute(
        select(
            BillingRun.state,
            BillingRun.period,
            BillingRun.issued_on,
            BillingRun.totals,
            BillingRun.started_at,
        ).where(BillingRun.id == run_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def _move(run_id: uuid.UUID, since: str, refusal: str, **values: Any) -> None:
    """Change a run that still is in a state: of two who press at once the second is refused."""
    moved = db.session.execute(
        update(BillingRun)
        .where(BillingRun.id == run_id, BillingRun.state == since)
        .values(**values)
        .returning(BillingRun.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        raise Refusal(refusal)
