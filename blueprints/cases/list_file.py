"""The person's list of cases as a file, narrowed as the page is."""

from __future__ import annotations

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.cases import wording
from blueprints.cases.catalogue import Catalogue
from blueprints.cases.queries import CaseLine, Filters, Whose, my_cases
from saas.sheets import Cell, Column
from tenants.exports import Listing, every, export
from tenants.page_context import language

AT_ONCE = 500  # rows a statement: a file is not a page


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
