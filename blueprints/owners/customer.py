"""What owners see: their months, the statement of each, what every figure comes from, and what was paid to them."""

from __future__ import annotations

import uuid

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from blueprints.accounts.reach import reach_of
from blueprints.owners import queries, sources, statements
from blueprints.owners.files import months_file, payouts_file
from blueprints.owners.note_document import note_pdf
from blueprints.owners.payout_document import payout_pdf
from blueprints.owners.statement_document import statement_pdf
from blueprints.owners.wording import line_words, part_words, share_words
from blueprints.payments.titles import method_title
from saas.files import load
from saas.permissions import SIGNED_IN, allow
from saas.web import Pages, download
from tenants.exports import wanted
from tenants.look import render

pages = Pages("owners", __name__)


def own_customer() -> uuid.UUID:
    """The customer whose income is shown. Somebody who is no customer has none: 404."""
    owner_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if owner_id is None:
        abort(404)
    return owner_id


@pages.get("/income")
@allow(SIGNED_IN)
def income() -> str | Response:
    """What was collected, what was kept, what was paid out, by month and property (S4.4, S4.5)."""
    reach, owner_id = reach_of(g.viewer, g.tenant), own_customer()
    summary = queries.owner_summary(reach, owner_id, currency=g.tenant.currency)
    if summary is None:
        abort(404)
    if (file := wanted()) is not None:
        return months_file(file, reach, owner_id, g.tenant.currency)
    months = queries.months(reach, owner_id, currency=g.tenant.currency, cursor=request.args.get("after"))
    return render("owners/income.html", summary=summary, months=months, own_url=url_for("owners.income"))


@pages.get("/income/statements/<uuid:mandate_account_id>/<period>")
@allow(SIGNED_IN)
def statement(mandate_account_id: uuid.UUID, period: str) -> str:
    """One property, one month: every figure leads to what it comes from."""
    found = _statement(mandate_account_id, period)
    return render(
        "owners/statement.html",
        found=found,
        words=line_words,
        share=share_words(found.share),
        part_words=part_words,
    )


@pages.get("/income/statements/<uuid:mandate_account_id>/<period>/pdf")
@allow(SIGNED_IN)
def statement_document(mandate_account_id: uuid.UUID, period: str) -> Response:
    """The statement on paper. Made afresh each time: it says what the books say."""
    found = _statement(mandate_account_id, period)
    name = _("statement-%(number)s-%(month)s.pdf", number=found.mandate.number, month=found.month)
    return download(statement_pdf(found), media_type="application/pdf", name=name, inline=True)


def _statement(mandate_account_id: uuid.UUID, period: str) -> statements.Statement:
    reach = reach_of(g.viewer, g.tenant)
    return statements.statement(reach, own_customer(), mandate_account_id, period, currency=g.tenant.currency)


@pages.get("/income/rents/<uuid:invoice_id>")
@allow(SIGNED_IN)
def rent(invoice_id: uuid.UUID) -> str:
    """Where rent on a statement comes from: what was billed, and what of it came in and when."""
    found = sources.rent_source(reach_of(g.viewer, g.tenant), own_customer(), invoice_id)
    return render("owners/rent.html", found=found, method_title=method_title)


@pages.get("/income/charges/<uuid:owner_charge_id>")
@allow(SIGNED_IN)
def charge(owner_charge_id: uuid.UUID) -> str:
    row, mine = sources.charge_source(reach_of(g.viewer, g.tenant), own_customer(), owner_charge_id)
    return render("owners/charge.html", charge=row, mine=mine)


@pages.get("/income/charges/<uuid:owner_charge_id>/file")
@allow(SIGNED_IN)
def charge_file(owner_charge_id: uuid.UUID) -> Response:
    """The bill or policy behind a charge."""
    row, _mine = sources.charge_source(reach_of(g.viewer, g.tenant), own_customer(), owner_charge_id)
    if row.file_id is None:
        abort(404)
    stored = load(row.file_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name)


@pages.get("/income/credit-notes/<uuid:note_id>")
@allow(SIGNED_IN)
def credit_note(note_id: uuid.UUID) -> str:
    row, mine = sources.note_source(reach_of(g.viewer, g.tenant), own_customer(), note_id)
    return render("owners/credit_note.html", note=row, mine=mine)


@pages.get("/income/credit-notes/<uuid:note_id>/pdf")
@allow(SIGNED_IN)
def credit_note_document(note_id: uuid.UUID) -> Response:
    """The credit note: made once, kept with its hash, served from there."""
    row, _mine = sources.note_source(reach_of(g.viewer, g.tenant), own_customer(), note_id)
    stored = note_pdf(row)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


@pages.get("/income/payouts")
@allow(SIGNED_IN)
def payouts() -> str | Response:
    """Every payout, newest first (S4.16)."""
    reach, owner_id = reach_of(g.viewer, g.tenant), own_customer()
    if (file := wanted()) is not None:
        return payouts_file(file, reach, owner_id)
    page = queries.payouts(reach, owner_id, cursor=request.args.get("after"))
    return render("owners/payouts.html", page=page, own_url=url_for("owners.payouts"))


@pages.get("/income/payouts/<uuid:payout_id>")
@allow(SIGNED_IN)
def payout(payout_id: uuid.UUID) -> str:
    row = queries.payout(reach_of(g.viewer, g.tenant), own_customer(), payout_id)
    return render("owners/payout.html", payout=row, paid_in=(row.booked_on or row.paid_on).isoformat()[:7])


@pages.get("/income/payouts/<uuid:payout_id>/pdf")
@allow(SIGNED_IN)
def payout_document(payout_id: uuid.UUID) -> Response:
    """The payout's voucher: made once, kept with its hash, served from there. One that is under way has none yet."""
    row = queries.payout(reach_of(g.viewer, g.tenant), own_customer(), payout_id)
    if row.state != "paid":
        abort(404)
    stored = payout_pdf(row, own_customer())
    name = _("payout-%(number)s.pdf", number=row.number)
    return download(stored.content, media_type=stored.media_type, name=name, inline=True)
