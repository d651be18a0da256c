"""The legal cap of a yearly adjustment, whatever the figures; and which days a lease is let at which rent."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.leases.adjusting import adjusted, day_in, due_on, limit_of, period_of
from blueprints.leases.catalogue import caps, indexes, starter_scenarios
from blueprints.leases.rates import parse_percent, percent
from blueprints.leases.terms import RentFrom, in_force, months_later, next_term, rent_on, segments
from saas.refusals import Refusal

LAW = caps()["co-ley-820"]
RENTS = st.integers(1, 10**12)
RATES = st.integers(-300_000, 2_000_000)
STEPS = st.sampled_from([1, 100, 10_000, 100_000])
DAYS = st.dates(datetime.date(2015, 1, 1), datetime.date(2035, 12, 31))


@given(rent=RENTS, index=RATES, points=st.integers(-100_000, 100_000), step=STEPS)
def test_no_rounding_and_no_agreement_passes_the_cap(rent: int, index: int, points: int, step: int) -> None:
    new = adjusted(rent, index=index, points=points, cap=LAW, step=step)
    assert new.limit is not None
    assert rent <= new.rent <= max(new.limit, rent)
    # The law in its own words: at most 100 % of what prices rose by.
    assert (new.rent - rent) * 1_000_000 <= rent * max(index, 0)


@given(rent=RENTS, index=RATES, points=st.integers(-100_000, 100_000), step=STEPS)
def test_by_agreement_the_new_rent_is_the_nearest_multiple(
    rent: int, index: int, points: int, step: int
) -> None:
    new = adjusted(rent, index=index, points=points, step=step)
    assert new.limit is None
    assert new.rent >= rent
    if new.rent > rent:
        assert new.rent % step == 0
        assert abs(new.rent - new.wanted) * 2 <= step


def test_the_figures_of_2026() -> None:
    index = indexes()["co-ipc"]
    assert period_of(index, datetime.date(2026, 3, 1)) == "2025-12"
    assert index.values["2025-12"] == 51_000
    # 1.000.000 may rise to 1.051.000; rounded to thousands it stays within the law.
    assert adjusted(1_000_000_00, index=51_000, cap=LAW).rent == 1_051_000_00
    assert limit_of(1_000_999_00, 51_000, LAW) == 1_052_049_94
    assert adjusted(1_000_999_00, index=51_000, cap=LAW, step=100_000).rent == 1_052_000_00
    assert adjusted(1_000_999_00, index=51_500, cap=LAW, step=100_000).rent == 1_052_000_00
    assert adjusted(1_000_000_00, index=-10_000, cap=LAW).rent == 1_000_000_00


def test_what_comes_with_the_product_has_its_source() -> None:
    for cap in caps().values():
        assert cap.source
        assert cap.index_code in indexes()
    assert all(index.source for index in indexes().values())
    housing, commercial = starter_scenarios()["CO"]
    assert (housing.purpose, housing.cap, housing.rent_taxes) == ("housing", "co-ley-820", ())
    assert {levy["rate"] for levy in commercial.rent_taxes} == {190_000, 35_000}
    assert commercial.cap is None


@pytest.mark.parametrize(
    ("since", "due"),
    [("2025-03-01", "2026-03-01"), ("2024-02-29", "2025-02-28"), ("2025-12-31", "2026-12-31")],
)
def test_a_rent_may_rise_after_twelve_months(since: str, due: str) -> None:
    day = datetime.date.fromisoformat
    assert due_on(day(since)) == day(due)
    assert day_in(day(due).replace(day=1), day(since)) == day(due)


@dataclass
class Lease:
    status: str = "active"
    starts_on: datetime.date = datetime.date(2025, 3, 15)
    ends_on: datetime.date = datetime.date(2026, 3, 14)
    renews: bool = True
    ended_on: datetime.date | None = None


MARCH = (datetime.date(2026, 3, 1), datetime.date(2026, 3, 31))


def test_in_force_follows_start_end_and_renewal() -> None:
    assert in_force(Lease(), *MARCH) == MARCH
    assert in_force(Lease(renews=False), *MARCH) == (MARCH[0], datetime.date(2026, 3, 14))
    assert in_force(Lease(ended_on=datetime.date(2026, 3, 20)), *MARCH) == (
        MARCH[0],
        datetime.date(2026, 3, 20),
    )
    assert in_force(Lease(ended_on=datetime.date(2026, 2, 28)), *MARCH) is None
    assert in_force(Lease(status="draft"), *MARCH) is None
    assert in_force(Lease(starts_on=datetime.date(2026, 3, 31)), *MARCH) == (MARCH[1], MARCH[1])
    assert in_force(Lease(starts_on=datetime.date(2026, 4, 1)), *MARCH) is None


@given(
    start=DAYS, length=st.integers(0, 900), renews=st.booleans(), ended=st.none() | st.integers(0, 900),
    first=DAYS, span=st.integers(0, 60), changes=st.lists(st.tuples(DAYS, RENTS), max_size=4),
)  # fmt: skip
def test_segments_are_exactly_the_days_in_force(start, length, renews, ended, first, span, changes) -> None:
    days = datetime.timedelta
    lease = Lease(
        starts_on=start,
        ends_on=start + days(length),
        renews=renews,
        ended_on=None if ended is None else start + days(ended),
    )
    rents = [
        RentFrom(start, 1_000),
        *(RentFrom(day, rent) for day, rent in dict(changes).items() if day > start),
    ]
    last = first + days(span)
    found = segments(lease, rents, first, last)
    covered = [
        one.first_day + days(n) for one in found for n in range((one.last_day - one.first_day).days + 1)
    ]
    force = in_force(lease, first, last)
    assert covered == ([force[0] + days(n) for n in range((force[1] - force[0]).days + 1)] if force else [])
    for one in found:
        assert one.rent == rent_on(rents, one.first_day) == rent_on(rents, one.last_day)


def test_terms_end_with_the_month_they_ended_with() -> None:
    start, end = datetime.date(2023, 3, 1), datetime.date(2024, 2, 29)
    assert next_term(start, end, 12) == datetime.date(2025, 2, 28)
    assert months_later(datetime.date(2026, 1, 31), 1) == datetime.date(2026, 2, 28)


@pytest.mark.parametrize(
    ("typed", "rate"),
    [("9", 90_000), ("9,5 %", 95_000), ("0.0001", 1), ("33,3333", 333_333), ("100%", 1_000_000)],
)
def test_percentages_are_read_and_written(typed: str, rate: int) -> None:
    assert parse_percent(typed) == rate
    assert parse_percent(percent(rate)) == rate


@pytest.mark.parametrize("typed", ["", "nueve", "-5", "1.000,5", "9,99999", "１2", "9 5", "=1+1"])
def test_what_is_no_percentage_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        parse_percent(typed)
