"""Whose money it is that came in on a day."""

from __future__ import annotations

import datetime

import pytest

from blueprints.leases.rules import Party, owners_on
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
