"""Whether an account owes nothing, and the certificate of it (feature 40)."""

from __future__ import annotations

import uuid

from flask import Response, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.accounts.reach import reach_of
from blueprints.invoices import clearance as rules
from blueprints.invoices.clearance_document import clearance_pdf
from blueprints.invoices.customer import pages, pay_url
from blueprints.invoices.wording import DueWords, title
from saas.clock import now
from saas.permissions import SIGNED_IN, allow
from saas.refusals import Refusal
from saas.web import download
from tenants.issued_documents import GENUINE, file_of
from tenants.look import render
from tenants.page_context import language, locale


@pages.get("/accounts/<uuid:account_id>/clearance")
@allow(SIGNED_IN)
def clearance(account_id: uuid.UUID) -> str:
    """What is in the way of the certificate, or the certificates."""
    return _page(account_id)


@pages.post("/accounts/<uuid:account_id>/clearance")
@allow(SIGNED_IN)
def issue_clearance(account_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    reach = reach_of(g.viewer, g.tenant)
    try:
        rules.issue_clearance(reach, account_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        return _page(account_id, problem=_(refusal.msgid, **refusal.facts)), 422
    return redirect(url_for("invoices.clearance", account_id=account_id), 303)


@pages.get("/clearances/<uuid:clearance_id>/pdf")
@allow(SIGNED_IN)
def clearance_document(clearance_id: uuid.UUID) -> Response:
    """The paper: drawn once, always the same file."""
    document, account, day = rules.clearance(reach_of(g.viewer, g.tenant), clearance_id)
    name = rules.file_name(document)
    stored = file_of(clearance_id, lambda issued: clearance_pdf(issued, account, day), name)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


def _page(account_id: uuid.UUID, *, problem: str = "") -> str:
    reach, where = reach_of(g.viewer, g.tenant), locale()
    found = rules.standing(reach, account_id, language=language())
    return render(
        "invoices/clearance.html",
        found=found,
        problem=problem,
        errored=bool(problem),
        genuine=GENUINE,
        looking=g.viewer.viewing_customer_id is not None,
        due_words=DueWords(where, reach.today).of,
        title_of=lambda row: title(row.kind, row.period, where),
        pay_url=url_for("invoices.pending", account=account_id) if pay_url() else "",
    )
