"""Public holidays of countries, out of the pinned package `holidays`: where the calendar of a tenant begins.

They change by decree within a year, and the package follows when it is updated; so its version is part of the name
of every calendar, and an organisation can add and remove days at once (tenants/calendars.py).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version

LANGUAGE = "es"
CATEGORIES = ("public",)  # in Venezuela the banks' Mondays, in Argentina optional days, are left out


@lru_cache(maxsize=1)
def library_version() -> str:
    """Of which edition the days are."""
    return version("holidays")


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> Mapping[datetime.date, str]:
    """A year's public holidays by day, with their names; nothing for a country that the package does not know.

    `country` is ISO 3166, two letters; `subdivision` a province's code of the package, or empty.
    """
    import holidays  # takes most of a second, and only who counts days needs it

    known = holidays.list_supported_countries()
    if country not in known:
        return {}
    found = holidays.country_holidays(
        country,
        subdiv=subdivision if subdivision in known[country] else None,
        years=year,
        categories=CATEGORIES,
        language=_language(country),
    )
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def subdivisions(country: str) -> tuple[str, ...]:
    """The provinces of a country with days of their own, by the package's codes."""
    import holidays

    return tuple(holidays.list_supported_countries().get(country, ()))


def _language(country: str) -> str | None:
    """Spanish where the package speaks it, else the language of the country."""
    import holidays

    return LANGUAGE if LANGUAGE in holidays.list_localized_countries().get(country, ()) else None
