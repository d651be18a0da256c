"""Receipts as pages and files, and the public page that checks one."""

from __future__ import annotations

import base64
import datetime
import uuid

from flask import Response, g, request, url_for
from flask_babel import gettext as _

from blueprints.accounts.reach import reach_of
from blueprints.payments import queries
from blueprints.payments.blueprint import pages
from blueprints.payments.customer import BillLine
from blueprints.payments.queries import ReceiptFacts
from blueprints.payments.receipts import CODE_GROUPS, document_of
from blueprints.payments.receipts_file import receipts_file
from blueprints.payments.titles import invoice_title, method_title
from saas.barcodes import qr_svg
from saas.limits import count_attempt, network_of
from saas.permissions import PUBLIC, SIGNED_IN, allow
from saas.refusals import NotFound
from saas.tokens import normalise_code
from saas.web import download
from tenants import issued_documents
from tenants.error_pages import error_page
from tenants.exports import wanted
from tenants.frame import client_address
from tenants.look import render
from tenants.page_context import language, locale

CHECKS = 60  # an hour and address: a code has 60 random bits, so this only keeps noise away
HOUR = datetime.timedelta(hours=1)


@pages.get("/receipts")
@allow(SIGNED_IN)
def receipts() -> str | Response:
    """Every payment in reach, newest first (S0.45)."""
    if (file := wanted()) is not None:
        return receipts_file(file, reach_of(g.viewer, g.tenant))
    page = queries.payments_page(
        reach_of(g.viewer, g.tenant), before=request.args.get("before"), after=request.args.get("after")
    )
    return render(
        "payments/receipts.html",
        page=page,
        method_title=method_title,
        newer_url=url_for("payments.receipts", after=page.newer) if page.newer else "",
        older_url=url_for("payments.receipts", before=page.older) if page.older else "",
    )


@pages.get("/receipts/<uuid:receipt_id>")
@allow(SIGNED_IN)
def receipt(receipt_id: uuid.UUID) -> str:
    """One receipt. It stays where it is, so that it can be bookmarked and sent on."""
    facts = _in_reach(receipt_id)
    check_url = ""
    if facts.verification_code:
        check_url = f"{g.tenant.canonical_url}{url_for('payments.check', code=facts.verification_code)}"
    return render(
        "payments/receipt.html",
        facts=facts,
        lines=_lines(facts),
        method=method_title(facts.method),
        check_url=check_url,
        qr=_picture(qr_svg(check_url, _("QR code to check this receipt"))) if check_url else "",
    )


@pages.get("/receipts/<uuid:receipt_id>/pdf")
@allow(SIGNED_IN)
def receipt_pdf(receipt_id: uuid.UUID) -> Response:
    """The stored document. A payment made outside has none: its receipt is the tenant's own."""
    if _in_reach(receipt_id).verification_code is None:
        raise NotFound()
    stored = document_of(receipt_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


@pages.get("/check/<code>")
@allow(PUBLIC)
def check(code: str) -> str | tuple[str, int]:
    """Whether a paper is genuine. Of a receipt: number, day, amount, who received it, nothing of who paid or for what;
    of any other document what it was issued with."""
    if count_attempt("receipt-check", network_of(client_address()), window=HOUR) > CHECKS:
        return error_page(429)
    normal = normalise_code(code, groups=CODE_GROUPS)
    found = queries.checked_receipt(normal) if normal else None
    if found is None and (document := issued_documents.checked(code)) is not None:
        return render("payments/check_document.html", found=document)
    page = render("payments/check.html", found=found, code=normal or "")
    return page if found is not None else (page, 404)


def _picture(svg: str) -> str:
    """A drawing as the address of a picture, so that nothing is loaded for it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _in_reach(receipt_id: uuid.UUID) -> ReceiptFacts:
    found = queries.receipt(reach_of(g.viewer, g.tenant), receipt_id)
    if found is None:
        raise NotFound()
    return found


def _lines(facts: ReceiptFacts) -> list[BillLine]:
    lines = [
        BillLine(
            invoice_title(line.type_names, line.period, language(), locale()),
            _("Invoice %(number)s", number=line.number),
            line.amount,
        )
        for line in facts.invoices
    ]
    if facts.surplus:
        lines.append(BillLine(_("Credit on your account"), _("It fitted no invoice any more"), facts.surplus))
    if facts.returned:
        lines.append(BillLine(_("Given back"), _("It pays nothing any more"), facts.returned))
    return lines
