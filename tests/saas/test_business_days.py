"""Counting in business days: the vectors of Colombia's calendar, and what holds for any calendar."""

from __future__ import annotations

import datetime
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.business_days import BusinessCalendar, DayOff, NoBusinessDays
from saas.public_holidays import public_holidays, subdivisions

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


def of(country: str, subdivision: str = "", **own: dict[date, str]) -> BusinessCalendar:
    return BusinessCalendar(partial(public_holidays, country, subdivision), "test", **own)


@pytest.mark.parametrize(
    ("count", "last"),
    [(5, date(2026, 3, 30)), (10, date(2026, 4, 8)), (15, date(2026, 4, 15)), (30, date(2026, 5, 7))],
)
def test_received_on_the_eve_of_a_long_weekend_in_colombia(count: int, last: date):
    """23 March, Maundy Thursday, Good Friday and 1 May do not count; nor does the day of receipt."""
    assert of("CO").add_business_days(date(2026, 3, 20), count) == last


def test_the_days_that_a_count_has_to_explain():
    skipped = of("CO").days_off_between(date(2026, 3, 20), date(2026, 4, 15))
    assert [day for day, _off in skipped] == [date(2026, 3, 23), date(2026, 4, 2), date(2026, 4, 3)]
    assert skipped[1][1] == DayOff("holiday", "Jueves Santo")


@pytest.mark.parametrize(
    ("country", "subdivision", "day"),
    [
        ("CO", "", date(2026, 7, 13)),
        ("AR", "", date(2026, 11, 9)),
        ("AR", "K", date(2026, 5, 11)),
        ("AR", "K", date(2026, 8, 25)),
        ("AR", "K", date(2026, 9, 7)),
        ("AR", "M", date(2026, 7, 25)),
        ("VE", "", date(2026, 6, 24)),
    ],
)
def test_days_by_country_and_province(country: str, subdivision: str, day: date):
    assert not of(country, subdivision).is_business_day(day)
    if subdivision:
        assert day not in public_holidays(country, "", day.year)


def test_a_country_that_nobody_knows_has_weekends_only():
    assert public_holidays("XX", "", 2026) == {} and subdivisions("XX") == ()
    assert of("XX").add_business_days(date(2026, 1, 2), 1) == date(2026, 1, 5)


def test_own_days_win_over_the_country_s():
    bridge, worked = date(2026, 12, 7), date(2026, 12, 8)
    own = of("CO", off={bridge: "Puente"}, working={worked: "Turno"})
    assert own.day_off(bridge) == DayOff("own", "Puente") and own.is_business_day(worked)
    found = of("CO").differences(own, date(2026, 12, 1), date(2026, 12, 31))
    assert [(d.day, d.off) for d in found] == [(bridge, DayOff("own", "Puente")), (worked, None)]


def test_a_calendar_without_business_days_does_not_run_forever():
    never = BusinessCalendar(lambda _year: {}, "never", weekend=frozenset(range(7)))
    with pytest.raises(NoBusinessDays):
        never.add_business_days(date(2026, 1, 1), 1)


def test_no_term_is_negative():
    with pytest.raises(ValueError):
        of("CO").add_business_days(date(2026, 1, 1), -1)
    with pytest.raises(ValueError):
        of("CO").business_days_before(date(2026, 1, 1), 0)


own_days = st.dictionaries(DAYS, st.just("x"), max_size=30)


@given(day=DAYS, count=st.integers(0, 60), more=st.integers(0, 20), off=own_days, working=own_days)
def test_terms_grow_and_never_end_on_a_day_off(
    day: date, count: int, more: int, off: dict[date, str], working: dict[date, str]
):
    found = of("CO", off=off, working=working)
    last = found.add_business_days(day, count)
    assert found.is_business_day(last)
    assert last > day if count else last >= day
    assert found.add_business_days(day, count + more) >= last
    assert found.add_business_days(day + datetime.timedelta(days=1), count) >= last
    if count:
        assert found.business_days_between(day, last) == count


@given(day=DAYS, count=st.integers(1, 40), off=own_days)
def test_a_day_off_more_never_shortens_a_term(day: date, count: int, off: dict[date, str]):
    assert of("CO", off=off).add_business_days(day, count) >= of("CO").add_business_days(day, count)


@given(day=DAYS, count=st.integers(1, 40))
def test_back_and_forth(day: date, count: int):
    """From the day that was found to the eve of `day` lie exactly that many business days."""
    found, one = of("CO"), datetime.timedelta(days=1)
    first = found.business_days_before(day, count)
    assert found.is_business_day(first)
    assert found.business_days_between(first - one, day - one) == count
