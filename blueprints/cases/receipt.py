"""When a case that staff write down came in: from then on its clock runs, not from when somebody typed it. Pure."""

from __future__ import annotations

import datetime
from typing import Final
from zoneinfo import ZoneInfo

from saas.dates import parse_date, parse_time
from saas.languages import N_
from saas.refusals import Refusal

OLDEST: Final = datetime.timedelta(days=180)
"""What came in longer ago is a mistyped year rather than a letter that lay about."""
LONGEST_WHY: Final = 300


def received(day: str, hour: str, zone: str, locale: str) -> datetime.datetime:
    """The moment that somebody typed, on the tenant's clocks. Raises Refusal (fields received_on, received_hour)."""
    on = parse_date(day, locale, field="received_on")
    return datetime.datetime.combine(on, parse_time(hour, field="received_hour"), ZoneInfo(zone))


def check_received(moment: datetime.datetime, now: datetime.datetime, zone: str, why: str) -> None:
    """Raises Refusal for a moment in the future or absurdly old, and for an earlier day without a reason: who files
    a case later than it came in shortens the time that is left to answer it, and says why."""
    here, today = moment.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    if moment > now:
        field = "received_on" if here > today else "received_hour"
        raise Refusal(N_("It cannot have come in later than now."), field=field)
    if now - moment > OLDEST:
        raise Refusal(
            N_("That is more than %(days)s days ago: check the date."), field="received_on", days=OLDEST.days
        )
    if here < today and not why:
        raise Refusal(N_("Say why it is filed later than the day on which it came in."), field="late_why")
