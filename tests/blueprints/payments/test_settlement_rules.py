"""What the daily comparison calls a difference."""

from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.interface import CaptureView, Settled
from blueprints.payments.settlement_rules import AMOUNT, EXTRA, MISSING, Difference, differences
from saas.ids import new_id

SINCE = datetime.datetime(2026, 3, 1, 5, tzinfo=datetime.UTC)
UNTIL = SINCE + datetime.timedelta(days=1)
NOON = SINCE + datetime.timedelta(hours=7)


def ours(reference: str, amount: int = 100, currency: str = "COP") -> CaptureView:
    return CaptureView(new_id(), reference, amount, currency, f"p-{reference}", NOON)


def theirs(
    reference: str, amount: int = 100, currency: str = "COP", at: datetime.datetime | None = NOON
) -> Settled:
    return Settled(reference, f"p-{reference}", amount, currency, at)


def found(ours, theirs, booked=(), lists=True) -> list[Difference]:
    return differences(ours, theirs, since=SINCE, until=UNTIL, booked=frozenset(booked), lists=lists)


def kinds(ours, theirs, booked=(), lists=True) -> list[tuple[str, str]]:
    return [(one.kind, one.reference) for one in found(ours, theirs, booked, lists)]


def test_the_same_on_both_sides_is_no_difference():
    assert kinds([ours("a"), ours("b")], [theirs("b"), theirs("a")], booked="ab") == []


def test_what_the_provider_does_not_have_is_missing():
    assert kinds([ours("a")], []) == [(MISSING, "a")]


def test_what_only_the_provider_has_is_extra():
    assert kinds([], [theirs("a")]) == [(EXTRA, "a")]


def test_one_cent_is_a_difference():
    one = found([ours("a", 100)], [theirs("a", 101)], booked="a")[0]
    assert (one.kind, one.our_amount, one.their_amount) == (AMOUNT, 100, 101)


def test_another_currency_is_a_difference():
    assert kinds([ours("a")], [theirs("a", currency="USD")], booked="a") == [(AMOUNT, "a")]


def test_a_double_charge_of_one_reference_is_a_difference():
    one = found([ours("a")], [theirs("a"), theirs("a")], booked="a")[0]
    assert (one.kind, one.their_amount) == (AMOUNT, 200)


def test_around_midnight_each_book_may_have_its_own_day():
    before, after = SINCE - datetime.timedelta(hours=1), UNTIL + datetime.timedelta(hours=1)
    assert kinds([ours("a")], [theirs("a", at=before)], booked="a") == []
    assert kinds([], [theirs("x", at=before), theirs("y", at=after)]) == [], "those are other days' extras"
    assert kinds([], [theirs("a")], booked="a") == [], "booked on the other side of midnight"


def test_a_provider_that_lists_nothing_has_no_extras():
    assert kinds([], [theirs("a")], lists=False) == []
    assert kinds([ours("b")], [], lists=False) == [(MISSING, "b")]


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 10**9), max_size=12),
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 10**9), max_size=12),
)
def test_every_reference_is_judged_once(mine: dict[str, int], other: dict[str, int]):
    result = found(
        [ours(reference, amount) for reference, amount in mine.items()],
        [theirs(reference, amount) for reference, amount in other.items()],
        booked=mine,
    )
    said = {one.reference: one.kind for one in result}
    assert len(said) == len(result)
    for reference in mine.keys() | other.keys():
        if reference not in other:
            assert said[reference] == MISSING
        elif reference not in mine:
            assert said[reference] == EXTRA
        else:
            assert said.get(reference) == (None if mine[reference] == other[reference] else AMOUNT)
