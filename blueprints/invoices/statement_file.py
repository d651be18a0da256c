"""The movements of a statement as a table that other programs read. On paper it has a document of its own."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response
from flask_babel import gettext as _

from blueprints.invoices.statement import Statement
from blueprints.invoices.statement_document import entry_words
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.exports import Listing, export
from tenants.page_context import locale


def statement_file(format: str, found: Statement) -> Response:
    """The opening balance and every movement with the balance after it. `format` is csv or xlsx."""
    columns = (
        Column(_("Date"), "date", 12),
        Column(_("Concept"), width=34),
        Column(_("Invoice"), width=26),
        Column(_("Charge"), "money"),
        Column(_("Payment"), "money"),
        Column(_("Balance"), "money"),
    )
    where, currency = locale(), found.currency

    def rows() -> Iterator[list[Cell]]:
        yield [found.first, _("Opening balance"), None, None, None, Money(found.opening, currency)]
        for entry in found.entries:
            what, of = entry_words(entry, where)
            yield [
                entry.occurred_on,
                what,
                of or None,
                Money(entry.amount, currency) if entry.amount > 0 else None,
                Money(-entry.amount, currency) if entry.amount < 0 else None,
                Money(entry.balance, currency),
            ]

    title = _("Statement of account %(number)s", number=found.account.number)
    return export(format, Listing(_("statement"), title, columns), rows())
