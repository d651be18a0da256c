"""When the clocks of cases are counted: after each event that they listen to, and when the calendar changes."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from blueprints.cases import alarms, keeping
from blueprints.cases.clock import DEEDS
from saas.business_days import BusinessCalendar
from saas.events import subscribe
from saas.outbox import enqueue, handler
from tenants.calendars import CHANGED
from tenants.loading import serving

RECOUNT = "cases.recount"


def count(case_id: uuid.UUID, event_id: uuid.UUID, kind: str, at: datetime.datetime) -> None:
    """Something was logged: count, keep, and plan the next warning."""
    if kind not in DEEDS:
        return
    clock = keeping.keep(case_id)
    if clock is not None:
        alarms.plan(case_id, clock, after=serving().today())


def follow_calendar(before: BusinessCalendar, after: BusinessCalendar, **_facts: object) -> None:
    """The calendar changed: the open cases follow in batches, each in a transaction of its own."""
    enqueue(RECOUNT, {"calendar": after.version, "after": None}, key=after.version)


@handler(RECOUNT)
def recount(payload: dict[str, Any]) -> None:
    after = payload["after"]
    last = keeping.recount(uuid.UUID(after) if after else None)
    if last is not None:
        enqueue(
            RECOUNT,
            {"calendar": payload["calendar"], "after": str(last)},
            key=f"{payload['calendar']}:{last}",
        )


subscribe("case.logged", count)
subscribe(CHANGED, follow_calendar)
