"""What a lease says for a day or a month: is it in force, and at which rent. Pure, and the same once as SQL."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

ONE_DAY: Final = datetime.timedelta(days=1)


class RentFrom(NamedTuple):
    """A rent a month in minor units, and the day from which it holds."""

    valid_from: datetime.date
    rent: int


class Segment(NamedTuple):
    """Days (inclusive) that are let at one rent a month."""

    first_day: datetime.date
    last_day: datetime.date
    rent: int


class Term(Protocol):
    """What of a lease decides whether it is in force: a row of `leases`, or anything that looks like one."""

    @property
    def status(self) -> str: ...
    @property
    def starts_on(self) -> datetime.date: ...
    @property
    def ends_on(self) -> datetime.date: ...
    @property
    def renews(self) -> bool: ...
    @property
    def ended_on(self) -> datetime.date | None: ...


def last_day_of(lease: Term) -> datetime.date | None:
    """The last day of a lease as far as it is known; None while it renews by itself."""
    if lease.ended_on is not None:
        return lease.ended_on
    return None if lease.renews else lease.ends_on


def in_force(
    lease: Term, first_day: datetime.date, last_day: datetime.date
) -> tuple[datetime.date, datetime.date] | None:
    """The days (inclusive) between two days on which a lease is in force; None when there is none.

    A draft is never in force. One that renews goes on after `ends_on` until somebody ends it.
    """
    if lease.status == "draft":
        return None
    end = last_day_of(lease)
    since = max(first_day, lease.starts_on)
    until = last_day if end is None else min(last_day, end)
    return (since, until) if since <= until else None


def rent_on(rents: Iterable[RentFrom], day: datetime.date) -> int | None:
    """The rent in force on a day, minor units: of the newest row that begins then or before. None before the first."""
    begun = [row for row in rents if row.valid_from <= day]
    return max(begun).rent if begun else None


def segments(
    lease: Term, rents: Sequence[RentFrom], first_day: datetime.date, last_day: datetime.date
) -> list[Segment]:
    """The days of a lease between two days, cut where its rent changes; together exactly the days of `in_force`.

    Days before the first rent are let at the first one.
    """
    days = in_force(lease, first_day, last_day)
    if days is None or not rents:
        return []
    rows = sorted(rents)
    starts = [datetime.date.min, *(row.valid_from for row in rows[1:])]
    ends = [*(row.valid_from - ONE_DAY for row in rows[1:]), datetime.date.max]
    cut = (
        Segment(max(days[0], start), min(days[1], end), row.rent)
        for row, start, end in zip(rows, starts, ends, strict=True)
    )
    return [one for one in cut if one.first_day <= one.last_day]


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or the last day of a month that has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_term(starts_on: datetime.date, term_until: datetime.date, months: int) -> datetime.date:
    """The last day of the term that follows one that ends on `term_until`.

    A term that ended with a month ends with a month again, whatever the length of February.
    """
    return months_later(term_until + ONE_DAY, months) - ONE_DAY if term_until >= starts_on else term_until


# `segments` for all leases of a tenant at once: parameters :tenant, :first_day, :last_day. One row a lease and rent
# that has days between them. Whoever runs it stands outside the net, hence the tenant in every table.
RENT_SEGMENTS: Final = """
    SELECT l.id AS lease_id, l.number, l.property_id, l.lease_account_id, l.mandate_account_id, l.scenario_code,
           l.currency, l.commission, l.payment_day, l.starts_on, l.ended_on, r.rent,
           greatest(l.starts_on, CAST(:first_day AS date), r.since) AS first_day,
           least(CAST(:last_day AS date), r.until, l.ended_on, CASE WHEN l.renews THEN NULL ELSE l.ends_on END)
             AS last_day
      FROM leases l
      JOIN (SELECT lease_id, rent,
                   CASE WHEN row_number() OVER place > 1 THEN valid_from END AS since,
                   lead(valid_from) OVER place - 1 AS until
              FROM lease_rents WHERE tenant_id = :tenant
            WINDOW place AS (PARTITION BY lease_id ORDER BY valid_from)) r ON r.lease_id = l.id
     WHERE l.tenant_id = :tenant AND l.status <> 'draft' AND l.starts_on <= CAST(:last_day AS date)
       AND coalesce(l.ended_on, CASE WHEN l.renews THEN NULL ELSE l.ends_on END, CAST(:first_day AS date))
           >= CAST(:first_day AS date)
       AND greatest(l.starts_on, CAST(:first_day AS date), r.since)
           <= least(CAST(:last_day AS date), r.until, l.ended_on, CASE WHEN l.renews THEN NULL ELSE l.ends_on END)
"""
