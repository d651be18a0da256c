"""What owners see: their income, property by property, and what was paid out to them."""

from __future__ import annotations

import uuid

from flask import Response, abort, g, request
from flask_babel import gettext as _

from blueprints.accounts.reach import reach_of
from blueprints.leases import queries
from blueprints.leases.payout_document import payout_pdf
from saas.permissions import SIGNED_IN, allow
from saas.web import Pages, download
from tenants.look import render

pages = Pages("leases", __name__)


def _owner_id() -> uuid.UUID:
    """The customer whose income is shown. Somebody who is no customer has none: 404."""
    owner_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if owner_id is None:
        abort(404)
    return owner_id


@pages.get("/income")
@allow(SIGNED_IN)
def income() -> str:
    """What was collected, what was kept, what was paid out, by period and property (S4.4, S4.5)."""
    reach, owner_id = reach_of(g.viewer, g.tenant), _owner_id()
    summary = queries.owner_summary(reach, owner_id, currency=g.tenant.currency)
    if summary is None:
        abort(404)
    statement = queries.statement(reach, owner_id, cursor=request.args.get("after"))
    return render("leases/income.html", summary=summary, statement=statement)


@pages.get("/income/payouts")
@allow(SIGNED_IN)
def payouts() -> str:
    """Every payout, newest first (S4.5)."""
    page = queries.payouts(reach_of(g.viewer, g.tenant), _owner_id(), cursor=request.args.get("after"))
    return render("leases/payouts.html", page=page)


@pages.get("/income/payouts/<uuid:payout_id>")
@allow(SIGNED_IN)
def payout(payout_id: uuid.UUID) -> str:
    row = queries.payout(reach_of(g.viewer, g.tenant), _owner_id(), payout_id)
    return render("leases/payout.html", payout=row)


@pages.get("/income/payouts/<uuid:payout_id>/pdf")
@allow(SIGNED_IN)
def payout_document(payout_id: uuid.UUID) -> Response:
    """The payout's voucher: made once, kept with its hash, served from there."""
    row = queries.payout(reach_of(g.viewer, g.tenant), _owner_id(), payout_id)
    stored = payout_pdf(row, _owner_id())
    name = _("payout-%(number)s.pdf", number=row.number)
    return download(stored.content, media_type=stored.media_type, name=name, inline=True)
