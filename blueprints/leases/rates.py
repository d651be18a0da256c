"""Rates as people write them: millionths as per cent, and back. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from saas.languages import N_
from saas.refusals import Refusal

PER_CENT: Final = 10_000  # millionths
_TYPED: Final = re.compile(r"(?P<sign>[-\u2212]?)(?P<number>\d{1,3}(?:[.,]\d{1,4})?)\s*%?", re.ASCII)


def percent(rate: int) -> str:
    """52000 millionths as "5,2"; the page puts the sign behind it."""
    text = f"{Decimal(rate) / PER_CENT:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def parse_percent(text: str, *, field: str | None = None, negative: bool = False) -> int:
    """ "9", "9,5" or "9.5 %" in millionths. Raises Refusal for anything else, and for more than four decimals."""
    found = _TYPED.fullmatch(" ".join(text.split()))
    if found is None or (found["sign"] and not negative):
        raise Refusal(N_("Write a percentage in figures, for example 9 or 9,5."), field)
    rate = int(Decimal(found["number"].replace(",", ".")) * PER_CENT)
    return -rate if found["sign"] else rate
