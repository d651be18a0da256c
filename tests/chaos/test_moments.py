"""Which moments are chosen: every place gets its turn, however often somebody passes another one."""

from __future__ import annotations

import random
from collections import Counter

from chaos.moments import PLACES
from chaos.run import AHEAD, next_places


def test_a_path_that_everybody_walks_does_not_take_all_kills():
    where: Counter[str] = Counter()
    chance = random.Random(1)
    for _ in range(500):
        # Whoever polls is always the first to come by; nobody ever gets to a job.
        coming = [place for place in next_places(where, chance) if place.path != "job"]
        if coming:
            where[max(coming, key=lambda place: place.path == "poll").name] += 1
    assert max(where.values()) == AHEAD + 1


def test_every_place_of_a_path_has_its_turn():
    where: Counter[str] = Counter()
    chance = random.Random(1)
    for _ in range(len(PLACES) * 10):
        where[chance.choice(next_places(where, chance)).name] += 1
    assert set(where) == {place.name for place in PLACES}
    assert max(where.values()) - min(where.values()) <= AHEAD + 1
