"""How a file writes numbers and dates, told from the cells themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

Cell = str | int | float | bool | date | None

_NUMBER: Final = re.compile(r"[-(]?\s*(\d[\d.,]*\d)\s*[-)]?", re.ASCII)
_DATE: Final = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:[ T].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Formats:
    """`decimal` is "," or "."; `date_order` is "dmy", "mdy" or "ymd".

    `assumed` names what the file does not tell and the profile's expectation settles
    ("decimal", "date_order"), so that the page can show it as such.
    """

    decimal: str
    date_order: str
    assumed: frozenset[str] = frozenset()


def guess_decimal(cells: Iterable[Cell]) -> str | None:
    """Say "," or "." when the cells tell, else None. A lone "1.234" tells nothing."""
    votes = Counter(mark for cell in cells if isinstance(cell, str) and (mark := _decimal_of(cell)))
    return _winner(votes)


def guess_date_order(cells: Iterable[Cell]) -> str | None:
    """Say "dmy", "mdy" or "ymd" when the cells tell, else None. "05/06/2026" tells nothing."""
    votes = Counter(order for cell in cells if isinstance(cell, str) and (order := _order_of(cell)))
    return _winner(votes)


def _winner(votes: Counter[str]) -> str | None:
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _decimal_of(cell: str) -> str | None:
    found = _NUMBER.fullmatch(cell.strip().lstrip("$").strip())
    if not found:
        return None
    number = found[1]
    points, commas = number.count("."), number.count(",")
    if points and commas:
        return "," if number.rfind(",") > number.rfind(".") else "."
    if points + commas == 0:
        return None
    mark, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other  # only thousands repeat
    return None if len(number) - number.index(mark) == 4 else mark


def _order_of(cell: str) -> str | None:
    found = _DATE.fullmatch(cell.strip())
    if not found:
        return None
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        return "ymd" if 1 <= second <= 12 and 1 <= third <= 31 else None
    if len(found[4]) != 4:
        return None
    if 12 < first <= 31 and 1 <= second <= 12:
        return "dmy"
    if 12 < second <= 31 and 1 <= first <= 12:
        return "mdy"
    return None
