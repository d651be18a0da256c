"""The account of cases that a supervisor asks for, on a page and as a file."""

from __future__ import annotations

import datetime
from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from blueprints.cases import report
from blueprints.cases.catalogue import Catalogue, catalogue
from blueprints.cases.channels import came_by
from blueprints.cases.desk_blueprint import pages
from blueprints.cases.desk_queue import QUARTER, day_asked, day_of
from blueprints.cases.report import Line
from saas.dates import format_short
from saas.permissions import allow
from saas.sheets import Cell, Column
from tenants import roles
from tenants.exports import AT_ONCE, Listing, every, export, wanted
from tenants.look import render
from tenants.page_context import language


@pages.get("/report", endpoint="report")
@allow(roles.CASES)
def account() -> str | Response:
    """Every case received between two days: when it was due, when it was answered, how it ended."""
    today = g.tenant.today()
    since, wrong_since = day_asked("since", today - QUARTER)
    until, wrong_until = day_asked("until", today)
    words = catalogue()
    if (format := wanted()) is not None:
        return _file(format, since, until, words)
    typed: dict[str, Any] = {"since": format_short(since), "until": format_short(until)}
    return render(
        "cases/desk/report.html",
        page=report.lines(since, until, g.tenant.time_zone, request.args.get("after")),
        later="after" in request.args,
        typed=typed,
        problem=wrong_since or wrong_until,
        class_name=lambda code: words.class_name(code, language()),
        subject_name=lambda code: words.subject_name(code, language()),
        result=report.result,
        day_of=day_of,
        file_url=url_for("cases_desk.report", **typed),
    )


def _file(format: str, since: datetime.date, until: datetime.date, words: Catalogue) -> Response:
    spoken = language()

    def cells(line: Line) -> list[Cell]:
        return [
            line.number,
            _("Appeal") if line.stage == 2 else _("First answer"),
            words.class_name(line.class_code, spoken),
            words.subject_name(line.subject_code, spoken),
            came_by(line.channel),
            line.account_number,
            line.received_at,
            line.due_on,
            line.answered_on,
            line.days,
            line.used,
            report.result(line.clock),
        ]

    listing = Listing(
        name=_("account-of-cases"),
        title=_("Account of cases"),
        columns=(
            Column(_("Number"), width=16),
            Column(_("Stage"), width=16),
            Column(_("Classification"), width=14),
            Column(_("Subject"), width=20),
            Column(_("How it came in"), width=18),
            Column(_("Account"), width=14),
            Column(_("Received"), "moment", 18),
            Column(_("Answer due"), "date", 14),
            Column(_("Answered"), "date", 14),
            Column(_("Days of the term"), "integer", 12),
            Column(_("Days used"), "integer", 12),
            Column(_("Result"), width=28),
        ),
        narrowed_by=[(_("Received from"), format_short(since)), (_("to"), format_short(until))],
    )
    zone = g.tenant.time_zone
    return export(
        format, listing, every(lambda older: report.lines(since, until, zone, older, AT_ONCE), cells)
    )
