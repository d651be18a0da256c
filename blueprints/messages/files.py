"""Lists of messages as files, under the filters of their pages."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _

from blueprints.messages import queries, words
from blueprints.messages.kinds import KINDS, kind_of
from blueprints.messages.queries import Filters
from saas.sheets import Cell, Column
from tenants.context import Viewer
from tenants.exports import AT_ONCE, Listing, every, export


def messages_file(format: str, filters: Filters) -> Response:
    """What was written to customers, for staff."""

    def cells(row: Any) -> list[Cell]:
        word, _tone = words.state_of(row.state, row.channel)
        return [
            row.created_at,
            row.customer or "",
            row.recipient,
            _(kind_of(row.kind).title),
            row.subject,
            _(words.CHANNELS[row.channel]),
            _(word),
            row.sent_at,
            _(row.reason) if row.reason else "",
        ]

    columns = (
        Column(_("Written"), "moment", 16),
        Column(_("Customer"), width=24),
        Column(_("To"), width=24),
        Column(_("Kind"), width=20),
        Column(_("Subject"), width=32),
        Column(_("Channel"), width=12),
        Column(_("State"), width=14),
        Column(_("Sent off"), "moment", 16),
        Column(_("Reason"), width=32),
    )
    listing = Listing(_("messages"), _("Messages"), columns, _narrowed(filters))
    return export(format, listing, every(lambda older: queries.messages(filters, older, size=AT_ONCE), cells))


def own_messages_file(format: str, viewer: Viewer) -> Response:
    """What was written to one person."""

    def cells(row: Any) -> list[Cell]:
        kind = kind_of(row.kind)
        word, _tone = words.state_of(row.state, row.channel)
        return [
            row.created_at,
            row.subject or _(kind.title),
            _(kind.title),
            _(words.CHANNELS[row.channel]),
            row.recipient,
            _(word),
            row.sent_at,
        ]

    columns = (
        Column(_("Written"), "moment", 16),
        Column(_("Message"), width=40),
        Column(_("Kind"), width=22),
        Column(_("Channel"), width=12),
        Column(_("To"), width=26),
        Column(_("State"), width=16),
        Column(_("Sent off"), "moment", 16),
    )
    found = every(lambda older: queries.own_messages(viewer, older, size=AT_ONCE), cells)
    return export(format, Listing(_("messages"), _("Messages"), columns), found)


def addresses_file(format: str) -> Response:
    """Addresses that take no mail."""

    def cells(row: Any) -> list[Cell]:
        return [row.address, row.customer, row.found_at, row.detail]

    columns = (
        Column(_("Address"), width=30),
        Column(_("Customer"), width=28),
        Column(_("Since"), "moment", 16),
        Column(_("What the server said"), width=50),
    )
    found = every(lambda older: queries.dead_addresses(older, AT_ONCE), cells)
    return export(format, Listing(_("addresses"), _("Addresses that take no mail"), columns), found)


def _narrowed(filters: Filters) -> list[tuple[str, str]]:
    found = []
    if filters.state:
        word = words.STATES.get(filters.state)
        found.append((_("State"), _(word[0]) if word else _("Did not arrive")))
    if filters.kind:
        found.append((_("Kind"), _(KINDS[filters.kind].title)))
    if filters.customer_id is not None:
        found.append((_("Customer"), queries.customer_name(filters.customer_id)))
    return found
