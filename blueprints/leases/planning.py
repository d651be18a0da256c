"""When the calendar is looked at for leases: once a day and tenant, from the first lease on."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from saas.ids import new_id
from saas.outbox import enqueue
from tenants.loading import serving

MIDNIGHT = datetime.time(0, 10)  # of the tenant: its day has begun everywhere


def plan_day() -> None:
    """See to it that the next day of the tenant is attended to. Safe to repeat."""
    tenant = serving()
    tomorrow = tenant.today() + datetime.timedelta(days=1)
    due = datetime.datetime.combine(tomorrow, MIDNIGHT, tzinfo=ZoneInfo(tenant.time_zone))
    enqueue("leases.day", {"day": tomorrow.isoformat()}, due_at=due, key=tomorrow.isoformat())


def attend_soon() -> None:
    """Have the calendar looked at as soon as this transaction is kept, and every day from now on.

    Leases that come from elsewhere may have renewed, or ended, long ago.
    """
    enqueue("leases.day", {"day": serving().today().isoformat()}, key=str(new_id()))
    plan_day()
