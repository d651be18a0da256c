"""The first page: how much is owed, by when, pay; for owners what came in (S0.11-S0.16, S4.6)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import current_app, g, redirect, url_for
from werkzeug.wrappers import Response

from blueprints.accounts.queries import AccountLine
from blueprints.accounts.reach import reach_of
from blueprints.accounts.working import Working, working
from blueprints.cases.blueprint import whose
from blueprints.cases.queries import Filters as CaseFilters
from blueprints.cases.queries import my_cases
from blueprints.cases.wording import chip, short
from blueprints.home import wording
from blueprints.home.agreements import OWNER, RENTER, Agreement, agreements
from blueprints.home.next_payout import NextPayout, next_payout
from blueprints.home.owning import Owning, owning
from blueprints.invoices import queries
from blueprints.invoices.clearance import BILLED
from blueprints.invoices.customer import pay_url, payable
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
CASES = 2
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
    owner = _owner(reach) if owns else None
    agency = _rents(at_work) or owns
    open_now = queries.pending(reach, language=language(), account_id=at_work.account_id)
    totals = queries.totals(reach, account_id=at_work.account_id) if open_now.rows else []
    shown = open_now.rows[:SHOWN]
    where = locale()
    return render(
        "home/index.html",
        hello=wording.hello(_name()),
        working=at_work,
        pays=pays,
        places=_places(at_work) if pays and owner else {},
        owner=owner,
        totals=[(total, wording.by_when(total, reach.today, where)) for total in totals],
        count_words=lambda total: wording.count_words(total, where),
        rows=shown,
        states={row.state for row in shown},
        due_words=DueWords(where, reach.today).of,
        title_of=lambda row: title(row.kind, row.period, where),
        invoices=url_for("invoices.pending"),
        can_pay=bool(pay_url() and any(payable(row) for row in open_now.rows)),
        payments=_payments(reach) if pays else (),
        credit=standing_credit(reach, account_id=at_work.account_id, known=open_now.credit),
        payments_url=_url("payments.receipts"),
        cleared=[line for line in _lines(at_work) if line.kind in BILLED][:SHOWN] if not totals else (),
        contracts=_contracts(reach, at_work, agency=agency),
        open_cases=my_cases(whose(), CaseFilters(open_only=True), size=CASES).rows if agency else (),
        chip=chip,
        short=short,
    )


def _name() -> str:
    return str(g.viewer.viewing_customer_name or g.viewer.name)


def _lines(at_work: Working) -> list[AccountLine]:
    """The accounts that the page speaks of."""
    return [at_work.chosen] if at_work.chosen else at_work.accounts


def _rents(at_work: Working) -> bool:
    """Whether one of the accounts that the page speaks of is rented."""
    return any(line.kind == "lease" for line in _lines(at_work))


def _sides(at_work: Working) -> tuple[bool, bool]:
    """Whether the page is for a payer, for an owner; of the chosen account, or of all."""
    kinds = {line.kind for line in _lines(at_work)}
    if (
        at_work.chosen is None
        and g.viewer.viewing_customer_id is None
        and at_work.known > len(at_work.accounts)
    ):
        kinds |= {"mandate"} if "owner" in g.viewer.roles else set()
        kinds |= {"lease"} if g.viewer.roles & {"renter", "holder"} else set()
    return bool(kinds - {"mandate"}), "mandate" in kinds


def _places(at_work: Working) -> dict[str, str]:
    """Where somebody pays and where somebody earns, so that the two are not mixed up."""
    owned = [line for line in at_work.accounts if line.kind == "mandate"]
    rented = [line for line in at_work.accounts if line.kind != "mandate"]
    return {RENTER: wording.places(rented), OWNER: wording.places(owned)}


@dataclass(frozen=True, slots=True)
class OwnerPart:
    """What the page tells an owner. `next` None: payouts are not made here."""

    sums: OwnerSummary
    kept: str
    more: Owning
    next: NextPayout | None
    month: str


def _owner(reach: Reach) -> OwnerPart | None:
    owner_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    currency = g.tenant.currency
    if owner_id is None or "owners" not in g.tenant.capabilities:
        return None
    sums = owner_summary(reach, owner_id, currency=currency)
    if sums is None:
        return None
    return OwnerPart(
        sums=sums,
        kept=wording.kept_words(sums, locale()),
        more=owning(reach, owner_id, currency=currency),
        next=next_payout(owner_id, sums.held, currency) if "payouts" in g.tenant.capabilities else None,
        month=f"{reach.today:%Y-%m}",
    )


def _contracts(reach: Reach, at_work: Working, *, agency: bool) -> dict[str, list[tuple[Agreement, str]]]:
    """The contracts to speak of, of each side, with what comes next in them."""
    pays, owns = _sides(at_work)
    known = agency and "leases" in g.tenant.capabilities
    found = agreements(reach, rents=pays, owns=owns, account_id=at_work.account_id) if known else ()
    said = [(one, wording.agreement_words(one, reach.today, locale())) for one in found]
    return {side: [line for line in said if line[0].side == side] for side in (RENTER, OWNER)}


def _payments(reach: Reach) -> list[PaymentLine]:
    return recent_payments(reach, 3) if "payments.receipt" in current_app.view_functions else []


def _url(endpoint: str) -> str:
    return url_for(endpoint) if endpoint in current_app.view_functions else ""
