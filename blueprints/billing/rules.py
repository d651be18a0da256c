"""What a lease is billed for a month. Pure: days of the tenant, minor units of one currency, rates in millionths.

staging/bills.py says the same for ten thousand leases at once; a test compares the two row by row.

Pro rata. A rent is for a month; of a month that is not let whole, each stretch at one rent costs rent × days / days of
the month, where the tenant chooses between the real days of the month and a month that always has thirty (mes
comercial: the 31st counts with the 30th, and the last day of February brings the month to thirty). A rent that changes
inside the month holds from its very day: the month is split there. Charges and credits are not divided.

Taxes and withholdings are the lease's scenario's; each is reckoned on what is taxed together and rounded half up to
the minor unit. No law of the countries served fixes another rounding below the unit of payment; half up is what the
agencies' back offices do, as the pack `agencia` shows to the cent (4.670.000 × 3,5 % = 163.450).

Credits never make an invoice negative. A taxed credit takes at most what is taxed, others at most what is left to
pay; what exceeds goes over to the next month.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from blueprints.billing.months import Month
from blueprints.leases.terms import RentFrom, Segment, Term, segments

REAL: Final = "real"
THIRTY: Final = "30"
COUNTS: Final = (REAL, THIRTY)
MILLION: Final = 1_000_000

NEW, CHANGED, SAME, GONE, SKIPPED, COVERED = "new", "changed", "same", "gone", "skipped", "covered"
EFFECTS: Final = (NEW, CHANGED, SAME, GONE, SKIPPED, COVERED)
BILLED_EFFECTS: Final = (NEW, CHANGED, SAME)  # those that become invoices


class Wording(NamedTuple):
    """How lines are said, in the tenant's language.

    `part` has {first}, {last}, {days} and {whole} in it, `brought` has {what}.
    """

    whole: str
    part: str
    brought: str


class Stretch(NamedTuple):
    """Days (inclusive) of a month at one rent; `days` of `whole` as the tenant counts them."""

    first_day: datetime.date
    last_day: datetime.date
    rent: int
    days: int
    whole: int

    @property
    def amount(self) -> int:
        return half_up(self.rent * self.days, self.whole)


class Extra(NamedTuple):
    """A charge or credit of the month, more than zero. `brought` credits were left over by a month before."""

    description: str
    amount: int
    taxed: bool
    brought: bool = False


class Tax(NamedTuple):
    """A tax or withholding of a scenario. `kind` is tax or withholding."""

    kind: str
    description: str
    rate: int


class BillLine(NamedTuple):
    """One line as invoices keep it: withholdings and credits are negative. `kind` is charge, tax or withholding."""

    kind: str
    description: str
    amount: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What a lease is billed. `left` are the credits that go over, each with what is left of it. A total of zero makes
    no invoice."""

    lines: Sequence[BillLine]
    subtotal: int
    tax: int
    withholding: int
    total: int
    left: Sequence[Extra]


def half_up(amount: int, divisor: int) -> int:
    """Amount / divisor rounded half up; neither is negative."""
    return (2 * amount + divisor) // (2 * divisor)


def share_of(base: int, rate: int) -> int:
    """A rate in millionths of an amount, rounded half up to the minor unit."""
    return half_up(base * rate, MILLION)


def stretches(lease: Term, rents: Sequence[RentFrom], month: Month, count: str) -> list[Stretch]:
    """The days of a month on which a lease is in force, cut where its rent changes; a rent that was agreed anew at the
    same amount changes nothing."""
    merged: list[Segment] = []
    for one in segments(lease, rents, month.first, month.last):
        if merged and merged[-1].rent == one.rent:
            merged[-1] = merged[-1]._replace(last_day=one.last_day)
        else:
            merged.append(one)
    found = []
    for place, one in enumerate(merged):
        following = merged[place + 1].first_day if place + 1 < len(merged) else None
        days = _days(one.first_day, one.last_day, following, month, count)
        found.append(
            Stretch(one.first_day, one.last_day, one.rent, days, month.days if count == REAL else 30)
        )
    return found


def _days(
    first: datetime.date, last: datetime.date, following: datetime.date | None, month: Month, count: str
) -> int:
    if count == REAL:
        return (last - first).days + 1
    if last == month.last:
        until = 30
    elif following is not None:
        until = min(following.day, 30) - 1
    else:
        until = min(last.day, 30)
    return until - (min(first.day, 30) - 1)


def bill(
    let: Sequence[Stretch],
    charges: Sequence[Extra],
    credits: Sequence[Extra],
    taxes: Sequence[Tax],
    wording: Wording,
) -> Bill:
    """The bill of one lease. `credits` in the order in which they are used up, those brought forward first."""
    rent = [BillLine("charge", _rent_text(one, wording), one.amount) for one in let if one.amount]
    lines = [*rent, *(BillLine("charge", one.description, one.amount) for one in charges)]
    charged = sum(line.amount for line in lines)
    taxable = sum(line.amount for line in rent) + sum(one.amount for one in charges if one.taxed)
    off_taxed = min(taxable, sum(one.amount for one in credits if one.taxed))
    base = taxable - off_taxed
    on_top = [(one, share_of(base, one.rate)) for one in taxes]
    tax = sum(amount for one, amount in on_top if one.kind == "tax")
    withholding = sum(amount for one, amount in on_top if one.kind == "withholding")
    to_pay = charged - off_taxed + tax - withholding
    off_untaxed = min(
        charged - off_taxed, max(to_pay, 0), sum(one.amount for one in credits if not one.taxed)
    )
    used, left = _use_up(credits, {True: off_taxed, False: off_untaxed})
    lines += [
        BillLine(
            "charge",
            wording.brought.replace("{what}", one.description) if one.brought else one.description,
            -amount,
        )
        for one, amount in used
    ]
    lines += [
        BillLine(one.kind, one.description, -amount if one.kind == "withholding" else amount)
        for one, amount in on_top
        if amount
    ]
    return Bill(
        lines=lines,
        subtotal=charged - off_taxed - off_untaxed,
        tax=tax,
        withholding=withholding,
        total=to_pay - off_untaxed,
        left=left,
    )


def _rent_text(one: Stretch, wording: Wording) -> str:
    if one.days == one.whole:
        return wording.whole
    facts = {"first": one.first_day.day, "last": one.last_day.day, "days": one.days, "whole": one.whole}
    text = wording.part
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _use_up(credits: Iterable[Extra], room: dict[bool, int]) -> tuple[list[tuple[Extra, int]], list[Extra]]:
    """Which part of each credit is used, and what is left of it."""
    used, left = [], []
    for one in credits:
        amount = min(one.amount, room[one.taxed])
        room[one.taxed] -= amount
        if amount:
            used.append((one, amount))
        if amount < one.amount:
            left.append(one._replace(amount=one.amount - amount))
    return used, left


def due_on(
    due_days: Sequence[datetime.date],
    payment_day: int,
    first_day: datetime.date,
    issued_on: datetime.date,
) -> datetime.date:
    """When a bill is due: on the day of payment (see months.due_days), but neither before the lease's first day in the
    month nor before the bill is issued."""
    return max(due_days[payment_day - 1], first_day, issued_on)
