"""The sentences of the first page."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from flask_babel import gettext, ngettext

from blueprints.accounts.queries import AccountLine
from blueprints.home.agreements import SOON, Agreement
from blueprints.invoices.queries import Totals
from blueprints.owners.queries import OwnerSummary
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


NAMED = 2  # places that a heading names


def places(accounts: Sequence[AccountLine]) -> str:
    """Where somebody has a role: a few names."""
    named = ", ".join(account.name for account in accounts[:NAMED])
    return named + (" …" if len(accounts) > NAMED else "")


def agreement_words(agreement: Agreement, today: datetime.date, locale: str) -> str:
    """What comes next in a contract: its end, its renewal or the next adjustment when it is near, else how long it
    runs."""
    until, adjusts = agreement.until, agreement.adjusts_on
    day = format_long(until, locale)
    if not agreement.renews:
        return _("Ends on %(date)s", date=day) if until <= today + SOON else _("Until %(date)s", date=day)
    if adjusts is not None and today <= adjusts <= min(until, today + SOON):
        return _("The rent may change from %(date)s", date=format_long(adjusts, locale))
    if until <= today + SOON:
        return _("Until %(date)s, then it renews by itself", date=day)
    return _("Until %(date)s", date=day)


def kept_words(summary: OwnerSummary, locale: str) -> str:
    """What was kept of this month's rent, and what of it is the owner's."""
    if summary.month_kept == 0:
        return _("Nothing was kept of it for commission or charges")
    amount = format_money(abs(summary.month_kept), summary.currency, locale)
    if summary.month_kept < 0:
        return _("Commission and charges given back: %(amount)s", amount=amount)
    rest = summary.month_income - summary.month_kept
    if rest < 0:
        return _("Kept for commission and charges: %(amount)s", amount=amount)
    yours = format_money(rest, summary.currency, locale)
    return _("Kept for commission and charges: %(amount)s. Yours: %(rest)s", amount=amount, rest=yours)
