"""Dates as people read and type them: day first, month by name, always the tenant's zone."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import Locale

from saas.languages import N_
from saas.refusals import Refusal

# CLDR's medium form of es_CO is "4/03/2026" and its English form begins with the month, so we say how ourselves.
_LONG: Final = {"es": "{day} de {month} de {year}", "pt": "{day} de {month} de {year}"}
_MONTH: Final = {"es": "{month} de {year}", "pt": "{month} de {year}"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_PIVOT: Final = 70  # two digits: 00-69 is this century, 70-99 the last


@lru_cache(maxsize=64)
def _words(locale: str) -> tuple[str, str, dict[int, str]]:
    parsed = Locale.parse(locale, sep="-" if "-" in locale else "_")
    months = {number: str(name) for number, name in parsed.months["format"]["wide"].items()}
    language = parsed.language
    return _LONG.get(language, "{day} {month} {year}"), _MONTH.get(language, "{month} {year}"), months


_zone = lru_cache(maxsize=256)(ZoneInfo)


@lru_cache(maxsize=4096)  # a page says the same few days again and again
def format_long(day: date, locale: str) -> str:
    """ "4 de marzo de 2026", "4 March 2026"."""
    pattern, _, months = _words(locale)
    return pattern.format(day=day.day, month=months[day.month], year=day.year)


def format_short(day: date) -> str:
    """ "04/03/2026", in every locale."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def format_month(month: str, locale: str) -> str:
    """A period "2026-03" as "marzo de 2026". Raises ValueError when it is no month."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError(f"{month!r} is no month")
    _, pattern, months = _words(locale)
    return pattern.format(month=months[int(month[5:])], year=int(month[:4]))


@lru_cache(maxsize=1024)  # the rows of a list share few periods
def format_period(period: str, locale: str) -> str:
    """A period as people say it: "2026-03" is a month; any other, such as "2026/2", stays as the tenant writes it."""
    try:
        return format_month(period, locale)
    except ValueError:
        return period


def format_datetime(moment: datetime, zone: str, locale: str, *, short: bool = False) -> str:
    """An aware moment on the clocks of `zone`: "4 de marzo de 2026, 15:07"; short, "04/03/2026 15:07".

    Raises ValueError for a naive moment, whose zone nobody knows.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be shown")
    local = moment.astimezone(_zone(zone))
    clock = f"{local.hour:02d}:{local.minute:02d}"
    return f"{format_short(local)} {clock}" if short else f"{format_long(local.date(), locale)}, {clock}"


_NUMERIC: Final = re.compile(r"([0-9]{1,2})([/.\- ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_ISO: Final = re.compile(r"([0-9]{4})([/.-])([0-9]{1,2})\2([0-9]{1,2})")
_NAMED: Final = re.compile(r"([0-9]{1,2})(?: de)? ([a-z]{3,12})\.?(?: del?)?,? ([0-9]{4})")


def parse_date(text: str, locale: str, *, field: str | None = None) -> date:
    """The day that a person typed: "4-3-26", "04/03/2026", "4 de marzo de 2026" or ISO; the day always comes first.

    Two-digit years lie between 1970 and 2069. Raises Refusal for `field` when the text is no date, or a day that
    does not exist, such as 31/02.
    """
    bare = " ".join(text[:64].split()).lower()
    if match := _NUMERIC.fullmatch(bare):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
        if len(match[4]) == 2:
            year += 2000 if year < _PIVOT else 1900
    elif match := _ISO.fullmatch(bare):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif (match := _NAMED.fullmatch(_plain(bare))) and (named := _month_number(match[2], locale)):
        day, month, year = int(match[1]), named, int(match[3])
    else:
        raise Refusal(
            N_("Write the date as day, month and year, for example %(example)s."), field, example="27/03/2026"
        )
    try:
        found = date(year, month, day)
    except ValueError:
        raise Refusal(N_("The date %(text)s does not exist."), field, text=bare) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Refusal(N_("Check the year of the date %(text)s."), field, text=bare)
    return found


_HOUR: Final = re.compile(r"([0-9]{1,2})(?:[:.h ]?([0-9]{2}))? ?(?:h|hs|([ap])\.? ?m\.?)?")


def parse_time(text: str, *, field: str | None = None) -> time:
    """The hour that a person typed: "9", "14:30", "14.30", "2:30 p. m.". Raises Refusal for `field` when it is none."""
    match = _HOUR.fullmatch(" ".join(text[:32].split()).lower())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if match and match[3]:
        hour = hour % 12 + (12 if match[3] == "p" else 0) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise Refusal(N_("Write the hour, for example %(example)s."), field, example="14:30")
    return time(hour, minute)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _month_number(name: str, locale: str) -> int | None:
    """The one month whose name, whole or cut after three letters or more, is `name`."""
    months = _words(locale)[2]
    found = [number for number, month in months.items() if _plain(month.lower()).startswith(name)]
    return found[0] if len(found) == 1 else None
