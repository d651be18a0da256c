"""The person's lists of cases and of repairs as files, narrowed as their pages are."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.cases import wording
from blueprints.cases.catalogue import Catalogue
from blueprints.cases.queries import CaseLine, Filters, Whose, my_cases
from blueprints.cases.quote_queries import QuoteView, my_quotes
from saas.money import Money
from saas.sheets import Cell, Column
from tenants.context import Reach
from tenants.exports import AT_ONCE, Listing, every, export
from tenants.page_context import language


def list_file(format: str, whose: Whose, asked: Filters, words: Catalogue) -> Response:
    """Every case that the filters leave, newest first. Raises Refusal when they are too many."""

    def cells(row: CaseLine) -> list[Cell]:
        return [
            row.number,
            words.class_name(row.class_code, language()),
            words.subject_name(row.subject_code, language()),
            row.account_number,
            row.received_at,
            row.due_on,
            wording.chip(row.state)[0],
            wording.short(row.description, 300),
        ]

    narrowed = []
    if asked.state:
        narrowed.append((_("State"), wording.chip(asked.state)[0]))
    elif asked.open_only:
        narrowed.append((_("State"), _("Without an answer yet")))
    listing = Listing(
        name=_("cases"),
        title=_("My cases"),
        columns=(
            Column(_("Number"), width=16),
            Column(_("Classification"), width=14),
            Column(_("Subject"), width=20),
            Column(_("Account"), width=14),
            Column(_("Received"), "moment", 18),
            Column(_("Answer due"), "date", 14),
            Column(_("State"), width=14),
            Column(_("What was written"), width=60),
        ),
        narrowed_by=narrowed,
    )
    rows = every(lambda older: my_cases(whose, asked, cursor=older, size=AT_ONCE), cells)
    return export(format, listing, rows)


def quotes_file(format: str, reach: Reach, states: Mapping[str, tuple[str, str]]) -> Response:
    """Every quote for the mandates in reach, newest first; `states`: their words."""

    def cells(row: QuoteView) -> list[Cell]:
        return [
            row.case_number,
            wording.short(row.description, 300),
            row.address,
            row.city,
            row.vendor,
            row.created_at,
            row.valid_until,
            _(states[row.state][0]),
            row.decided_at,
            row.decider_name,
            Money(row.amount, row.currency),
        ]

    columns = (
        Column(_("Case"), width=14),
        Column(_("Quote"), width=40),
        Column(_("Property"), width=30),
        Column(_("City"), width=14),
        Column(_("Who does it"), width=22),
        Column(_("Received"), "moment", 18),
        Column(_("Valid until"), "date", 14),
        Column(_("State"), width=22),
        Column(_("Decided"), "moment", 18),
        Column(_("By"), width=22),
        Column(_("Amount"), "money", 16),
    )
    found = every(lambda older: my_quotes(reach, cursor=older, size=AT_ONCE), cells)
    return export(format, Listing(_("repairs"), _("Repairs of my properties"), columns), found)
