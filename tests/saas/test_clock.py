from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
import time_machine

from saas import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_today_is_the_zones_own() -> None:
    with time_machine.travel(datetime(2026, 3, 5, 2, 30, tzinfo=UTC), tick=False):
        assert clock.today("America/Bogota") == date(2026, 3, 4)
        assert clock.today("America/Argentina/Mendoza") == date(2026, 3, 4)
        assert clock.today("UTC") == date(2026, 3, 5)


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        clock.today("America/Macondo")
