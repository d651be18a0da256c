"""Lists of money that moved back, as files, under the filters of their pages."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from blueprints.payments import refund_queries as queries
from blueprints.payments import refund_words as words
from blueprints.payments.refund_queries import Line
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.exports import AT_ONCE, Listing, every, export


def refunds_file(format: str, state: str) -> Response:
    columns = (
        Column(_("Payment"), width=16),
        Column(_("Requested"), "moment"),
        Column(_("Customer"), width=26),
        Column(_("How"), width=22),
        Column(_("Reason"), width=30),
        Column(_("State"), width=22),
        Column(_("Finished"), "moment"),
        Column(_("Amount"), "money"),
    )

    def cells(row: Line) -> list[Cell]:
        return [
            row.number or row.payment_reference,
            row.requested_at,
            row.customer,
            _(words.WAYS[row.way][0]) if row.way else None,
            row.reason,
            _(words.REFUND_STATES[row.state][0]),
            row.finished_at,
            Money(row.amount, row.currency),
        ]

    said = _("Waits for us") if state == "waiting" else _(words.REFUND_STATES[state][0]) if state else ""
    listing = Listing(_("refunds"), _("Refunds"), columns, [(_("State"), said)] if said else [])
    return export(format, listing, every(lambda cursor: queries.refunds(state, cursor, AT_ONCE), cells))


def disputes_file(format: str, closed: bool) -> Response:
    columns = (
        Column(_("Payment"), width=16),
        Column(_("Opened"), "moment"),
        Column(_("Customer"), width=26),
        Column(_("Evidence until"), "moment"),
        Column(_("State"), width=16),
        Column(_("Amount"), "money"),
    )

    def cells(row: Line) -> list[Cell]:
        return [
            row.number or row.payment_reference,
            row.opened_at,
            row.customer,
            row.evidence_due,
            _(words.DISPUTE_STATES[row.state][0]),
            Money(row.amount, row.currency),
        ]

    listing = Listing(_("disputes"), _("Disputes"), columns)
    return export(format, listing, every(lambda cursor: queries.disputes(closed, cursor, AT_ONCE), cells))


def credits_file(format: str, all_of_them: bool) -> Response:
    columns = (
        Column(_("Account"), width=16),
        Column(_("Arrived"), "moment"),
        Column(_("Customer"), width=26),
        Column(_("Meant for"), width=16),
        Column(_("Payment"), width=20),
        Column(_("Left"), "money"),
    )

    def cells(row: Line) -> list[Cell]:
        return [
            row.account_number,
            row.created_at,
            row.customer,
            row.invoice_number,
            row.number or row.reference,
            Money(row.remaining, row.currency),
        ]

    title = _("Credit on accounts") if all_of_them else _("Paid twice or too much")
    found = every(lambda cursor: queries.credits(all_of_them, cursor, AT_ONCE), cells)
    return export(format, Listing(_("credit"), title, columns), found)
