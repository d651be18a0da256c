"""The statement of one account as a page and on paper (S1.14, S3.1)."""

from __future__ import annotations

import calendar
import datetime
import uuid
from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from blueprints.accounts.reach import reach_of
from blueprints.accounts.working import Working, working
from blueprints.invoices import queries, rules, wording
from blueprints.invoices import statement as books
from blueprints.invoices.customer import pages
from blueprints.invoices.standing_credit import standing_credit
from blueprints.invoices.statement import Statement
from blueprints.invoices.statement_document import entry_words, later_words, statement_pdf
from blueprints.invoices.statement_file import statement_file
from saas.dates import format_short, parse_date
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from saas.web import download
from tenants.context import Reach
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import language, locale

MONTHS_BACK = 12


@pages.get("/statement")
@allow(SIGNED_IN)
def statement() -> str | Response | tuple[str, int]:
    """What an account owed, what moved and what it owes, between two days."""
    reach = reach_of(g.viewer, g.tenant)
    at_work = working(reach)
    account_id = _account_id(at_work)
    if account_id is None:
        return render("invoices/no_statement.html")
    first, last = _typed()
    found, problem, field = None, "", ""
    try:
        found = _read(account_id, first, last)
    except Refusal as refusal:
        problem, field = _(refusal.msgid, **refusal.facts), refusal.field or "from"
    where = locale()
    days: dict[str, Any] = {"account": account_id, "from": first, "to": last}
    if found is not None and (file := wanted()) is not None and file != "pdf":
        return statement_file(file, found)
    page = render(
        "invoices/statement.html",
        errored=bool(problem),
        working=at_work,
        account_id=account_id,
        first=first,
        last=last,
        problem=problem,
        problem_field=field,
        found=found,
        words=lambda entry: entry_words(entry, where),
        ages=[(wording.age_words(age), age, found.ages[age]) for age in rules.AGES] if found else [],
        later=later_words(found, _not_booked(reach, found), where) if found else "",
        credit=standing_credit(reach, account_id=account_id) if found else (),
        pdf_url=url_for("invoices.statement_document", **days) if found else "",
        file_url=url_for("invoices.statement", **days) if found else "",
    )
    return (page, 422) if problem else page


@pages.get("/statement/pdf")
@allow(SIGNED_IN)
def statement_document() -> Response:
    """The same statement as a file."""
    account_id = _account_id(working(reach_of(g.viewer, g.tenant)))
    if account_id is None:
        raise NotFound()
    found = _read(account_id, *_typed())
    name = _("statement-%(number)s-%(date)s.pdf", number=found.account.number, date=found.last.isoformat())
    later = _not_booked(reach_of(g.viewer, g.tenant), found)
    return download(statement_pdf(found, later), media_type="application/pdf", name=name, inline=True)


def _not_booked(reach: Reach, found: Statement) -> int:
    """What second due dates have added by today and the books will learn when it is paid; 0 for a past day."""
    if found.last < reach.today:
        return 0
    owed = {row.currency: row.owed for row in queries.totals(reach, account_id=found.account.id)}
    return max(owed.get(found.currency, 0) - found.closing, 0)


def _account_id(at_work: Working) -> uuid.UUID | None:
    """The account that is asked for, else the one worked with, else the first. An account asked for that is not
    in reach is a 404, not somebody else's page."""
    if "account" in request.args and request.args["account"] != "all":
        try:
            return uuid.UUID(request.args["account"])
        except ValueError:
            raise NotFound() from None
    if at_work.account_id is not None:
        return at_work.account_id
    return at_work.accounts[0].id if at_work.accounts else None


def _typed() -> tuple[str, str]:
    """The days as they were typed; a year back when nothing was."""
    today = g.tenant.today()
    first = request.args.get("from", "")[:40].strip() or format_short(_months_before(today, MONTHS_BACK))
    return first, request.args.get("to", "")[:40].strip() or format_short(today)


def _read(account_id: uuid.UUID, first: str, last: str) -> Statement:
    """The statement for typed days. Raises Refusal and NotFound."""
    where = locale()
    return books.statement(
        reach_of(g.viewer, g.tenant),
        account_id,
        first=parse_date(first, where, field="from"),
        last=parse_date(last, where, field="to"),
        currency=g.tenant.currency,
        language=language(),
    )


def _months_before(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
