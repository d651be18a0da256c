"""Lists of owners as files: the same rows as the pages."""

from __future__ import annotations

import uuid

from flask import Response
from flask_babel import gettext as _

from blueprints.owners import queries
from blueprints.owners.months import month_name
from blueprints.owners.queries import MonthLine
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export


def months_file(format: str, reach: Reach, owner_id: uuid.UUID, currency: str) -> Response:
    """An owner's months, one row a property and month. Raises Refusal when they are too many."""

    def cells(row: MonthLine) -> list[Cell]:
        amounts = (row.opening, row.rent, -row.kept, -row.charges, row.net, -row.paid, row.closing)
        return [month_name(row.month), row.number, row.address, *(Money(one, currency) for one in amounts)]

    listing = Listing(
        name=_("income"),
        title=_("My income"),
        columns=(
            Column(_("Month"), width=16),
            Column(_("Contract"), width=12),
            Column(_("Property"), width=26),
            Column(_("Balance before"), "money", 15),
            Column(_("Rent received"), "money", 15),
            Column(_("Commission and its taxes"), "money", 15),
            Column(_("Charges"), "money", 14),
            Column(_("Net"), "money", 15),
            Column(_("Paid to you"), "money", 15),
            Column(_("Balance after"), "money", 15),
        ),
    )
    rows = every(
        lambda older: queries.months(reach, owner_id, currency=currency, cursor=older, page=AT_ONCE), cells
    )
    return export(format, listing, rows)


def payouts_file(format: str, reach: Reach, owner_id: uuid.UUID) -> Response:
    """Everything that was paid to an owner. Raises Refusal when it is too much."""
    listing = Listing(
        name=_("payouts"),
        title=_("What was paid to you"),
        columns=(
            Column(_("Payout"), width=14),
            Column(_("Contract"), width=12),
            Column(_("Property"), width=28),
            Column(_("Month"), width=16),
            Column(_("Date"), "date", 12),
            Column(_("Method"), width=16),
            Column(_("Reference"), width=18),
            Column(_("Amount"), "money", 16),
        ),
    )
    rows = every(
        lambda older: queries.payouts(reach, owner_id, cursor=older, page=AT_ONCE),
        lambda row: [
            row.number,
            row.mandate_number,
            row.address or "",
            month_name(row.period),
            row.paid_on,
            row.method,
            row.reference,
            Money(row.amount, row.currency),
        ],
    )
    return export(format, listing, rows)
