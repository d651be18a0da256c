"""Which numbers the next rent invoices get, and whether they go on where the back office stopped."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, cast, func, select

from blueprints.invoices.models import Invoice
from saas.counters import Counter
from saas.database import db

DIGITS = r"^[0-9]{1,9}$"


class Numbering(NamedTuple):
    """`first` is the number that the next invoice gets unless somebody takes it before. `elsewhere` is the highest one
    with the same beginning that came from a back office and lies above it; None when there is none, and once the series
    has begun: then it was decided."""

    first: int
    elsewhere: int | None


def series_of(prefix: str) -> str:
    return f"invoice:{prefix}"


def numbering(prefix: str, first_number: int) -> Numbering:
    """Reads only. `first_number` is the organisation's setting.

    All invoices of the tenant are looked through, but only until the first run has numbered its first one.
    """
    last = db.session.execute(select(Counter.last).where(Counter.series == series_of(prefix))).scalar()
    first = max((last or 0) + 1, first_number)
    if last is not None:
        return Numbering(first, None)
    rest = func.substr(Invoice.number, len(prefix) + 1)
    highest = db.session.execute(
        select(func.max(cast(rest, BigInteger))).where(
            func.starts_with(Invoice.number, prefix), rest.regexp_match(DIGITS)
        )
    ).scalar()
    return Numbering(first, highest if highest is not None and highest >= first else None)
