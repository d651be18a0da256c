"""The first page: how much is owed, by when, pay; for owners what came in (S0.11-S0.16, S4.6)."""

from __future__ import annotations

import uuid

from flask import current_app, g, redirect, url_for
from werkzeug.wrappers import Response

from blueprints.accounts.reach import reach_of
from blueprints.accounts.working import Working, working
from blueprints.cases.quote_queries import quotes_waiting
from blueprints.home import wording
from blueprints.invoices import queries
from blueprints.invoices.customer import pay_url, payable
from blueprints.invoices.narrowing import Filters
from blueprints.invoices.standing_credit import standing_credit
from blueprints.invoices.wording import DueWords, title
from blueprints.owners.queries import OwnerSummary, owner_summary
from blueprints.payments.queries import PaymentLine, recent_payments
from saas.permissions import SIGNED_IN, allow
from saas.web import Pages
from tenants.context import Reach
from tenants.look import render
from tenants.page_context import language, locale

pages = Pages("home", __name__)

SHOWN = 4
DESK = "/desk"


@pages.get("/")
@allow(SIGNED_IN)
def index() -> str | Response:
    """The home of a payer, an owner, or both; who only works here goes to the desk."""
    reach = reach_of(g.viewer, g.tenant)
    at_work = working(reach)
    if not at_work.known:
        if g.viewer.is_staff and g.viewer.viewing_customer_id is None:
            return redirect(DESK)
        return render("home/nothing.html", hello=wording.hello(_name()))
    pays, owns = _sides(at_work)
    totals = queries.totals(reach, account_id=at_work.account_id)
    open_now = queries.pending(reach, language=language(), account_id=at_work.account_id)
    shown = open_now.rows[:SHOWN]
    settled = (
        queries.history(reach, Filters(account_id=at_work.account_id), language=language(), page=SHOWN).rows
        if owns and not pays
        else ()
    )
    where = locale()
    return render(
        "home/index.html",
        hello=wording.hello(_name()),
        working=at_work,
        pays=pays,
        owner=_owner(reach) if owns else None,
        totals=[(total, wording.by_when(total, reach.today, where)) for total in totals],
        count_words=lambda total: wording.count_words(total, where),
        rows=shown,
        settled=settled,
        states={row.state for row in (*shown, *settled)},
        due_words=DueWords(where, reach.today).of,
        title_of=lambda row: title(row.kind, row.period, where),
        invoices=url_for("invoices.pending"),
        can_pay=bool(pay_url() and any(payable(row) for row in open_now.rows)),
        payments=_payments(reach),
        credit=standing_credit(reach, account_id=at_work.account_id, known=open_now.credit),
        payments_url=_url("payments.receipts"),
        quotes=quotes_waiting(reach) if owns else 0,
    )


def _name() -> str:
    return str(g.viewer.viewing_customer_name or g.viewer.name)


def _sides(at_work: Working) -> tuple[bool, bool]:
    """Whether the page is for a payer, for an owner; of the chosen account, or of all."""
    lines = [at_work.chosen] if at_work.chosen else at_work.accounts
    kinds = {line.kind for line in lines}
    if at_work.chosen is None and g.viewer.viewing_customer_id is None and at_work.known > len(lines):
        kinds |= {"mandate"} if "owner" in g.viewer.roles else set()
        kinds |= {"lease"} if g.viewer.roles & {"renter", "holder"} else set()
    return bool(kinds - {"mandate"}), "mandate" in kinds


def _owner(reach: Reach) -> OwnerSummary | None:
    owner_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if owner_id is None or "owners" not in g.tenant.capabilities:
        return None
    return owner_summary(reach, owner_id, currency=g.tenant.currency)


def _payments(reach: Reach) -> list[PaymentLine]:
    return recent_payments(reach, 3) if "payments.receipt" in current_app.view_functions else []


def _url(endpoint: str) -> str:
    return url_for(endpoint) if endpoint in current_app.view_functions else ""
