"""Rules that come as versioned files with their sources: legal caps, price indexes, the first scenarios."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `share` (millionths) of the index may be added to a rent that has stood for `months`."""

    name: str
    titles: Mapping[str, str]
    source: str
    index_code: str
    share: int
    months: int


@dataclass(frozen=True, slots=True)
class Index:
    """A price index; of the year before an adjustment the value of `month` counts. `values` are known ones."""

    code: str
    titles: Mapping[str, str]
    month: int
    source: str
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StarterScenario:
    code: str
    purpose: str
    names: Mapping[str, str]
    rent_taxes: tuple[Mapping[str, Any], ...]
    commission_taxes: tuple[Mapping[str, Any], ...]
    index_code: str | None
    cap: str | None


@lru_cache(maxsize=1)
def caps() -> Mapping[str, Cap]:
    return {
        name: Cap(name, _titles(row), row["source"], row["index"], row["share"], row["months"])
        for name, row in _read("caps").items()
    }


@lru_cache(maxsize=1)
def indexes() -> Mapping[str, Index]:
    return {
        code: Index(code, _titles(row), row["month"], row["source"], row["values"])
        for code, row in _read("indexes").items()
    }


@lru_cache(maxsize=1)
def starter_scenarios() -> Mapping[str, tuple[StarterScenario, ...]]:
    """By country."""
    return {
        country: tuple(
            StarterScenario(
                row["code"],
                row["purpose"],
                row["names"],
                tuple(row["rent_taxes"]),
                tuple(row["commission_taxes"]),
                row.get("index"),
                row.get("cap"),
            )
            for row in rows
        )
        for country, rows in _read("scenarios").items()
        if isinstance(rows, list)
    }


def said(titles: Mapping[str, str], language: str) -> str:
    """A text in a language, or in any that it has."""
    return titles.get(language) or next(iter(titles.values()), "")


def _titles(row: Mapping[str, Any]) -> Mapping[str, str]:
    return {language: row[language] for language in ("es", "en")}


def _read(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
