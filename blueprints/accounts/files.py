"""Lists of a person's accounts and contact data as files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Response
from flask_babel import gettext as _

from blueprints.accounts import queries
from blueprints.accounts.contact import FIELD_WORDS, Change, history
from blueprints.accounts.queries import AccountLine
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export
from tenants.page_context import word


def accounts_file(format: str, reach: Reach, words: str) -> Response:
    """The accounts in reach that match the words, by number."""

    def cells(row: AccountLine) -> list[Cell]:
        return [
            row.number,
            word("account" if row.kind == "supply" else row.kind),
            row.label,
            row.address,
            row.city,
            _("Closed") if row.status == "closed" else _("In force"),
        ]

    columns = (
        Column(_("Number"), width=16),
        Column(_("Kind"), width=20),
        Column(_("My name for it"), width=24),
        Column(_("Address"), width=40),
        Column(_("City"), width=18),
        Column(_("State"), width=12),
    )
    found = every(lambda older: queries.search_accounts(reach, words, cursor=older, size=AT_ONCE), cells)
    narrowed = [(_("Search"), words)] if words else []
    title = _("My %(accounts)s", accounts=word("accounts"))
    return export(format, Listing(_("accounts"), title, columns, narrowed), found)


def contact_file(
    format: str, customer_id: uuid.UUID, title: str, sources: Mapping[str, str], *, named: bool
) -> Response:
    """How a customer was reached and when that changed, newest first; `named`: with the name of who changed it."""

    def cells(row: Change) -> list[Cell]:
        by = f"{sources[row.source]} · {row.changed_by}" if named and row.changed_by else sources[row.source]
        return [row.changed_at, _(FIELD_WORDS[row.field]), row.before, row.after, by]

    columns = (
        Column(_("When"), "moment"),
        Column(_("What"), width=14),
        Column(_("Before"), width=36),
        Column(_("Since then"), width=36),
        Column(_("By"), width=28),
    )
    found = every(lambda older: history(customer_id, older, AT_ONCE), cells)
    return export(format, Listing(_("contact-data"), title, columns), found)
