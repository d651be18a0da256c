"""What renters and owners see of their leases: the terms, the rent over time, the papers."""

from __future__ import annotations

import datetime
import uuid

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.accounts.reach import reach_of
from blueprints.leases import customer_queries as queries
from blueprints.leases import rates, words
from blueprints.leases.adjusting import YEAR, due_on
from blueprints.leases.catalogue import caps, indexes, said
from blueprints.leases.list_file import contracts_file
from saas.files import load
from saas.permissions import SIGNED_IN, allow
from saas.web import Pages, download
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import language

pages = Pages("leases", __name__)


@pages.get("/contracts")
@allow(SIGNED_IN)
def contracts() -> str | BaseResponse:
    """The leases of the viewer; who has a single one is led to it."""
    reach = reach_of(g.viewer, g.tenant)
    if (file := wanted()) is not None:
        return contracts_file(file, reach, _next_adjustment)
    page = queries.contracts(reach, request.args.get("after"))
    if len(page.rows) == 1 and page.older is None and "after" not in request.args:
        return redirect(url_for("leases.contract", lease_id=page.rows[0].row.id))
    return render(
        "leases/contracts.html",
        page=page,
        words=words,
        next_adjustment=_next_adjustment,
        later="after" in request.args,
    )


@pages.get("/contracts/<uuid:lease_id>")
@allow(SIGNED_IN)
def contract(lease_id: uuid.UUID) -> str:
    reach = reach_of(g.viewer, g.tenant)
    seen = queries.contract(reach, lease_id)
    cap, index = caps().get(seen.row.cap or ""), indexes().get(seen.row.index_code or "")
    own_id = g.viewer.viewing_customer_id or g.viewer.customer_id
    people = queries.people(seen, g.tenant.today())
    return render(
        "leases/contract.html",
        lease=seen.row,
        owner=seen.side == queries.OWNER,
        until=seen.until,
        rents=queries.rents(seen),
        people=people,
        own=next((one for one in people if one.id == own_id), None),
        charges=queries.charges(seen, f"{g.tenant.today():%Y-%m}"),
        documents=queries.documents(seen),
        words=words,
        percent=rates.percent,
        next_adjustment=_next_adjustment(seen.row),
        index_text=said(index.titles, language()) if index else "",
        cap_text=said(cap.titles, language()) if cap else "",
        cap_source=cap.source if cap else "",
        today_is=g.tenant.today(),
    )


@pages.get("/contracts/documents/<uuid:lease_document_id>")
@allow(SIGNED_IN)
def document(lease_document_id: uuid.UUID) -> Response:
    """A paper of a lease, for whom it is meant."""
    row = queries.document(reach_of(g.viewer, g.tenant), lease_document_id)
    stored = load(row.file_id)
    answer = download(stored.content, media_type=stored.media_type, name=stored.name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _next_adjustment(row: queries.Line) -> datetime.date | None:
    """The day from which the rent may rise, or None where nothing says that it does."""
    if row.index_code is None or row.status == "ended":
        return None
    cap = caps().get(row.cap or "")
    return due_on(row.rent_since, cap.months if cap else YEAR)
