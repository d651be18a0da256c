"""Who stands behind an account on a day, and how that changes from a day on. Pure: days of the tenant, shares in
millionths."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

WHOLE: Final = 1_000_000
ONE_DAY: Final = datetime.timedelta(days=1)


class Party(NamedTuple):
    """Somebody's part of an account, and the days on which it holds (inclusive; None: no bound)."""

    customer_id: uuid.UUID
    share: int
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None

    def holds(self, day: datetime.date) -> bool:
        return (self.valid_from or day) <= day <= (self.valid_until or day)

    def meets(self, other: Party) -> bool:
        """Whether they share a day."""
        late = self.valid_until is None or other.valid_from is None or other.valid_from <= self.valid_until
        early = other.valid_until is None or self.valid_from is None or self.valid_from <= other.valid_until
        return late and early


Wanted = Sequence[tuple[uuid.UUID, int]]


def on(rows: Iterable[Party], day: datetime.date) -> dict[uuid.UUID, int]:
    """Who it is on a day, with shares."""
    return {row.customer_id: row.share for row in rows if row.holds(day)}


def owners_on(owners: Sequence[Party], day: datetime.date) -> list[Party]:
    """Whose money it is that came in on a day; the order stays. The one rule: what is held for owners, commissions,
    charges and whatever goes back follow the owners of the day on which the rent came in.

    Rent that is paid before anybody's part begins belongs to the next owners, rent that comes after the last
    part has ended to those who owned last: collected money always has an owner.
    """
    if found := [owner for owner in owners if owner.holds(day)]:
        return found
    later = [owner.valid_from for owner in owners if owner.valid_from and owner.valid_from > day]
    earlier = [owner.valid_until for owner in owners if owner.valid_until]
    if not later and not earlier:
        return []
    nearest = min(later) if later else max(earlier)
    return [owner for owner in owners if owner.holds(nearest)]


def newest_day(rows: Iterable[Party]) -> datetime.date | None:
    """The day on which the last change begins or somebody leaves; None where nothing ever changed."""
    days = [row.valid_from for row in rows if row.valid_from is not None]
    return max(days, default=None)


def changed(rows: Sequence[Party], wanted: Wanted, first_day: datetime.date) -> list[Party]:
    """All rows once those wanted are the ones from `first_day` on. Days before keep their answer, and whoever goes on
    with the same share goes on in the same row. Rows that were to begin on that day or later give way."""
    eve = first_day - ONE_DAY
    result = [
        row._replace(valid_until=min(row.valid_until or eve, eve))
        for row in rows
        if row.valid_from is None or row.valid_from < first_day
    ]
    for customer_id, share in wanted:
        going_on = next(
            (
                place
                for place, row in enumerate(result)
                if (row.customer_id, row.share, row.valid_until) == (customer_id, share, eve)
            ),
            None,
        )
        if going_on is None:
            result.append(Party(customer_id, share, first_day))
        else:
            result[going_on] = result[going_on]._replace(valid_until=None)
    return result


def gaps(rows: Sequence[Party]) -> list[tuple[datetime.date | None, int]]:
    """The days from which the shares make no whole: (day, their sum). A day on which nobody has a part is none."""
    starts = {row.valid_from for row in rows}
    starts |= {row.valid_until + ONE_DAY for row in rows if row.valid_until is not None}
    found: list[tuple[datetime.date | None, int]] = []
    for start in sorted(starts, key=lambda day: day or datetime.date.min):
        total = sum(on(rows, start or datetime.date.min).values())
        if total not in (0, WHOLE):
            found.append((start, total))
    return found
