"""The payments of a customer as a file."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from blueprints.payments import queries
from blueprints.payments.queries import PaymentLine
from blueprints.payments.titles import method_title
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export


def receipts_file(format: str, reach: Reach) -> Response:
    """Every payment in reach, newest first."""
    columns = (
        Column(_("Receipt"), width=18),
        Column(_("Date"), "date"),
        Column(_("Method"), width=24),
        Column(_("Invoices"), "integer", 10),
        Column(_("Amount"), "money"),
    )

    def cells(line: PaymentLine) -> list[Cell]:
        return [
            line.number or _("Payment"),
            line.paid_on,
            method_title(line.method),
            line.invoices,
            Money(line.amount, line.currency),
        ]

    found = every(lambda before: queries.payments_page(reach, before=before, size=AT_ONCE), cells)
    return export(format, Listing(_("payments"), _("Payments"), columns), found)
