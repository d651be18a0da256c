"""Name servers that say what a test wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask

from saas.dns_records import EXTENSION, NoAnswer

HERE = "203.0.113.7"


@dataclass
class Script:
    """`said` are TXT records by name, `leads_to` addresses by name; names in `silent` get no answer."""

    said: dict[str, list[str]] = field(default_factory=dict)
    leads_to: dict[str, set[str]] = field(default_factory=lambda: {"localhost": {HERE}})
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def texts(self, name: str) -> list[str]:
        self._ask(name)
        return self.said.get(name, [])

    def addresses(self, name: str) -> frozenset[str]:
        self._ask(name)
        return frozenset(self.leads_to.get(name, ()))

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.silent:
            raise NoAnswer(name)


@pytest.fixture
def name_servers(app: Flask) -> Iterator[Script]:
    """The application asks this script instead of the world."""
    before = app.extensions.get(EXTENSION)
    script = app.extensions[EXTENSION] = Script()
    yield script
    app.extensions.pop(EXTENSION)
    if before is not None:
        app.extensions[EXTENSION] = before
