"""The queue of cases: what must be answered, the one that is due first on top; and how well it is done."""

from __future__ import annotations

import datetime
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from flask import Response, g, request, url_for
from flask_babel import gettext as _

from blueprints.cases import desk_queries as queries
from blueprints.cases import desk_words, rules, wording
from blueprints.cases.catalogue import Catalogue, catalogue
from blueprints.cases.desk_blueprint import pages
from blueprints.cases.desk_queries import Asked, QueueLine
from saas.dates import format_short, parse_date
from saas.permissions import allow
from saas.refusals import Refusal
from saas.sheets import RATE, Cell, Column
from tenants import roles
from tenants.exports import AT_ONCE, Listing, every, export, wanted
from tenants.look import render
from tenants.page_context import language, locale

QUARTER = datetime.timedelta(days=90)
LONGEST_QUESTION = 100


@pages.get("", endpoint="queue")
@allow(roles.CASES)
def queue() -> str | Response:
    asked, words = _asked(), catalogue()
    if (format := wanted()) is not None:
        return _file(format, asked, words)
    page = queries.queue(asked, request.args.get("after"))
    kept = {name: value for name in FILTERS if (value := request.args.get(name))}
    today = g.tenant.today()
    return render(
        "cases/desk/queue.html",
        page=page,
        asked=asked,
        kept=kept,
        waiting=queries.waiting(g.viewer.user_id, today),
        later="after" in request.args,
        states=[(code, desk_words.state_chip(code)[0]) for code in rules.STATES],
        words=words,
        chip=desk_words.state_chip,
        due_in_list=lambda row: desk_words.due_in_list(row.due_on, row.state, today),
        class_name=lambda code: words.class_name(code, language()),
        subject_name=lambda code: words.subject_name(code, language()),
        language=language(),
        short=wording.short,
        day_of=day_of,
        file_url=f"{url_for('cases_desk.queue')}?{urlencode(kept)}" if kept else url_for("cases_desk.queue"),
    )


DUES = (queries.OVERDUE, queries.THIS_WEEK, queries.STANDING, queries.TO_BRING)
FILTERS = ("q", "whose", "state", "class", "subject", "due")


@pages.get("/quality", endpoint="quality")
@allow(roles.CASES)
def quality() -> str | Response:
    """How many of the cases that were answered between two days were answered in time, and how they were rated."""
    today = g.tenant.today()
    since, wrong_since = day_asked("since", today - QUARTER)
    until, wrong_until = day_asked("until", today)
    words = catalogue()
    rows = queries.quality(since, until)
    if (format := wanted()) is not None:
        return _quality_file(format, rows, words, (since, until))
    return render(
        "cases/desk/quality.html",
        rows=rows,
        since=since,
        until=until,
        problem=wrong_since or wrong_until,
        subject_name=lambda code: words.subject_name(code, language()),
        answered=sum(row.answered for row in rows),
        in_time=sum(row.in_time for row in rows),
    )


def _asked() -> Asked:
    """The filters of the address; one that means nothing is left out."""
    given = request.args.get
    state, whose, due = given("state", ""), given("whose", ""), given("due", "")
    typed = "".join(sign for sign in given("q", "")[:LONGEST_QUESTION] if sign.isprintable())
    return Asked(
        viewer=g.viewer.user_id,
        today=g.tenant.today(),
        whose=whose if whose in (queries.MINE, queries.NOBODY) else "",
        state=state if state in rules.STATES else "",
        class_code=_code("class"),
        subject_code=_code("subject"),
        due=due if due in DUES else "",
        words=" ".join(typed.split()),
        prefix=g.tenant.setting("cases.prefix"),
    )


def _code(name: str) -> str:
    return "".join(sign for sign in request.args.get(name, "")[:60] if sign.isprintable())


def day_asked(name: str, otherwise: datetime.date) -> tuple[datetime.date, str]:
    """A day of the address and what is wrong with it."""
    typed = request.args.get(name, "")
    if not typed:
        return otherwise, ""
    try:
        return parse_date(typed, locale()), ""
    except Refusal as refusal:
        return otherwise, _(refusal.msgid, **refusal.facts)


def day_of(moment: datetime.datetime) -> datetime.date:
    return moment.astimezone(ZoneInfo(g.tenant.time_zone)).date()


def _file(format: str, asked: Asked, words: Catalogue) -> Response:
    """The queue as a file, narrowed as the page is."""
    today = g.tenant.today()

    def cells(row: QueueLine) -> list[Cell]:
        return [
            row.number,
            row.customer or "",
            words.class_name(row.class_code, language()),
            words.subject_name(row.subject_code, language()),
            row.received_at,
            row.due_on,
            desk_words.state_chip(row.state)[0],
            desk_words.due_in_list(row.due_on, row.state, today)[0],
            row.assigned or "",
        ]

    listing = Listing(
        name=_("cases"),
        title=_("Cases"),
        columns=(
            Column(_("Number"), width=16),
            Column(_("Customer"), width=24),
            Column(_("Classification"), width=14),
            Column(_("Subject"), width=20),
            Column(_("Received"), "moment", 18),
            Column(_("Answer due"), "date", 14),
            Column(_("State"), width=16),
            Column(_("Term"), width=16),
            Column(_("Who answers it"), width=20),
        ),
        narrowed_by=_narrowed(asked, words),
    )
    return export(format, listing, every(lambda older: queries.queue(asked, older, AT_ONCE), cells))


def _narrowed(asked: Asked, words: Catalogue) -> list[tuple[str, str]]:
    """The filters in words, as a file prints them."""
    found = [
        (_("Search"), asked.words),
        (_("State"), desk_words.state_chip(asked.state)[0] if asked.state else ""),
        (_("Classification"), words.class_name(asked.class_code, language()) if asked.class_code else ""),
        (_("Subject"), words.subject_name(asked.subject_code, language()) if asked.subject_code else ""),
        (
            _("Who answers it"),
            {queries.MINE: g.viewer.name, queries.NOBODY: _("Nobody yet")}.get(asked.whose, ""),
        ),
        (
            _("Term"),
            {
                queries.OVERDUE: _("Term is over"),
                queries.THIS_WEEK: _("Due within a week"),
                queries.STANDING: _("Clock stands still"),
                queries.TO_BRING: _("Answer to deliver"),
            }.get(asked.due, ""),
        ),
    ]
    return [(what, value) for what, value in found if value]


def _quality_file(
    format: str, rows: list[queries.Quality], words: Catalogue, days: tuple[datetime.date, datetime.date]
) -> Response:
    columns = (
        Column(_("Subject"), width=30),
        Column(_("Answers"), "integer", 10),
        Column(_("In time"), "integer", 10),
        Column(_("Per cent in time"), "rate", 14),
        Column(_("Ratings"), "integer", 10),
        Column(_("Average of 5"), width=14),
    )
    where = locale()

    def cells(row: queries.Quality) -> list[Cell]:
        return [
            words.subject_name(row.subject_code, language()),
            row.answered,
            row.in_time,
            RATE * row.in_time // row.answered,
            row.rated,
            None if row.rating is None else format_decimal(Decimal(row.rating) / 100, "0.00", where),
        ]

    narrowed = [(_("Answered from"), format_short(days[0])), (_("to"), format_short(days[1]))]
    listing = Listing(_("answers"), _("How well cases are answered"), columns, narrowed)
    return export(format, listing, map(cells, rows))
