"""Invoices as their payers see them: what is open, everything there was, one of them and its document."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Response, current_app, g, request, url_for
from flask_babel import gettext as _

from blueprints.accounts.queries import may_claim
from blueprints.accounts.reach import reach_of
from blueprints.accounts.working import Working, wanted_account, working, working_on
from blueprints.invoices import one, queries, wording
from blueprints.invoices.document import fiscal_of, invoice_pdf
from blueprints.invoices.history_file import history_file
from blueprints.invoices.narrowing import STATES, Filters
from blueprints.invoices.queries import InvoiceLine
from blueprints.invoices.rules import TO_PAY
from blueprints.invoices.standing_credit import standing_credit
from blueprints.invoices.under_way import under_way
from saas.barcodes import qr_svg
from saas.dates import format_period
from saas.money import format_money
from saas.permissions import SIGNED_IN, allow
from saas.web import Pages, download
from tenants.context import Reach
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import language, locale

pages = Pages("invoices", __name__)

FIRST_YEAR = 1990
_YEAR = re.compile(r"[0-9]{4}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,60}")


class Pick(NamedTuple):
    """One row of the choice, ready to be printed. `amount` in minor units, `state` as the chips are called."""

    id: uuid.UUID
    number: str
    title: str
    due: str
    place: str
    state: str
    amount: int
    money: str
    payable: bool


class Line(NamedTuple):
    """One row of everything there was, ready to be printed. `place` only where several accounts are mixed."""

    id: uuid.UUID
    number: str
    title: str
    place: str
    due: str
    state: str
    money: str
    payable: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One currency's open invoices on the page: an attempt pays one currency. `sum` is what is ticked at first."""

    currency: str
    rows: list[Pick]

    @property
    def ticked(self) -> int:
        return sum(row.payable for row in self.rows)

    @property
    def sum(self) -> int:
        return sum(row.amount for row in self.rows if row.payable)


@pages.get("/invoices")
@allow(SIGNED_IN)
def pending() -> str:
    """What is to be paid, with the choice of several (S0.14, S0.17). One statement for who has one account."""
    reach = reach_of(g.viewer, g.tenant)
    wanted = wanted_account()
    at_work = working(reach) if wanted else None
    account_id = at_work.account_id if at_work else None
    found = queries.pending(
        reach, language=language(), account_id=account_id, cursor=request.args.get("after")
    )
    if at_work is None and found.accounts != 1:
        at_work = working(reach)
    return render(
        "invoices/pending.html",
        choices=_choices(found.rows, reach.today, at_work),
        under_way=under_way(reach, found.rows),
        credit=standing_credit(reach, account_id=account_id, known=found.credit),
        older_url=_further(found.older),
        file_url=url_for("invoices.history", account=request.args.get("account"), state=TO_PAY),
        first_page="after" not in request.args,
        working=at_work,
        pay_url=pay_url(),
        other_ways=other_ways(),
        address=url_for("invoices.pending"),
        totals=queries.totals(reach, account_id=account_id) if found.older else (),
    )


@pages.get("/invoices/history")
@allow(SIGNED_IN)
def history() -> str | Response:
    """Every invoice, newest first, narrowed by what stands in the address (S0.46, S1.14). One statement for who has
    one account."""
    reach = reach_of(g.viewer, g.tenant)
    at_work = working(reach) if wanted_account() else None
    asked = _filters(at_work.account_id if at_work else None)
    if (file := wanted()) is not None:
        return history_file(file, reach, asked)
    page = queries.history(
        reach,
        asked,
        language=language(),
        older=request.args.get("older"),
        newer=request.args.get("newer"),
    )
    if at_work is None:
        at_work = working_on(page.only) if page.only else working(reach)
    where = pay_url()
    kept: dict[str, Any] = {
        "account": request.args.get("account"),
        "type": asked.type_code,
        "state": asked.state,
        "year": asked.year,
        "number": asked.number or None,
    }
    return render(
        "invoices/history.html",
        asked=asked,
        narrowed=bool(asked.type_code or asked.state or asked.year or asked.number),
        newer_url=url_for("invoices.history", **kept, newer=page.newer) if page.newer else "",
        older_url=url_for("invoices.history", **kept, older=page.older) if page.older else "",
        working=at_work,
        types=tuple(page.kinds if page.kinds is not None else queries.invoice_types(language())),
        years=_years(reach.today.year, asked.year),
        chosen=(asked.type_code, asked.state, asked.year),
        rows=_lines(page.rows, reach.today, at_work, online=bool(where)),
        address=url_for("invoices.pending"),
        file_url=url_for("invoices.history", **kept),
        states={row.state.replace("-", "_") for row in page.rows},
        pay_url=where,
    )


