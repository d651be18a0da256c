from __future__ import annotations

import uuid

from saas.ids import new_id


def test_is_the_standard_type_version_seven() -> None:
    made = new_id()
    assert type(made) is uuid.UUID
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_sorts_by_time_and_never_repeats() -> None:
    made = [new_id() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)
