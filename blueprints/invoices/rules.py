"""What an invoice asks for, and when. Pure: minor units, the tenant's days."""

from __future__ import annotations

import datetime
from typing import NamedTuple

TO_PAY = "to-pay"
DUE_TODAY = "due-today"
OVERDUE = "overdue"
IN_PROCESS = "in-process"
PAID = "paid"
VOID = "void"


class Due(NamedTuple):
    """What must be paid on a day: the amount, until when it holds, and what of it the second date added."""

    amount: int
    until: datetime.date
    surcharge: int


def due(
    *,
    open_amount: int,
    total: int,
    due_on: datetime.date,
    second_due_on: datetime.date | None,
    second_total: int | None,
    today: datetime.date,
) -> Due:
    """The amount to pay today. After the first date the second amount holds, also after its own date:
    interest beyond it is a later rule's business, so nothing is made up here."""
    if open_amount <= 0 or second_total is None or second_due_on is None or today <= due_on:
        return Due(max(open_amount, 0), due_on, 0)
    # A surcharge that has been posted already is part of open_amount; the rest is what is missing.
    surcharge = second_total - total if open_amount <= total else 0
    return Due(open_amount + surcharge, second_due_on, surcharge)


def state(
    *,
    open_amount: int,
    due_on: datetime.date,
    second_due_on: datetime.date | None,
    void: bool,
    in_process: bool,
    today: datetime.date,
) -> str:
    """The one word that a person is shown."""
    if void:
        return VOID
    if open_amount <= 0:
        return PAID
    if in_process:
        return IN_PROCESS
    last = second_due_on or due_on
    if today > last:
        return OVERDUE
    if today in (due_on, last):
        return DUE_TODAY
    return TO_PAY


NOT_DUE = "not-due"
AGES = (NOT_DUE, "1-30", "31-60", "61-90", "over-90")


def age(due_on: datetime.date, second_due_on: datetime.date | None, today: datetime.date) -> str:
    """How long a debt has been overdue, as one of AGES; it is overdue from the day after its last due date."""
    days = (today - (second_due_on or due_on)).days
    if days <= 0:
        return NOT_DUE
    return AGES[min((days - 1) // 30 + 1, 4)]
