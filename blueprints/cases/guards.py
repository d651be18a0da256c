"""What the law lets staff do with the clock of a case, and until when. Pure; all raise Refusal in plain words."""

from __future__ import annotations

import datetime

from blueprints.cases.clock import PAUSED, RUNNING, Clock
from saas.business_days import BusinessCalendar
from saas.languages import N_
from saas.refusals import Refusal


def check_ask(clock: Clock, today: datetime.date) -> None:
    """Only who is asked within the term's first days stops the clock by it."""
    if clock.state != RUNNING or (clock.due_on is not None and today > clock.due_on):
        raise Refusal(
            N_("The term does not run any more, so it cannot stand still. Write a message instead.")
        )
    if clock.ask_by is not None and today > clock.ask_by:
        raise Refusal(
            N_("Asking stopped the clock until %(day)s. Write a message instead: the term goes on."),
            day=clock.ask_by,
        )


def check_until(until: datetime.date, today: datetime.date, longest: datetime.date) -> None:
    """The customer's last day: later than today, and not so far that the case is forgotten."""
    if not today < until <= longest:
        raise Refusal(N_("Choose a day from tomorrow to %(longest)s."), field="until", longest=longest)


def check_extend(
    clock: Clock, until: datetime.date, today: datetime.date, calendar: BusinessCalendar
) -> None:
    """An extension is notified before the term ends, once, with a day that the rule allows."""
    if clock.state == PAUSED:
        raise Refusal(N_("The clock stands still: there is no day to move yet."))
    if clock.state != RUNNING or clock.due_on is None or today > clock.due_on:
        raise Refusal(N_("The term is over: it cannot be extended any more. Answer as soon as possible."))
    if clock.extend_until is None:
        raise Refusal(N_("The rule of this class knows no extension."))
    if clock.extended_to is not None:
        raise Refusal(N_("The term was extended already."))
    if not clock.due_on < until <= clock.extend_until:
        raise Refusal(
            N_("Choose a day after %(due)s and not after %(latest)s."),
            field="until",
            due=clock.due_on,
            latest=clock.extend_until,
        )
    if not calendar.is_business_day(until):
        raise Refusal(N_("Choose a business day."), field="until")


def check_withdrawn(clock: Clock, today: datetime.date) -> None:
    """A case counts as withdrawn only when the customer let their time pass, and only because staff say so."""
    if clock.state != PAUSED or clock.complete_by is None:
        raise Refusal(N_("Only a case that waits for its customer can count as withdrawn."))
    if today <= clock.complete_by:
        raise Refusal(N_("The customer has until %(day)s to complete it."), day=clock.complete_by)
