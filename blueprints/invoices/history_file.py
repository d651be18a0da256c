"""The history of invoices as a file, narrowed as the page is (checklist S0.49, feature 31)."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from blueprints.invoices import queries, wording
from blueprints.invoices.narrowing import Filters
from blueprints.invoices.queries import InvoiceLine
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export
from tenants.page_context import language, locale


def history_file(format: str, reach: Reach, asked: Filters) -> Response:
    """Every invoice in reach that the filters leave, newest due date first. Raises Refusal when they are too many."""
    where = locale()

    def cells(row: InvoiceLine) -> list[Cell]:
        return [
            row.number,
            wording.title(row.kind, row.period, where),
            row.account_number,
            row.account_address,
            row.issued_on,
            row.due_on,
            row.second_due_on,
            row.settled_on,
            _(wording.STATE_WORDS[row.state]),
            Money(row.total, row.currency),
            Money(row.due.amount, row.currency),
        ]

    listing = Listing(
        name=_("invoices"),
        title=_("All invoices"),
        columns=(
            Column(_("Invoice"), width=14),
            Column(_("About"), width=26),
            Column(_("Account"), width=14),
            Column(_("Address"), width=28),
            Column(_("Issued"), "date", 12),
            Column(_("Due"), "date", 12),
            Column(_("Second date"), "date", 12),
            Column(_("Paid"), "date", 12),
            Column(_("State"), width=14),
            Column(_("Amount"), "money", 16),
            Column(_("To pay today"), "money", 16),
        ),
        narrowed_by=_said(asked),
    )
    rows = every(
        lambda older: queries.history(reach, asked, language=language(), older=older, page=AT_ONCE), cells
    )
    return export(format, listing, rows)


def _said(asked: Filters) -> list[tuple[str, str]]:
    """The filters in words."""
    found: list[tuple[str, str]] = []
    if asked.type_code:
        found.append(
            (_("Kind"), dict(queries.invoice_types(language())).get(asked.type_code, asked.type_code))
        )
    if asked.state:
        found.append((_("State"), _(wording.STATE_WORDS[asked.state])))
    if asked.year:
        found.append((_("Year"), str(asked.year)))
    if asked.number:
        found.append((_("Invoice number"), asked.number))
    return found
