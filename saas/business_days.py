"""Business days: which they are, and how terms are counted in them. Pure: days come in as arguments."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

WEEKEND = frozenset({5, 6})  # Saturday and Sunday, as date.weekday() counts
LONGEST_STRETCH = 400  # days; a calendar with so long a pause is a mistake, and counting on would never end

ONE_DAY = datetime.timedelta(days=1)


class NoBusinessDays(ValueError):
    """A calendar has no business day for longer than a year."""


@dataclass(frozen=True, slots=True)
class DayOff:
    """Why a day does not count. `kind`: weekend, holiday (the country's), own (the organisation's)."""

    kind: str
    name: str = ""


OF_WEEKEND = DayOff("weekend")


@dataclass(frozen=True, slots=True)
class Difference:
    """A day that counts in one calendar and not in another. `off` is why it does not count in the later one,
    None where it counts there now."""

    day: datetime.date
    off: DayOff | None


@dataclass(frozen=True, slots=True, eq=False)
class BusinessCalendar:
    """Days that count and days that do not.

    `base` gives a year's public holidays by day; `off` and `working` are the organisation's own days, with their
    reasons, and win over it. `version` names exactly this calendar: another set of days has another one.
    """

    base: Callable[[int], Mapping[datetime.date, str]]
    version: str
    off: Mapping[datetime.date, str] = field(default_factory=dict)
    working: Mapping[datetime.date, str] = field(default_factory=dict)
    weekend: frozenset[int] = WEEKEND

    def day_off(self, day: datetime.date) -> DayOff | None:
        """Why a day does not count; None for a business day."""
        if day in self.working:
            return None
        if day in self.off:
            return DayOff("own", self.off[day])
        if name := self.base(day.year).get(day):
            return DayOff("holiday", name)
        return OF_WEEKEND if day.weekday() in self.weekend else None

    def is_business_day(self, day: datetime.date) -> bool:
        return self.day_off(day) is None

    def on_or_after(self, day: datetime.date) -> datetime.date:
        """The day itself when it counts, else the first one after it that does. Raises NoBusinessDays."""
        for later in self._from(day, ONE_DAY):
            return later
        raise NoBusinessDays(self.version)

    def next_business_day(self, day: datetime.date) -> datetime.date:
        """The first business day after a day. Raises NoBusinessDays."""
        return self.on_or_after(day + ONE_DAY)

    def add_business_days(self, day: datetime.date, count: int) -> datetime.date:
        """The last day of a term of `count` business days, counted from the day after `day`.

        A term of no days ends on the first business day on or after `day`. Raises ValueError for a negative count.
        """
        if count < 0:
            raise ValueError("a term is not negative")
        if count == 0:
            return self.on_or_after(day)
        return next(islice(self._from(day + ONE_DAY, ONE_DAY), count - 1, None))

    def business_days_before(self, day: datetime.date, count: int) -> datetime.date:
        """The business day that lies `count` business days before a day."""
        if count < 1:
            raise ValueError("count at least one day back")
        return next(islice(self._from(day - ONE_DAY, -ONE_DAY), count - 1, None))

    def business_days_between(self, after: datetime.date, until: datetime.date) -> int:
        """How many business days lie after one day and not after another; 0 where the order is wrong."""
        return sum(1 for day in _days(after, until) if self.is_business_day(day))

    def days_off_between(
        self, after: datetime.date, until: datetime.date
    ) -> list[tuple[datetime.date, DayOff]]:
        """The days after one and not after another that were skipped, without weekends: what a count has to explain."""
        found = ((day, self.day_off(day)) for day in _days(after, until))
        return [(day, off) for day, off in found if off is not None and off.kind != "weekend"]

    def differences(
        self, later: BusinessCalendar, first: datetime.date, last: datetime.date
    ) -> list[Difference]:
        """The days from `first` to `last` that count here and not in `later`, or there and not here."""
        found = []
        for day in _days(first - ONE_DAY, last):
            off = later.day_off(day)
            if (off is None) != self.is_business_day(day):
                found.append(Difference(day, off))
        return found

    def _from(self, day: datetime.date, step: datetime.timedelta) -> Iterator[datetime.date]:
        """Business days from a day on. Raises NoBusinessDays where none comes for longer than a year."""
        fruitless = 0
        while True:
            if self.is_business_day(day):
                fruitless = 0
                yield day
            else:
                fruitless += 1
                if fruitless > LONGEST_STRETCH:
                    raise NoBusinessDays(self.version)
            day += step


def _days(after: datetime.date, until: datetime.date) -> Iterator[datetime.date]:
    day = after + ONE_DAY
    while day <= until:
        yield day
        day += ONE_DAY
