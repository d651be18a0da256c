"""The owner's years, and the certificate of each."""

from __future__ import annotations

from flask import Response, abort, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.owners import certificates
from blueprints.owners.certificate_document import certificate_pdf, year_rows
from blueprints.owners.customer import own_customer, pages
from saas.clock import now
from saas.files import load
from saas.permissions import SIGNED_IN, allow
from saas.web import download
from tenants import issued_documents
from tenants.look import render


@pages.get("/income/certificates")
@allow(SIGNED_IN)
def certificates_page() -> str:
    """Every year in which anything moved."""
    owner_id = own_customer()
    return render(
        "owners/certificates.html",
        years=certificates.years_of(owner_id, currency=g.tenant.currency),
        issued=certificates.certificates_of(owner_id),
        this_year=g.tenant.today().year,
    )


@pages.get("/income/certificates/<int:year>")
@allow(SIGNED_IN)
def certificate_year(year: int) -> str:
    """One year: its figures by property, and the certificate, issued or to be issued."""
    found = _year(year)
    issued = certificates.certificate_of(found.owner_id, year)
    return render(
        "owners/year.html",
        found=found,
        rows=year_rows(found.total),
        issued=issued,
        holds=issued is not None and certificates.still_says(issued, found),
        check_url=issued_documents.check_address(issued.code) if issued else "",
    )


@pages.post("/income/certificates/<int:year>")
@allow(SIGNED_IN)
def issue_certificate(year: int) -> BaseResponse:
    """Issue it; once, until the books say something else."""
    found = _year(year)
    document = certificates.issue_certificate(found, now=now(), actor=g.viewer.actor())
    certificate_pdf(document, found)
    return redirect(url_for("owners.certificate_year", year=year), 303)


@pages.get("/income/certificates/<int:year>/pdf")
@allow(SIGNED_IN)
def certificate_document(year: int) -> Response:
    """The certificate that holds: what was stored when it was issued."""
    issued = certificates.certificate_of(own_customer(), year)
    if issued is None or issued.file_id is None:
        abort(404)
    stored = load(issued.file_id)
    name = _("certificate-%(year)s.pdf", year=year)
    return download(stored.content, media_type=stored.media_type, name=name, inline=True)


def _year(year: int) -> certificates.Year:
    return certificates.year_of(own_customer(), year, currency=g.tenant.currency, today=g.tenant.today())
