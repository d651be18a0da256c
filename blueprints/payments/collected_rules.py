"""Decisions about collected lines. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from blueprints.payments.interface import CollectedLine
from saas.languages import N_
from saas.refusals import Refusal

# What became of a line.
PAID = "paid"  # an attempt was captured
INVOICE_PAID = "invoice-paid"  # an invoice was found by the code on its paper
REPEATED = "repeated"  # the same payment stood in an earlier line
ASIDE = "quarantined"  # a person must look: "quarantined:<why>"
# Why a line is put aside, besides the reasons in `rules`.
NOTHING_OWED = "nothing-owed"
AMBIGUOUS = "ambiguous-reference"
KEY_REUSED = "key-reused"
# What a line is expected to do, before anybody has said go.
EXPECTED: Final = ("coupon", "invoice", "differs", NOTHING_OWED, AMBIGUOUS, REPEATED, "unknown")


@dataclass(frozen=True, slots=True)
class Span:
    """What a file comes to. `currency` is empty when there are several, and then `total` adds up nothing real."""

    lines: int
    total: int
    currency: str
    first_day: datetime.date | None
    last_day: datetime.date | None


def span(lines: Iterable[CollectedLine]) -> Span:
    """Count a file's lines and add them up."""
    count, total, currencies, days = 0, 0, set(), set()
    for line in lines:
        count += 1
        total += line.amount
        currencies.add(line.currency)
        days.add(line.paid_on)
    currency = currencies.pop() if len(currencies) == 1 else ""
    return Span(count, total, currency, min(days, default=None), max(days, default=None))


def check_days(lines: Iterable[CollectedLine], today: datetime.date) -> None:
    """Nobody has paid tomorrow: such a day means that the file is read wrongly. Raises Refusal."""
    for line in lines:
        if line.paid_on > today + datetime.timedelta(days=1):  # a collector's day may have begun before ours
            raise Refusal(
                N_("Line %(line)s is dated %(day)s, which is still to come."),
                line=line.number,
                day=line.paid_on.isoformat(),
            )


def bare(reference: str) -> str:
    """A printed reference without the zeros in front: columns are filled with them, so they say nothing."""
    return reference.lstrip("0")
