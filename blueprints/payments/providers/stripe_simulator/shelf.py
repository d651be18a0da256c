"""Where the simulated Stripe keeps what it knows of one merchant."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Protocol

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that an idempotency key has had: the digest of its question, and what was said."""

    digest: str
    status: int
    body: Thing


class Shelf(Protocol):
    """The things of one merchant by their ids, and the answers by their idempotency keys."""

    def get(self, thing_id: str) -> Thing | None:
        """A copy of a thing; changing it changes nothing before it is put back."""
        ...

    def put(self, thing: Thing) -> None: ...

    def all(self, kind: str) -> list[Thing]:
        """The things of a kind ("charge"), the newest first."""
        ...

    def answered(self, key: str) -> Kept | None: ...

    def keep(self, key: str, answer: Kept) -> None: ...


class MemoryShelf:
    """A shelf for tests."""

    def __init__(self) -> None:
        self._things: dict[str, Thing] = {}
        self._answers: dict[str, Kept] = {}

    def get(self, thing_id: str) -> Thing | None:
        return copy.deepcopy(self._things.get(thing_id))

    def put(self, thing: Thing) -> None:
        self._things[thing["id"]] = copy.deepcopy(thing)

    def all(self, kind: str) -> list[Thing]:
        found = [copy.deepcopy(thing) for thing in self._things.values() if thing["object"] == kind]
        return list(reversed(found))

    def answered(self, key: str) -> Kept | None:
        return self._answers.get(key)

    def keep(self, key: str, answer: Kept) -> None:
        self._answers[key] = answer
