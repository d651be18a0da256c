"""What runs later: messages leave, and every day is planned."""

from __future__ import annotations

import datetime
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.messages.keeping import forget_texts
from blueprints.messages.lease_news import tell_of_expiring_papers
from blueprints.messages.leaving import leave
from blueprints.messages.planning import plan_batch_notices, plan_notices, plan_step, steps_for
from blueprints.messages.services import LEAVE
from saas.clock import now
from saas.outbox import enqueue, handler
from tenants.loading import serving

DAY = "messages.day"
STEP = "messages.step"
NOTICES = "messages.notices"
BEGINS = datetime.time(0, 10)  # local: a day is planned before anybody may be contacted


@handler(LEAVE)
def let_leave(payload: dict[str, Any]) -> None:
    leave(uuid.UUID(payload["message"]), now())
    order_day(serving().today() + datetime.timedelta(days=1))  # whoever sends has days to plan


def order_day(day: datetime.date) -> None:
    """Have a day planned when it begins; today's at once. Once, however often it is asked."""
    begins = datetime.datetime.combine(day, BEGINS, tzinfo=ZoneInfo(serving().time_zone))
    enqueue(DAY, {"day": day.isoformat()}, key=day.isoformat(), due_at=begins)


@handler(DAY)
def plan_day(payload: dict[str, Any]) -> None:
    """Order each step of the day, and the next day. A day that a stopped server slept through is not made up for:
    the steps of the day on which it wakes look back themselves."""
    tenant = serving()
    today = tenant.today()
    order_day(today + datetime.timedelta(days=1))
    for step in steps_for(tenant, today):
        enqueue(STEP, {"day": today.isoformat(), "step": step.code}, key=f"{today}:{step.code}")
    tell_of_expiring_papers(today)
    forget_texts(now())


@handler(STEP)
def plan_one_step(payload: dict[str, Any]) -> None:
    """A batch of one step; what is left is another row's work."""
    day = datetime.date.fromisoformat(payload["day"])
    step = next((one for one in steps_for(serving(), day) if one.code == payload["step"]), None)
    if step is None:
        return  # reminders were switched off meanwhile
    rest = plan_step(step, _after(payload), now())
    if rest is not None:
        enqueue(STEP, {**payload, "after": str(rest)}, key=f"{day}:{step.code}:{rest}")


@handler(NOTICES)
def plan_some_notices(payload: dict[str, Any]) -> None:
    """A batch of notices about new invoices, of a stretch of a run or of an import."""
    if "batch" in payload:
        rest = plan_batch_notices(uuid.UUID(payload["batch"]), _after(payload), now())
        named = payload["batch"]
    else:
        first, last = uuid.UUID(payload["first"]), uuid.UUID(payload["last"])
        rest, named = plan_notices(first, last, _after(payload), now()), payload["first"]
    if rest is not None:
        enqueue(NOTICES, {**payload, "after": str(rest)}, key=f"{named}:{rest}")


def _after(payload: dict[str, Any]) -> uuid.UUID | None:
    return uuid.UUID(payload["after"]) if payload.get("after") else None
