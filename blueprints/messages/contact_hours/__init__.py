"""The hours in which the law of a country lets people be contacted: one versioned file each, `<country>.toml`."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from blueprints.messages.rules import Limits, Window

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Law:
    """One version of a country's rule: from which day on, what it is called, where it stands, what it binds."""

    valid_from: datetime.date
    name: str
    source: str
    natures: frozenset[str]
    limits: Limits


def law_on(country: str, day: datetime.date) -> Law | None:
    """The rule in force in a country on a day; None where nobody has written one down."""
    return next((law for law in laws(country) if law.valid_from <= day), None)


@lru_cache(maxsize=32)
def laws(country: str) -> Sequence[Law]:
    """Every version of a country's rule, the newest first."""
    path = FOLDER / f"{country.upper()}.toml"
    if not (country.isascii() and country.isalpha() and path.exists()):
        return ()
    versions = tomllib.loads(path.read_text(encoding="utf-8"))["versions"]
    return sorted((_law(version) for version in versions), key=lambda law: law.valid_from, reverse=True)


def _law(version: dict[str, Any]) -> Law:
    hours = {day: Window(line["from"], line["until"]) for line in version["hours"] for day in line["days"]}
    limits = Limits(hours, version["holidays"], version.get("most_a_day"), version.get("channels_a_week"))
    return Law(
        version["valid_from"], version["name"], version["source"], frozenset(version["natures"]), limits
    )
