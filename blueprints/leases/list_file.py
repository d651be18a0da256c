"""The leases of a renter or an owner as a file."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from flask import Response
from flask_babel import gettext as _

from blueprints.leases import words
from blueprints.leases.customer_queries import OWNER, Line, Seen, contracts
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export


def contracts_file(
    format: str, reach: Reach, next_adjustment: Callable[[Line], datetime.date | None]
) -> Response:
    """Every lease in reach, those in force first; `next_adjustment` as the page says it."""
    columns = (
        Column(_("Property"), width=32),
        Column(_("City"), width=16),
        Column(_("Number"), width=12),
        Column(_("As what"), width=12),
        Column(_("State"), width=12),
        Column(_("Starts on"), "date"),
        Column(_("Until"), "date"),
        Column(_("Next adjustment"), "date"),
        Column(_("Rent"), "money"),
    )

    def cells(one: Seen) -> list[Cell]:
        row = one.row
        return [
            row.address,
            row.city,
            row.number,
            _("Owner") if one.side == OWNER else _("Renter"),
            _(words.STATES[words.state(row.status, row.ended_on)][0]),
            row.starts_on,
            row.ended_on or row.term_until,
            next_adjustment(row),
            Money(row.rent, row.currency),
        ]

    found = every(lambda older: contracts(reach, older, AT_ONCE), cells)
    return export(format, Listing(_("contracts"), _("Contracts and papers"), columns), found)
