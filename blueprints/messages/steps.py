"""Which invoices are due to be reminded of on a day. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

ISSUED, BEFORE, ON, AFTER, AGAIN = "issued", "before", "on", "after", "again"
CAUGHT_UP = 7  # days: who switches reminders on, or had a server down, does not wake debts of last year


@dataclass(frozen=True, slots=True)
class Step:
    """Invoices whose due date lies from `first` to `last`, both included. `late` looks at the last day to pay, which
    a second due date moves; the others look at the first one."""

    code: str
    kind: str
    first: datetime.date
    last: datetime.date
    late: bool = False


def steps_of(today: datetime.date, *, before: int, on_day: bool, after: int, again: int) -> list[Step]:
    """The steps of a day, the most pressing first: a customer with several invoices gets one message, and it is
    the most pressing one. Numbers are days; 0 is none. A step that was missed is caught up with for a week, and no
    invoice is in two steps of one day."""

    def ago(days: int) -> datetime.date:
        return today - datetime.timedelta(days=days)

    found = []
    if again and again > after:
        found.append(Step(AGAIN, "reminder-after", ago(again + CAUGHT_UP), ago(again), late=True))
    if after:
        oldest = after + CAUGHT_UP if again <= after else min(after + CAUGHT_UP, again - 1)
        found.append(Step(AFTER, "reminder-after", ago(oldest), ago(after), late=True))
    if on_day:
        found.append(Step(ON, "reminder-on", today, today))
    if before:
        found.append(
            Step(
                BEFORE,
                "reminder-before",
                today + datetime.timedelta(days=1),
                today + datetime.timedelta(days=before),
            )
        )
    return found
