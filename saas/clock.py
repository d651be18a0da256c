"""The one place that reads the clock. Rules take `today` and `now` as arguments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_zone = lru_cache(maxsize=256)(ZoneInfo)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar day in `zone` (an IANA name such as "America/Bogota"). Raises ZoneInfoNotFoundError."""
    return now().astimezone(_zone(zone)).date()
