"""By how much a rent may rise. Pure: amounts in minor units, rates in millionths, rounding down where law is a cap.

Ley 820 de 2003 (Colombia), article 20: after each twelve months at the same price the rent of housing may rise by at
most 100 % of the rise of consumer prices in the calendar year before. Premises follow their contract.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from blueprints.leases.catalogue import Cap, Index
from blueprints.leases.terms import months_later

WHOLE: Final = 1_000_000
YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What becomes of a rent: `rent` is never under the old one, nor above `limit` where law sets one."""

    rent: int
    wanted: int
    limit: int | None


def limit_of(rent: int, index: int, cap: Cap) -> int:
    """The highest lawful rent after one rise of prices by `index`. Falling prices oblige nobody to lower a rent."""
    return rent + rent * max(index, 0) * cap.share // (WHOLE * WHOLE)


def adjusted(rent: int, *, index: int, points: int = 0, cap: Cap | None = None, step: int = 1) -> Adjustment:
    """The rent after a yearly adjustment by an index plus agreed points.

    `step` is what rents are rounded to, the nearest multiple (half goes up); where a cap stands, the nearest one
    that it allows. A rent that rounding would lower stays as it is.
    """
    wanted = rent + rent * max(index + points, 0) // WHOLE
    rounded = (wanted + step // 2) // step * step
    limit = limit_of(rent, index, cap) if cap else None
    if limit is not None and rounded > limit:
        rounded = limit // step * step
    return Adjustment(max(rounded, rent), wanted, limit)


def due_on(rent_since: datetime.date, months: int = YEAR) -> datetime.date:
    """The first day on which a rent that holds since a day may rise."""
    return months_later(rent_since, months)


def day_in(month: datetime.date, rent_since: datetime.date) -> datetime.date:
    """The day of a month (given by its first) on which a rent of a day changes: its own, or the month's last."""
    apart = (month.year - rent_since.year) * YEAR + month.month - rent_since.month
    return months_later(rent_since, apart)


def period_of(index: Index, day: datetime.date) -> str:
    """Whose value counts for an adjustment on a day: the index's month of the calendar year before."""
    return f"{day.year - 1}-{index.month:02d}"
