"""The rules of a bill: days, rounding, taxes, credits, due days. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.billing.months import due_days, month_of, parse_month
from blueprints.billing.payment_codes import parts_of, payment_code
from blueprints.billing.rules import (
    REAL,
    THIRTY,
    Bill,
    BillLine,
    Extra,
    Tax,
    Wording,
    bill,
    due_on,
    half_up,
    share_of,
    stretches,
)
from blueprints.billing.wording import tax_text
from blueprints.leases.terms import RentFrom
from saas.refusals import Refusal

WORDS = Wording("Rent", "Rent {first} to {last}: {days} of {whole}", "{what} (before)")
IVA = Tax("tax", "IVA 19 %", 190_000)
RETENTION = Tax("withholding", "Retención 3,5 %", 35_000)
MARCH = parse_month("2026-03")
FEBRUARY = parse_month("2026-02")


@dataclass(frozen=True)
class Term:
    starts_on: datetime.date = datetime.date(2024, 1, 1)
    ends_on: datetime.date = datetime.date(2024, 12, 31)
    renews: bool = True
    ended_on: datetime.date | None = None
    status: str = "active"


def march(day: int) -> datetime.date:
    return datetime.date(2026, 3, day)


def let(count: str = REAL, rents: tuple[tuple[datetime.date, int], ...] = (), month=MARCH, **term: object):
    lease = Term(**term)  # type: ignore[arg-type]
    rows = [RentFrom(lease.starts_on, 3_100_000), *(RentFrom(*one) for one in rents)]
    return stretches(lease, rows, month, count)


def rent_of(*amounts: int) -> list[BillLine]:
    return [BillLine("charge", "Rent", amount) for amount in amounts]


def days_of(found) -> list[tuple[int, int]]:
    return [(one.days, one.whole) for one in found]


# --- pro rata ------------------------------------------------------------------------------------------------------


def test_a_whole_month_is_the_rent_whatever_its_length():
    for period in ("2026-02", "2026-03", "2026-04", "2028-02"):
        for count in (REAL, THIRTY):
            (one,) = let(count, month=parse_month(period))
            assert one.amount == 3_100_000 and one.days == one.whole


@pytest.mark.parametrize(
    ("count", "term", "expected"),
    [
        (REAL, {"starts_on": march(18)}, (14, 31)),
        (REAL, {"ended_on": march(17)}, (17, 31)),
        (REAL, {"starts_on": march(31)}, (1, 31)),
        (THIRTY, {"starts_on": march(18)}, (13, 30)),
        (THIRTY, {"ended_on": march(17)}, (17, 30)),
        (THIRTY, {"ended_on": march(30)}, (30, 30)),
        (THIRTY, {"starts_on": march(31)}, (1, 30)),
        (THIRTY, {"starts_on": march(5), "ended_on": march(10)}, (6, 30)),
    ],
)
def test_start_and_end_within_the_month(count, term, expected):
    assert days_of(let(count, **term)) == [expected]


def test_the_last_day_of_february_brings_the_month_to_thirty():
    assert days_of(let(THIRTY, month=FEBRUARY, starts_on=datetime.date(2026, 2, 28))) == [(3, 30)]
    assert days_of(let(THIRTY, month=FEBRUARY, ended_on=datetime.date(2026, 2, 27))) == [(27, 30)]
    assert days_of(let(THIRTY, month=FEBRUARY, starts_on=datetime.date(2026, 2, 2))) == [(29, 30)]


def test_a_lease_that_does_not_renew_ends_by_itself():
    assert let(ends_on=datetime.date(2025, 12, 31), renews=False) == []
    assert days_of(let(ends_on=march(10), renews=False)) == [(10, 31)]
    assert let(status="draft") == []


def test_a_rent_that_changes_inside_the_month_holds_from_its_day():
    first, second = let(rents=((march(10), 6_200_000),))
    assert (first.amount, second.amount) == (900_000, 4_400_000)
    assert (first.last_day, second.first_day) == (march(9), march(10))


def test_a_rent_that_was_agreed_anew_at_the_same_amount_changes_nothing():
    (one,) = let(rents=((march(10), 3_100_000),))
    assert one.amount == 3_100_000


def test_a_change_on_the_31st_leaves_thirty_days_in_a_month_of_thirty():
    assert days_of(let(THIRTY, rents=((march(31), 5),))) == [(29, 30), (1, 30)]


changes = st.lists(
    st.tuples(st.integers(2, 31).map(march), st.integers(1, 10**12)), unique_by=lambda one: one[0], max_size=4
)


@given(changes, st.sampled_from([REAL, THIRTY]), st.integers(1, 31), st.integers(1, 31))
def test_stretches_cover_exactly_the_days_that_are_let(rents, count, first, last):
    found = let(count, tuple(rents), starts_on=march(min(first, last)), ended_on=march(max(first, last)))
    days = {day for one in found for day in range(one.first_day.day, one.last_day.day + 1)}
    assert days == set(range(min(first, last), max(first, last) + 1))
    assert sum((one.last_day - one.first_day).days + 1 for one in found) == len(days)
    whole = MARCH.days if count == REAL else 30
    assert all(0 <= one.days <= whole == one.whole for one in found)
    assert sum(one.days for one in found) <= whole


@given(
    st.integers(1, 10**13),
    st.lists(st.integers(2, 31), unique=True, max_size=6),
    st.sampled_from([REAL, THIRTY]),
)
def test_parts_of_a_month_sum_to_the_month(rent, cuts, count):
    """As one contract after another at the same rent: never more than half a unit apart for each part."""
    edges = [1, *sorted(cuts), 32]
    parts = []
    for first, after in pairwise(edges):
        lease = Term(starts_on=march(first), ended_on=march(after - 1))
        parts += stretches(lease, [RentFrom(lease.starts_on, rent)], MARCH, count)
    if count == REAL:
        assert sum(one.days for one in parts) == 31
        assert abs(sum(one.amount for one in parts) - rent) * 2 <= len(parts)
    assert all(one.amount == half_up(rent * one.days, one.whole) for one in parts)


@given(st.integers(0, 10**18), st.integers(1, 10**6))
def test_half_up(amount, divisor):
    exact = Fraction(amount, divisor)
    found = half_up(amount, divisor)
    assert -Fraction(1, 2) < found - exact <= Fraction(1, 2)


# --- taxes, charges, credits -----------------------------------------------------------------------------------------


def of(charges=(), credits=(), taxes=(), rent: int = 467_000_000, month_let=None) -> Bill:
    found = month_let or stretches(Term(), [RentFrom(Term().starts_on, rent)], MARCH, REAL)
    return bill(found, charges, credits, taxes, WORDS)


def test_the_pack_to_the_cent():
    """Canon 4.670.000, IVA 19 % 887.300, retención 3,5 % 163.450: 5.393.850."""
    found = of(taxes=[IVA, RETENTION])
    assert (found.subtotal, found.tax, found.withholding, found.total) == (
        467_000_000, 88_730_000, 16_345_000, 539_385_000,
    )  # fmt: skip
    assert [line.amount for line in found.lines] == [467_000_000, 88_730_000, -16_345_000]


def test_half_a_unit_of_tax_goes_up():
    assert share_of(50, 10_000) == 1  # 0.5
    assert share_of(49, 10_000) == 0


def test_only_what_is_taxed_is_taxed():
    found = of(
        charges=[Extra("Cuota", 10_000, False), Extra("Parqueadero", 20_000, True)], taxes=[IVA], rent=100_000
    )
    assert found.tax == share_of(120_000, 190_000) and found.subtotal == 130_000


def test_a_taxed_credit_lowers_the_tax_another_does_not():
    assert of(credits=[Extra("Rebaja", 50_000, True)], taxes=[IVA], rent=100_000).tax == 9_500
    assert of(credits=[Extra("Arreglo", 50_000, False)], taxes=[IVA], rent=100_000).tax == 19_000


def test_a_credit_that_exceeds_the_month_goes_over():
    found = of(credits=[Extra("Arreglo", 250_000, False)], rent=100_000)
    assert (found.total, found.subtotal, found.left) == (0, 0, [Extra("Arreglo", 150_000, False)])


def test_credits_are_used_in_their_order_and_the_older_says_so():
    older = Extra("Viejo", 70_000, False, brought=True)
    found = of(credits=[older, Extra("Nuevo", 50_000, False)], rent=100_000)
    assert [(line.description, line.amount) for line in found.lines[1:]] == [
        ("Viejo (before)", -70_000),
        ("Nuevo", -30_000),
    ]
    assert found.left == [Extra("Nuevo", 20_000, False)]


def test_part_of_a_month_says_which():
    found = of(month_let=let(starts_on=march(18)))
    assert found.lines[0].description == "Rent 18 to 31: 14 of 31"


extras = st.lists(
    st.builds(Extra, st.sampled_from(["a", "b"]), st.integers(1, 10**9), st.booleans(), st.booleans()),
    max_size=4,
)
taxes = st.lists(
    st.builds(Tax, st.sampled_from(["tax", "withholding"]), st.just("x"), st.integers(0, 300_000)), max_size=3
)


@given(st.integers(1, 10**10), extras, extras, taxes)
def test_lines_sum_to_the_total_and_no_credit_is_lost(rent, charges, credits, on_top):
    found = of(charges, credits, on_top, rent)
    assert sum(line.amount for line in found.lines) == found.total
    assert found.subtotal == sum(line.amount for line in found.lines if line.kind == "charge") >= 0
    assert found.total == found.subtotal + found.tax - found.withholding
    used = -sum(line.amount for line in found.lines if line.kind == "charge" and line.amount < 0)
    assert used + sum(one.amount for one in found.left) == sum(one.amount for one in credits)
    assert all(line.amount for line in found.lines)
    if not any(one.kind == "withholding" for one in on_top):
        assert found.total >= 0
    if found.left and any(not one.taxed for one in found.left):
        # An untaxed credit goes over only when nothing is left to take it off.
        assert found.subtotal == 0 or found.total <= 0


# --- days of payment, numbers ---------------------------------------------------------------------------------------


def test_a_day_that_the_month_does_not_have_is_its_last():
    assert due_days(FEBRUARY)[30] == datetime.date(2026, 2, 28)
    assert due_days(parse_month("2028-02"))[29] == datetime.date(2028, 2, 29)


def test_due_days_move_only_when_told():
    def monday(day: datetime.date) -> datetime.date:
        return day + datetime.timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)

    assert due_days(MARCH)[0] == march(1)  # a Sunday
    assert due_days(MARCH, monday)[0] == march(2)
    assert due_days(parse_month("2026-02"), monday)[27] == march(2)


def test_nothing_is_due_before_it_begins_or_is_issued():
    days = due_days(MARCH)
    assert due_on(days, 5, march(1), march(1)) == march(5)
    assert due_on(days, 5, march(18), march(1)) == march(18)
    assert due_on(days, 5, march(1), march(20)) == march(20)


@pytest.mark.parametrize("text", ["2026-3", "2026-13", "03-2026", "", "2026-03-01", "٢٠٢٦-03"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(Refusal):
        parse_month(text, field="month")


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)))
def test_months(day):
    month = month_of(day)
    assert month.first <= day <= month.last and parse_month(month.period) == month
    assert month.before.last + datetime.timedelta(days=1) == month.first


def test_payment_codes():
    parts = parts_of("7709{account:6}{number:4}")
    assert payment_code(parts, number="FV-123456", account="CT-2001", period="2026-03") == "77090020013456"
    assert (
        payment_code(parts_of("{period}-{number}"), number="FV-7", account="x", period="2026-03")
        == "202603-7"
    )
    assert payment_code([], number="1", account="1", period="2026-03") is None


@pytest.mark.parametrize(
    "pattern", ["{", "{nothing}", "{number:0}", "abc", "{account}", "{number:100}", "{number.x}"]
)
def test_patterns_that_are_none_are_refused(pattern):
    with pytest.raises(Refusal):
        parts_of(pattern)


def test_a_tax_tells_its_rate_once():
    assert tax_text("IVA", 190_000, "es_CO") == "IVA 19 %"
    assert tax_text("Retención", 35_000, "es_CO") == "Retención 3,5 %"
    assert tax_text("IVA 19%", 190_000, "es_CO") == "IVA 19%"
