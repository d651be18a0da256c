"""What every step of one load needs to know."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging.people import Named


@dataclass(frozen=True, slots=True)
class Home:
    """The tenant's facts that a load depends on."""

    currency: str
    country: str
    language: str
    time_zone: str


@dataclass(slots=True)
class Load:
    """One file on its way in. `constants` are the profile's; `named` collects the document numbers of people
    who are pointed at; `memo` is what a target keeps between its steps."""

    batch_id: uuid.UUID
    home: Home
    moment: datetime.datetime
    constants: Mapping[str, Any]
    named: Named = field(default_factory=Named)
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will come of the good rows. `steps` is the number of places in staged_ready."""

    created: int
    updated: int
    steps: int


class Target(Protocol):
    """A module that knows one kind of record.

    `FIELDS` are the staged columns and their SQL types. `prepare` turns a chunk's columns into what is staged
    and says what is wrong; `judge` compares with the database and writes into staged_wrong; `plan` makes
    staged_ready, whose `place` counts from 1; `write` inserts what places `first` to `last` ask for;
    `finish` tells whoever listens.
    """

    @property
    def FIELDS(self) -> Mapping[str, str]: ...  # noqa: N802

    def prepare(self, columns: Columns, load: Load) -> list[tuple[str, Found]]: ...

    def judge(self, load: Load) -> None: ...

    def plan(self, load: Load) -> Plan: ...

    def write(self, load: Load, first: int, last: int) -> None: ...

    def finish(self, load: Load) -> None: ...
