"""The sentences of the first page."""

from __future__ import annotations

import datetime

from flask_babel import gettext, ngettext

from blueprints.invoices.queries import Totals
from saas.dates import format_long
from saas.money import format_money


def _(msgid: str, **facts: str) -> str:
    return str(gettext(msgid, **facts))


def hello(name: str) -> str:
    """A greeting by the first word of a name."""
    words = name.split()
    # "Sánchez, Niño y Puentes" is a company: half of its name would greet nobody.
    first = name if "," in name else (words[0] if words else "")
    return _("Hello, %(name)s", name=first) if first else _("Hello")


def by_when(total: Totals, today: datetime.date, locale: str) -> str:
    """How much of what is owed is late, and by when to pay: one sentence."""
    late = format_money(total.overdue, total.currency, locale)
    if total.in_process >= total.owed:
        return _("A payment was begun. See how it stands before you pay again.")
    if total.next_due_on is None:
        return _("All of it is overdue: pay as soon as you can")
    by = format_long(total.next_due_on, locale)
    if total.next_due_on == today:
        return (
            _("Of it %(late)s is overdue; pay the rest today", late=late) if total.overdue else _("Pay today")
        )
    if total.overdue:
        return _("Of it %(late)s is overdue; pay the rest by %(date)s", late=late, date=by)
    return _("Pay by %(date)s", date=by)


def count_words(total: Totals, locale: str) -> str:
    """How many invoices make the sum, and what of it is on its way."""
    text = str(ngettext("%(num)s invoice", "%(num)s invoices", total.count))
    if 0 < total.in_process < total.owed:
        busy = format_money(total.in_process, total.currency, locale)
        text += ". " + _("A payment of %(amount)s was begun.", amount=busy)
    return text