@pages.get("/invoices/<uuid:invoice_id>")
@allow(SIGNED_IN)
def invoice(invoice_id: uuid.UUID) -> str:
    """One invoice, explained (S2.18, S4.8, S4.15)."""
    reach = reach_of(g.viewer, g.tenant)
    view = one.invoice(reach, invoice_id, language=language())
    fiscal = fiscal_of(view)
    return render(
        "invoices/one.html",
        view=view,
        row=view.listed,
        under_way=under_way(reach, [view.listed]),
        title=wording.title(view.listed.kind, view.listed.period, locale()),
        sentence=wording.due_sentence(view, locale(), reach.today),
        due_reason=wording.due_reason(view),
        parts=wording.parts(view),
        happened=wording.happened(view),
        movement_words=wording.movement_words,
        consumption=wording.consumption_words(view),
        period=format_period(view.listed.period, locale()),
        fiscal=fiscal,
        fiscal_qr=qr_svg(fiscal.link, _("QR code of the electronic invoice"))
        if fiscal and fiscal.link
        else "",
        pay_url=pay_url() if payable(view.listed) else "",
        links_url=_links_url(invoice_id) if payable(view.listed) else "",
        claim_url=_claim_url(reach, view),
        other_ways=other_ways(),
    )


@pages.get("/invoices/<uuid:invoice_id>/pdf")
@allow(SIGNED_IN)
def document(invoice_id: uuid.UUID) -> Response:
    """The invoice as it was issued: made at the first demand, kept with its hash, always the same file."""
    view = one.invoice(reach_of(g.viewer, g.tenant), invoice_id, language=g.tenant.language)
    stored = invoice_pdf(view)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


def _choices(rows: Sequence[InvoiceLine], today: datetime.date, at_work: Working | None) -> list[Choice]:
    """The rows in print, by currency. `at_work`: where to find the names of accounts when several are mixed."""
    where, due, title = locale(), wording.DueWords(locale(), today).of, _titles()
    mixed = at_work is not None and at_work.several and at_work.chosen is None
    found: dict[str, Choice] = {}
    for row in rows:
        place = row.account_address or row.account_number
        pick = Pick(
            id=row.id,
            number=row.number,
            title=title(row),
            due=due(row),
            place=at_work.name_of(row.account_id, place) if at_work and mixed else "",
            state=row.state.replace("-", "_"),
            amount=row.due.amount,
            money=format_money(row.due.amount, row.currency, where),
            payable=payable(row),
        )
        found.setdefault(row.currency, Choice(row.currency, [])).rows.append(pick)
    return list(found.values())


def _lines(
    rows: Sequence[InvoiceLine], today: datetime.date, at_work: Working, *, online: bool
) -> list[Line]:
    where, due, title = locale(), wording.DueWords(locale(), today).of, _titles()
    mixed = at_work.several and at_work.chosen is None
    return [
        Line(
            row.id,
            row.number,
            title(row),
            at_work.name_of(row.account_id, row.account_address or row.account_number) if mixed else "",
            due(row),
            row.state.replace("-", "_"),
            format_money(row.total, row.currency, where),
            online and payable(row),
        )
        for row in rows
    ]


def _further(cursor: str | None) -> str:
    """The address of the next page of the same list; empty on the last one."""
    return url_for("invoices.pending", account=request.args.get("account"), after=cursor) if cursor else ""


def pay_url() -> str:
    """Where chosen invoices are sent; empty while nothing can be paid online."""
    taken = "payments.summary" in current_app.view_functions and g.tenant.offers
    return url_for("payments.summary") if taken and not g.viewer.viewing_customer_id else ""


def _links_url(invoice_id: uuid.UUID) -> str:
    """Where somebody else is asked to pay an invoice; empty where nothing can be paid online."""
    return url_for("payments.invoice_links", invoice_id=invoice_id) if pay_url() else ""


def _claim_url(reach: Reach, view: one.InvoiceView) -> str:
    """Where a claim about an invoice is filed; empty for who may not."""
    if "cases.choose" not in current_app.view_functions or g.viewer.viewing_customer_id:
        return ""
    if not may_claim(reach, view.listed.account_id):
        return ""
    return url_for("cases.choose", invoice=view.listed.id)


def payable(row: InvoiceLine) -> bool:
    """Whether the viewer may pay an invoice now, and the tenant takes such ones online."""
    return row.payable and bool(g.tenant.takes(row.type_code, row.account_kind))


def other_ways() -> str:
    """How else to pay, in the language of the page where the tenant has written it in that."""
    own = str(g.tenant.setting("invoices.other_ways"))
    return (str(g.tenant.setting("invoices.other_ways.en")) or own) if language() == "en" else own


def _filters(account_id: uuid.UUID | None) -> Filters:
    year = request.args.get("year", "")
    state, kind = request.args.get("state", ""), request.args.get("type", "")
    return Filters(
        account_id=account_id,
        type_code=kind if _CODE.fullmatch(kind) else None,
        state=state if state in STATES else None,
        year=int(year) if _YEAR.fullmatch(year) and year.isascii() and int(year) >= FIRST_YEAR else None,
        number=request.args.get("number", "")[:60].replace("\x00", ""),
    )


@lru_cache(maxsize=64)
def _years(this_year: int, asked: int | None) -> tuple[tuple[int, str], ...]:
    years = list(range(this_year + 1, this_year - 6, -1))
    if asked is not None and asked not in years:
        years = sorted({*years, asked}, reverse=True)
    return tuple((year, str(year)) for year in years)


def _titles() -> Callable[[InvoiceLine], str]:
    where = locale()
    return lambda row: wording.title(row.kind, row.period, where)
