"""Lists of leases at the desk as files, under the filters of their pages."""

from __future__ import annotations

import datetime

from flask import Response, g
from flask_babel import gettext as _

from blueprints.leases import desk_queries as queries
from blueprints.leases import document_queries, index_queries, place_queries, words
from blueprints.leases.adjustments import Proposal, proposals
from blueprints.leases.catalogue import indexes, said
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.exports import AT_ONCE, Listing, every, export
from tenants.page_context import language


def leases_file(format: str, asked: queries.Narrowed) -> Response:
    """Leases, one row each. Raises Refusal when they are too many for a file."""
    today = g.tenant.today()

    def cells(row: queries.Line) -> list[Cell]:
        return [
            row.number,
            _(words.STATES[words.state(row.status, row.ended_on)][0]),
            _(words.PURPOSES[row.purpose]) if row.purpose else "",
            row.address,
            row.city,
            row.renters,
            row.owners,
            row.starts_on,
            row.ended_on or row.term_until,
            row.rent_since,
            Money(row.rent, row.currency),
        ]

    columns = (
        Column(_("Number"), width=12),
        Column(_("State"), width=12),
        Column(_("Let for"), width=12),
        Column(_("Address"), width=30),
        Column(_("City"), width=14),
        Column(_("Renters"), width=28),
        Column(_("Owners"), width=28),
        Column(_("Starts on"), "date"),
        Column(_("Term ends"), "date"),
        Column(_("Rent since"), "date"),
        Column(_("Rent"), "money"),
    )
    rows = every(lambda older: queries.leases(asked, older, today, AT_ONCE), cells)
    return export(format, Listing(_("leases"), _("Leases"), columns, _in_words(asked)), rows)


def _in_words(asked: queries.Narrowed) -> list[tuple[str, str]]:
    found = [(_("Search"), asked.words)] if asked.words else []
    if asked.status:
        found.append((_("State"), _(words.STATES[asked.status][0])))
    if asked.purpose:
        found.append((_("Let for"), _(words.PURPOSES[asked.purpose])))
    if asked.ending is not None:
        found.append((_("Term ends"), _("Within %(days)s days", days=asked.ending)))
    if asked.due:
        found.append((_("Adjustment"), _("Due this month")))
    return found


def adjustments_file(format: str, month: datetime.date, step: int) -> Response:
    """What would become of the rents that may rise in a month."""

    def cells(row: Proposal) -> list[Cell]:
        new = row.new
        limit = new.limit if new else None
        return [
            row.number,
            row.address,
            row.day,
            row.period,
            None if row.index is None else row.index + row.points,
            Money(row.rent, row.currency),
            None if limit is None else Money(limit, row.currency),
            Money(new.rent, row.currency) if new else None,
            _("Since when is not known: check") if row.doubtful else "",
        ]

    columns = (
        Column(_("Lease"), width=12),
        Column(_("Address"), width=30),
        Column(_("From which day"), "date"),
        Column(_("Index"), width=10),
        Column(_("Rise"), "rate"),
        Column(_("Old rent"), "money"),
        Column(_("Legal limit"), "money"),
        Column(_("New rent"), "money"),
        Column(_("Note"), width=24),
    )
    rows = every(lambda older: proposals(month, older, step=step, size=AT_ONCE), cells)
    narrowed = [(_("Month"), f"{month:%Y-%m}")]
    return export(format, Listing(_("adjustments"), _("Adjustments"), columns, narrowed), rows)


def properties_file(format: str, question: str) -> Response:
    def cells(row: queries.Line) -> list[Cell]:
        return [row.code, row.kind, row.address, row.city, row.stratum, _("Let") if row.let else _("Free")]

    columns = (
        Column(_("Code"), width=12),
        Column(_("Kind"), width=14),
        Column(_("Address"), width=36),
        Column(_("City"), width=16),
        Column(_("Stratum"), "integer", 8),
        Column(_("State"), width=12),
    )
    narrowed = [(_("Search"), question)] if question else []
    rows = every(lambda older: place_queries.properties(question, older, AT_ONCE), cells)
    return export(format, Listing(_("properties"), _("Properties"), columns, narrowed), rows)


def expiring_file(format: str, days: int) -> Response:
    until = g.tenant.today() + datetime.timedelta(days=days)

    def cells(row: queries.Line) -> list[Cell]:
        return [row.title, _(words.DOCUMENTS[row.kind]), row.expires_on, row.number, row.address, row.version]

    columns = (
        Column(_("Paper"), width=26),
        Column(_("Kind"), width=14),
        Column(_("Expires"), "date"),
        Column(_("Lease"), width=12),
        Column(_("Address"), width=32),
        Column(_("Version"), "integer", 8),
    )
    rows = every(lambda older: document_queries.expiring(until, older, AT_ONCE), cells)
    narrowed = [(_("Expires"), _("Within %(days)s days", days=days))]
    return export(format, Listing(_("papers"), _("Papers that expire"), columns, narrowed), rows)


def indexes_file(format: str) -> Response:
    """The figures of all indexes, the newest month first."""
    known = indexes()

    def cells(row: queries.Line) -> list[Cell]:
        title = said(known[row.code].titles, language()) if row.code in known else row.code
        return [row.period, title, row.source, row.published_on, row.value]

    columns = (
        Column(_("Month"), width=10),
        Column(_("Index"), width=30),
        Column(_("Where it is published"), width=36),
        Column(_("Published on"), "date"),
        Column(_("Change over twelve months"), "rate"),
    )
    rows = every(lambda older: index_queries.values(older, AT_ONCE), cells)
    return export(format, Listing(_("indexes"), _("Indexes"), columns), rows)
