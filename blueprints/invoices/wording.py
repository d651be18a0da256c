"""Invoices in words: their title, their dates, what each part of an amount is."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from blueprints.invoices import rules
from blueprints.invoices.one import InvoiceView, Movement
from blueprints.invoices.queries import InvoiceLine
from saas.dates import format_long, format_period
from saas.languages import N_, say, sayings


def _(msgid: str, **facts: str) -> str:
    """The sentence in the reader's language."""
    return say(msgid, **facts)


STATE_WORDS = {
    rules.TO_PAY: N_("To pay"),
    rules.DUE_TODAY: N_("Due today"),
    rules.OVERDUE: N_("Overdue"),
    rules.IN_PROCESS: N_("In process"),
    rules.PAID: N_("Paid"),
    rules.VOID: N_("Void"),
}


def title(kind: str, period: str, locale: str) -> str:
    """What an invoice is about: "Rent, March 2026"."""
    return f"{kind}, {format_period(period, locale)}" if period else kind


class DueWords:
    """Sentences on due dates for the rows of one list: each is looked up once, not once a row."""

    def __init__(self, locale: str, today: datetime.date) -> None:
        self.locale, self.today = locale, today
        self.due, self.was_due, self.second, self.paid, self.now = sayings(
            N_("Due %(date)s"),
            N_("Was due %(date)s"),
            N_("Second date: %(date)s"),
            N_("Paid %(date)s"),
            N_("Due today"),
        )

    def of(self, row: InvoiceLine) -> str:
        """By when, in a few words."""
        if row.state == rules.PAID and row.settled_on is not None:
            return self._say(self.paid, row.settled_on)
        until = row.due.until
        if row.state == rules.VOID:
            return ""
        if until == self.today:
            return self.now
        if until < self.today:
            return self._say(self.was_due, until)
        return self._say(self.second if until != row.due_on else self.due, until)

    def _say(self, words: str, day: datetime.date) -> str:
        return words % {"date": format_long(day, self.locale)}


def movement_words(kind: str, amount: int) -> str:
    """What an entry of the books did to a receivable."""
    known = {
        "invoice-issued": _("Invoice issued"),
        "invoice-voided": _("Invoice voided"),
        "commission-withheld": _("Settled from the rent collected"),
        "surcharge": _("Amount added by the second due date"),
        "refunded": _("Payment given back"),
        "refund-failed": _("Payment restored: it was not given back"),
        "disputed": _("Payment disputed at the bank"),
        "dispute-won": _("Payment restored: the dispute was won"),
        "credited": _("Payment turned into credit"),
        "credit-used": _("Paid with credit"),
    }
    return known.get(kind) or (_("Charge") if amount > 0 else _("Payment"))


def happened(view: InvoiceView) -> list[Movement]:
    """What happened to an invoice after it was issued."""
    return [movement for movement in view.movements if movement.kind != "invoice-issued"]


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the little bill: what it is, why it is there, minor units."""

    label: str
    note: str
    amount: int


def parts(view: InvoiceView) -> list[Part]:
    """The lines of an invoice, each tax and withholding with what it means."""
    notes = {
        "tax": _("Tax on the amounts above, which the issuer passes on to the treasury"),
        "withholding": _("You keep this part and pay it to the treasury yourself, in the issuer's name"),
    }
    return [Part(line.description, notes.get(line.kind, ""), line.amount) for line in view.lines]


def due_reason(view: InvoiceView) -> str:
    """Why an invoice is due on its day, where that is not simply the contract's day of payment; else empty."""
    return {
        "moved": _("The contract's day of payment, moved to a day that exists or to a business day"),
        "first-day": _("The contract began after this month's day of payment, so it is due on its first day"),
        "issue": _("It was issued after this month's day of payment, so it is due on the day of issue"),
        "day": _("The day of payment of the contract"),
    }.get(str(view.details.get("due_by", "")), "")


def due_sentence(view: InvoiceView, locale: str, today: datetime.date) -> str:
    """One sentence under the amount of one invoice."""
    row = view.listed
    until = row.due.until
    if row.state == rules.VOID:
        return _("This invoice was voided. Nothing has to be paid.")
    if row.state == rules.PAID:
        if row.settled_on is None:
            return _("Nothing is left to pay.")
        return _("Paid on %(date)s", date=format_long(row.settled_on, locale))
    if row.state == rules.IN_PROCESS:
        return _("A payment was begun. See how it stands before you pay again.")
    if until == today:
        return _("It is due today")
    if until < today:
        return _("It was due on %(date)s", date=format_long(until, locale))
    if until != row.due_on:
        return _("First date passed; this amount holds until %(date)s", date=format_long(until, locale))
    return _("Pay by %(date)s", date=format_long(until, locale))


def age_words(age: str) -> str:
    """The name of an age of debt."""
    return {
        rules.NOT_DUE: _("Not due yet"),
        "1-30": _("1 to 30 days overdue"),
        "31-60": _("31 to 60 days overdue"),
        "61-90": _("61 to 90 days overdue"),
        "over-90": _("More than 90 days overdue"),
    }[age]


def consumption_words(view: InvoiceView) -> str:
    """What was used, "22 m³"; empty when the invoice measures nothing."""
    used = view.details.get("consumption")
    if used is None or isinstance(used, bool | dict | list):
        return ""
    return " ".join(str(part) for part in (used, view.details.get("unit") or "") if part != "")
