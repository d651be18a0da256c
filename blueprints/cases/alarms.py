"""Before a term falls due, and when it has: one job at a time per case, which says so and leaves the next one.

Told: `case.due-soon` and `case.overdue` with the facts of `_facts`, once per step of a due date.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from blueprints.cases.clock import RUNNING, Clock
from blueprints.cases.keeping import clock_of_case
from blueprints.cases.models import Case
from saas.database import db
from saas.events import emit
from saas.outbox import enqueue, handler
from tenants.calendars import calendar
from tenants.context import TenantContext
from tenants.loading import serving

TOPIC = "cases.warn"
MORNING = datetime.time(7)
OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A step on the way to a due date: its name, and the day on which it is said."""

    step: str
    day: datetime.date


def steps_to(due: datetime.date, tenant: TenantContext) -> list[Alarm]:
    """The warnings of a due date, in order: so many business days before it, on the day, on the day after it."""
    days = calendar()
    before = {tenant.setting("cases.first-warning"), tenant.setting("cases.second-warning")} - {0}
    return [
        *(Alarm(str(count), days.business_days_before(due, count)) for count in sorted(before, reverse=True)),
        Alarm("0", due),
        Alarm(OVERDUE, due + datetime.timedelta(days=1)),
    ]


def plan(case_id: uuid.UUID, clock: Clock, *, after: datetime.date) -> None:
    """Leave the next warning of a running clock that is said on a later day than `after`.

    A term that is over before anybody could be warned, as that of a letter that lay about, is told of at once.
    """
    if clock.state != RUNNING or clock.due_on is None:
        return
    tenant, due = serving(), clock.due_on
    for alarm in steps_to(due, tenant):
        if alarm.day > after or (alarm.step == OVERDUE and due < after):
            enqueue(
                TOPIC,
                {"case_id": str(case_id), "due_on": due.isoformat(), "step": alarm.step},
                due_at=datetime.datetime.combine(alarm.day, MORNING, ZoneInfo(tenant.time_zone)),
                key=f"{case_id}:{due}:{alarm.step}",
            )
            return


@handler(TOPIC)
def warn(payload: dict[str, Any]) -> None:
    """Say it, unless the case was answered, paused or moved meanwhile: then another row knows better."""
    case_id = uuid.UUID(payload["case_id"])
    clock = clock_of_case(case_id)
    if clock is None or clock.state != RUNNING or str(clock.due_on) != payload["due_on"]:
        return
    tenant = serving()
    emit("case.overdue" if payload["step"] == OVERDUE else "case.due-soon", **_facts(case_id, clock))
    plan(case_id, clock, after=tenant.today())


def _facts(case_id: uuid.UUID, clock: Clock) -> dict[str, Any]:
    """case_id, number, class_code, subject_code, customer_id, user_id, account_id, assigned_to, stage, due_on, left
    (business days; negative: too late) and silence (what no answer means by law, if anything yet)."""
    row = db.session.execute(
        select(
            Case.id.label("case_id"),
            Case.number,
            Case.class_code,
            Case.subject_code,
            Case.customer_id,
            Case.user_id,
            Case.account_id,
            Case.assigned_to,
            Case.stage,
        ).where(Case.id == case_id)
    ).one()
    return {**row._mapping, "due_on": clock.due_on, "left": clock.left, "silence": clock.silence}
