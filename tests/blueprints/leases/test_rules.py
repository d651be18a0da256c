"""Whose money it is that came in on a day."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.leases.rules import WHOLE, Party, changed, gaps, newest_day, on, owners_on
from saas.ids import new_id

ANA, BETO, CARLA = new_id(), new_id(), new_id()
D = datetime.date
SOLD = D(2026, 7, 1)
PARTS = [
    Party(ANA, 600_000, D(2026, 1, 1), D(2026, 6, 30)),
    Party(BETO, 400_000, D(2026, 1, 1), D(2026, 9, 30)),
    Party(CARLA, 600_000, SOLD, D(2026, 9, 30)),
]


@pytest.mark.parametrize(
    ("day", "whose"),
    [
        (D(2026, 1, 1), [ANA, BETO]),
        (D(2026, 6, 30), [ANA, BETO]),
        (SOLD, [BETO, CARLA]),
        (D(2026, 9, 30), [BETO, CARLA]),
        (D(2025, 12, 20), [ANA, BETO]),  # paid before the contract began
        (D(2026, 12, 1), [BETO, CARLA]),  # paid long after it ended
    ],
)
def test_the_owners_of_the_day_get_it(day: datetime.date, whose: list[object]) -> None:
    assert [owner.customer_id for owner in owners_on(PARTS, day)] == whose


def test_in_a_gap_it_belongs_to_the_next() -> None:
    parts = [Party(ANA, 1, None, D(2026, 3, 1)), Party(CARLA, 1, D(2026, 5, 1))]
    assert owners_on(parts, D(2026, 4, 1)) == parts[1:]
    assert owners_on(parts, D(1990, 1, 1)) == parts[:1]


def test_without_dates_they_always_own() -> None:
    parts = [Party(ANA, 1), Party(BETO, 1)]
    assert owners_on(parts, SOLD) == parts
    assert owners_on([], SOLD) == []


def test_who_goes_on_with_the_same_share_goes_on_in_the_same_row():
    before = [Party(ANA, 600_000, D(2026, 1, 1)), Party(BETO, 400_000, D(2026, 1, 1))]
    assert changed(before, [(CARLA, 600_000), (BETO, 400_000)], SOLD) == [
        Party(ANA, 600_000, D(2026, 1, 1), D(2026, 6, 30)),
        Party(BETO, 400_000, D(2026, 1, 1)),
        Party(CARLA, 600_000, SOLD),
    ]


def test_another_share_of_the_same_person_is_another_row():
    before = [Party(ANA, 600_000, D(2026, 1, 1)), Party(BETO, 400_000, D(2026, 1, 1))]
    assert changed(before, [(ANA, 1_000_000)], SOLD) == [
        Party(ANA, 600_000, D(2026, 1, 1), D(2026, 6, 30)),
        Party(BETO, 400_000, D(2026, 1, 1), D(2026, 6, 30)),
        Party(ANA, 1_000_000, SOLD),
    ]


def test_a_change_of_the_same_day_is_corrected_and_may_be_undone():
    before = [Party(ANA, WHOLE, D(2026, 1, 1))]
    wrong = changed(before, [(BETO, WHOLE)], SOLD)
    assert changed(wrong, [(CARLA, WHOLE)], SOLD)[1:] == [Party(CARLA, WHOLE, SOLD)]
    assert changed(wrong, [(ANA, WHOLE)], SOLD) == before


def test_days_on_which_shares_make_no_whole_are_found():
    assert gaps(PARTS) == []
    assert gaps([*PARTS, Party(ANA, 1, D(2026, 8, 1), D(2026, 8, 31))]) == [(D(2026, 8, 1), WHOLE + 1)]
    assert gaps([Party(ANA, 500_000)]) == [(None, 500_000)]


PEOPLE = [new_id() for _ in range(4)]
SETS = st.dictionaries(st.sampled_from(PEOPLE), st.integers(1, 99), min_size=1)


@given(st.lists(st.tuples(SETS, st.integers(0, 40)), min_size=1, max_size=8))
def test_whatever_changes_each_day_has_one_whole_and_the_past_its_answer(steps):
    first = D(2026, 1, 1)
    rows = [Party(PEOPLE[0], WHOLE, first)]
    for parts, later in steps:
        day = max(newest_day(rows) or first, first) + datetime.timedelta(days=later)
        total = sum(parts.values())
        wanted = [(who, part * WHOLE // total) for who, part in parts.items()]
        wanted[0] = (wanted[0][0], wanted[0][1] + WHOLE - sum(share for _who, share in wanted))
        past = {day - datetime.timedelta(days=n): None for n in range(1, 60)}
        told = {one: on(rows, one) for one in past if one >= first}
        rows = changed(rows, wanted, day)
        assert on(rows, day) == on(rows, day + datetime.timedelta(days=1000)) == dict(wanted)
        assert {one: on(rows, one) for one in told} == told
        assert gaps(rows) == []
        for one in rows:
            others = [row for row in rows if row is not one and row.customer_id == one.customer_id]
            assert not any(one.meets(other) for other in others), "one row a person and day"
