"""Dates and billing periods."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from blueprints.imports.reading.cells import Parse, Wrong, written
from blueprints.imports.reading.formats import Cell
from saas.languages import N_

FIRST_YEAR, LAST_YEAR = 1900, 2199
_PARTS: Final = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_MONTHLY: Final = re.compile(r"(\d{4})[-/ ]?(\d{1,2})|(\d{1,2})[-/](\d{4})", re.ASCII)


def date_parse(order: str) -> Parse:
    """A day written in `order` ("dmy", "mdy", "ymd") with / . or - and a year of four digits.

    A year written first is always read as such. Raises Wrong, with its own words for a day that the
    calendar does not have.
    """

    def parse(cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = written(cell)
        found = _PARTS.fullmatch(text)
        if not found:
            raise Wrong(N_("“%(value)s” is not a date."), value=text[:40])
        first, second, third = int(found[1]), int(found[3]), int(found[4])
        if len(found[1]) == 4:
            year, month, day = first, second, third
        elif len(found[4]) != 4 or len(found[1]) > 2:
            raise Wrong(N_("“%(value)s” needs a year of four digits."), value=text)
        elif order == "mdy":
            month, day, year = first, second, third
        else:
            day, month, year = first, second, third
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise Wrong(N_("“%(value)s” is too far from today."), value=text)
        try:
            return date(year, month, day)
        except ValueError:
            raise Wrong(N_("“%(value)s” is not a day of the calendar."), value=text) from None

    return parse


def period_parse(per_year: int) -> Parse:
    """Turn "2025-08", "08/2025" or "2025/8" into "2025-08" when `per_year` is 12, else "2025/4" for the fourth
    of `per_year` periods. Raises Wrong."""

    def parse(cell: Cell) -> str:
        if isinstance(cell, date):
            year, number = cell.year, (cell.month - 1) * per_year // 12 + 1
        else:
            text = written(cell)
            found = _MONTHLY.fullmatch(text)
            if not found:
                raise Wrong(N_("“%(value)s” is not a billing period."), value=text[:40])
            year, number = int(found[1] or found[4]), int(found[2] or found[3])
        if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= number <= per_year):
            raise Wrong(N_("“%(value)s” is not a billing period."), value=written(cell)[:40])
        return f"{year}-{number:02d}" if per_year == 12 else f"{year}/{number}"

    return parse


def period_bounds(period: str, per_year: int) -> tuple[date, date]:
    """The first and the last day of a period as `period_parse` writes it."""
    months = 12 // per_year
    year, number = (int(part) for part in re.split(r"[-/]", period))
    first = date(year, (number - 1) * months + 1, 1)
    after = first.month + months
    following = date(year + 1, 1, 1) if after > 12 else date(year, after, 1)
    return first, date.fromordinal(following.toordinal() - 1)
