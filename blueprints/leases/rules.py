"""Who owned a mandate on a day. Pure."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import NamedTuple


class Owner(NamedTuple):
    """One owner's part of a mandate, in millionths, and the days on which it held (inclusive, None: no bound)."""

    customer_id: uuid.UUID
    share: int
    valid_from: datetime.date | None = None
    valid_until: datetime.date | None = None

    def owns(self, day: datetime.date) -> bool:
        return (self.valid_from or day) <= day <= (self.valid_until or day)


def owners_on(owners: Sequence[Owner], day: datetime.date) -> list[Owner]:
    """Whose money it is that came in on a day; the order stays.

    Rent that is paid before anybody's part begins belongs to the next owners, rent that comes after the last
    part has ended to those who owned last: collected money always has an owner.
    """
    if found := [owner for owner in owners if owner.owns(day)]:
        return found
    later = [owner.valid_from for owner in owners if owner.valid_from and owner.valid_from > day]
    earlier = [owner.valid_until for owner in owners if owner.valid_until]
    if not later and not earlier:
        return []
    nearest = min(later) if later else max(earlier)
    return [owner for owner in owners if owner.owns(nearest)]
