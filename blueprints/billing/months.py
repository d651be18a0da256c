"""Months that are billed, written as periods ("2026-03"). Pure."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable
from typing import NamedTuple

from saas.languages import N_
from saas.refusals import Refusal

NO_MONTH = N_("Type the month as year and month, such as 2026-03.")
_PERIOD = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
ONE_DAY = datetime.timedelta(days=1)


class Month(NamedTuple):
    """A month by its first and last day."""

    first: datetime.date
    last: datetime.date

    @property
    def period(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def days(self) -> int:
        return self.last.day

    @property
    def before(self) -> Month:
        return month_of(self.first - ONE_DAY)

    @property
    def after(self) -> Month:
        return month_of(self.last + ONE_DAY)


def month_of(day: datetime.date) -> Month:
    return Month(day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def parse_month(text: str, field: str | None = None) -> Month:
    """The month that somebody typed. Raises Refusal for `field`."""
    if (match := _PERIOD.fullmatch(text.strip())) is None:
        raise Refusal(NO_MONTH, field=field)
    return month_of(datetime.date(int(match[1]), int(match[2]), 1))


def due_days(
    month: Month, moved: Callable[[datetime.date], datetime.date] | None = None
) -> list[datetime.date]:
    """For each day of payment, 1 to 31, the day on which the month's rent is due.

    A day that the month does not have is its last one. `moved` gives the business day that stands for a day, where
    the tenant wants that; it may lie in the next month.
    """
    days = [month.first.replace(day=min(day, month.days)) for day in range(1, 32)]
    return [moved(day) for day in days] if moved else days
