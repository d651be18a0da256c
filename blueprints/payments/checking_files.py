"""What collectors and providers told, as files: daily files and their lines, comparisons, links, quarantine."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask import Response
from flask_babel import gettext as _

from blueprints.payments import collected_queries, collected_words, refund_queries, settlement_queries
from blueprints.payments import links as payment_links
from blueprints.payments import refund_words as words
from blueprints.payments.link_words import STATES as LINK_STATES
from blueprints.payments.links import Link
from blueprints.payments.settlement_words import KINDS
from saas.dates import format_short
from saas.money import EXPONENTS, Money
from saas.sheets import Cell, Column
from tenants.exports import AT_ONCE, MOST_ROWS, Listing, every, export


def collected_files_file(format: str) -> Response:
    """The files of cash collectors, newest first."""
    columns = (
        Column(_("File"), width=28),
        Column(_("Collector"), width=18),
        Column(_("Put in"), "moment"),
        Column(_("First day"), "date"),
        Column(_("Last day"), "date"),
        Column(_("State"), width=14),
        Column(_("Lines"), "integer", 9),
        Column(_("Aside"), "integer", 9),
        Column(_("Amount"), "money"),
    )

    def cells(row: Any) -> list[Cell]:
        return [
            row.file_name,
            row.collector,
            row.created_at,
            row.first_day,
            row.last_day,
            _(collected_words.STATES[row.state][0]),
            row.lines,
            collected_words.aside(row.outcome),
            Money(row.total, row.currency) if row.currency else None,
        ]

    found = every(lambda older: collected_queries.collected_files(older, AT_ONCE), cells)
    return export(format, Listing(_("collected-files"), _("Collected files"), columns), found)


def collected_lines_file(format: str, collected_file_id: uuid.UUID) -> Response:
    """Every line of one file with what became of it. Raises NotFound."""
    file = collected_queries.collected_file(collected_file_id)
    columns = (
        Column(_("Line"), "integer", 8),
        Column(_("Paid on"), "date"),
        Column(_("Reference"), width=24),
        Column(_("Amount"), "money"),
        Column(_("Fee"), "money"),
        Column(_("Invoice"), width=16),
        Column(_("Effect"), width=34),
    )

    def cells(line: Any) -> list[Cell]:
        msgid, _tone = collected_words.effect(line.effect)
        return [
            line.number,
            line.paid_on,
            line.reference,
            Money(line.amount, line.currency),
            Money(line.fee, line.currency),
            line.invoice,
            _(msgid) if msgid else "",
        ]

    stem = file.file_name.rpartition(".")[0] or file.file_name
    listing = Listing(
        f"{stem}-report",
        _("Lines of %(file)s", file=file.file_name),
        columns,
        [(_("Collector"), file.collector)],
    )
    return export(
        format, listing, map(cells, collected_queries.lines(collected_file_id, limit=MOST_ROWS + 1))
    )


def comparisons_file(format: str) -> Response:
    """The days that were compared with the providers, newest first."""
    columns = (
        Column(_("Day"), "date"),
        Column(_("Provider"), width=24),
        Column(_("Here"), "integer", 12),
        Column(_("At the provider"), "integer", 12),
        Column(_("Differences to explain"), "integer", 14),
        Column(_("Compared"), "moment"),
    )

    def cells(row: Any) -> list[Cell]:
        return [row.day, row.provider, row.ours, row.theirs, row.waiting, row.checked_at]

    title = _("Daily comparison with the providers")
    found = every(lambda older: settlement_queries.comparisons(older, AT_ONCE), cells)
    return export(format, Listing(_("comparisons"), title, columns), found)


def differences_file(format: str, run_id: uuid.UUID) -> Response:
    """What differed on one day, and what it was. Raises NotFound."""
    run = settlement_queries.comparison(run_id)
    columns = (
        Column(_("Reference"), width=20),
        Column(_("Provider's reference"), width=24),
        Column(_("What differs"), width=26),
        Column(_("Here"), "money"),
        Column(_("At the provider"), "money"),
        Column(_("State"), width=12),
        Column(_("Explanation"), width=40),
    )

    def cells(row: Any) -> list[Cell]:
        known = (
            row.currency in EXPONENTS
        )  # "COP/USD" where the books differ in it: only the page has words for that
        return [
            row.reference,
            row.provider_reference,
            _(KINDS[row.kind]),
            Money(row.our_amount, row.currency) if known and row.our_amount is not None else None,
            Money(row.their_amount, row.currency) if known and row.their_amount is not None else None,
            (_("Explained") if row.resolved_by else _("Gone")) if row.resolved_at else _("To explain"),
            row.resolution,
        ]

    narrowed = [(_("Provider"), run.provider), (_("Day"), format_short(run.day))]
    rows = map(cells, settlement_queries.differences_of(run_id, MOST_ROWS + 1))
    return export(format, Listing(_("differences"), _("Differences"), columns, narrowed), rows)


def links_file(format: str, now: datetime.datetime, *, usable: bool) -> Response:
    """Payment links, newest first; never what opens them."""
    columns = (
        Column(_("Invoice"), width=16),
        Column(_("Made"), "moment"),
        Column(_("Made by"), width=24),
        Column(_("State"), width=16),
        Column(_("Valid until"), "moment"),
        Column(_("Taken back"), "moment"),
        Column(_("Used"), "integer", 8),
    )

    def cells(link: Link) -> list[Cell]:
        return [
            link.number,
            link.created_at,
            link.made_by,
            _(LINK_STATES[link.state][0]),
            link.expires_at,
            link.revoked_at,
            link.opened,
        ]

    narrowed = [(_("State"), _(LINK_STATES[payment_links.USABLE][0]))] if usable else []
    found = every(lambda older: payment_links.links(older, now, usable=usable, size=AT_ONCE), cells)
    return export(format, Listing(_("payment-links"), _("Payment links"), columns, narrowed), found)


def quarantine_file(format: str, resolved: bool) -> Response:
    """What could not be applied, newest first."""
    columns = (
        Column(_("What happened"), width=34),
        Column(_("Arrived"), "moment"),
        Column(_("Provider"), width=22),
        Column(_("Reference"), width=20),
        Column(_("Resolved"), "moment"),
        Column(_("By"), width=22),
        Column(_("Explanation"), width=40),
    )

    def cells(row: Any) -> list[Cell]:
        return [
            _(words.QUARANTINE_KINDS.get(row.kind, row.kind)),
            row.created_at,
            row.provider,
            row.reference,
            row.resolved_at,
            row.resolved_by,
            _(row.resolution) if row.resolution else None,
        ]

    narrowed = [(_("State"), _("Resolved") if resolved else _("Waits for us"))]
    found = every(lambda older: refund_queries.quarantine(resolved, older, AT_ONCE), cells)
    return export(format, Listing(_("quarantine"), _("Payments in quarantine"), columns, narrowed), found)
