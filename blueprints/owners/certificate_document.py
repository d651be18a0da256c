"""The yearly certificate as a stored PDF."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from blueprints.accounts.models import Customer
from blueprints.owners.certificates import Figures, Year
from saas.clock import today
from saas.database import db
from saas.dates import format_long, format_short
from saas.documents import render_pdf
from saas.files import StoredFile
from saas.identity_numbers import written_document
from saas.money import format_money
from tenants import issued_documents
from tenants.issued_documents import Issued, check_block
from tenants.letters import speaking
from tenants.loading import serving
from tenants.paper import frame, palette


def certificate_pdf(document: Issued, year: Year) -> StoredFile:
    """The paper of a certificate: drawn when it is issued, afterwards always the same bytes."""
    with speaking(None):  # a document is the tenant's, so it speaks the tenant's language
        name = _("certificate-%(year)s.pdf", year=year.year)
        return issued_documents.file_of(document.id, lambda made: _draw(made, year), name)


def _draw(document: Issued, year: Year) -> bytes:
    look = serving().look
    return render_pdf(
        "certificate", certificate_data(document, year), palette=palette(look), package=look.package
    )


def certificate_data(document: Issued, year: Year) -> dict[str, Any]:
    """What themes/base/documents/certificate.typ prints of a year."""
    tenant = serving()
    issued_on = today(tenant.time_zone)
    owner = db.session.execute(
        select(Customer.name, Customer.document_kind, Customer.document_number).where(
            Customer.id == year.owner_id
        )
    ).one()
    kind = _("Certificate of income and withholdings")
    return {
        **frame(f"{kind} {document.number}", issued_on, verify=_("Check this certificate")),
        "certificate": {
            "kind": kind,
            "number": document.number,
            "facts": [
                {"label": _("Year"), "value": str(year.year)},
                {"label": _("Issued on"), "value": format_short(issued_on)},
            ],
        },
        "heading": _("To whom it may concern"),
        "paragraphs": [
            _(
                "%(agency)s, %(tax_number)s, certifies that from January 1 to December 31 of %(year)s it received rent "
                "for %(name)s, %(document)s, and kept and charged what is said here, each figure by the part of "
                "the property that is theirs.",
                agency=tenant.legal_name,
                tax_number=tenant.tax_number,
                year=year.year,
                name=owner.name,
                document=written_document(owner.document_kind, owner.document_number),
            )
        ],
        "facts": [{"label": label, "value": _money(year, amount)} for label, amount in year_rows(year.total)],
        "tables": [_by_property(year)],
        "notes": [
            _(
                "Issued on %(date)s with what was in the books that day.",
                date=format_long(issued_on, tenant.locale),
            ),
            _("It is the sum of the monthly statements of the year."),
        ],
        "verify": check_block(document.code),
    }


def year_rows(figures: Figures) -> list[tuple[str, int]]:
    """A year in figures: (what, amount). What is nothing is left out, but for rent and what was withheld of it."""
    rows = [
        (_("Rent received"), figures.rent.net, True),
        (_("Tax on the rent"), figures.rent.tax, False),
        (_("Withheld by renters"), figures.rent.withholding, True),
        (_("Commission"), -figures.commission.net, False),
        (_("Tax on the commission"), -figures.commission.tax, False),
        (_("Withheld on the commission"), -figures.commission.withholding, False),
        (_("Repairs and other charges"), -figures.charges.total, False),
        (_("Other movements"), figures.other, False),
        (_("Paid out"), -figures.paid, False),
    ]
    return [(what, amount) for what, amount, always in rows if amount or always]


def _by_property(year: Year) -> dict[str, Any]:
    def row(first: str, figures: Figures) -> list[str]:
        amounts = (
            figures.rent.net,
            figures.rent.tax,
            figures.rent.withholding,
            -figures.commission.total,
            -figures.charges.total,
        )
        return [first, *(_money(year, amount) for amount in amounts)]

    titles = (
        _("Rent received"),
        _("Tax"),
        _("Withheld"),
        _("Commission and its taxes"),
        _("Charges"),
    )
    return {
        "title": _("By property"),
        "heads": [
            {"title": _("Property"), "right": False},
            *({"title": title, "right": True} for title in titles),
        ],
        "rows": [
            row(f"{mandate.number} · {mandate.address}", figures) for mandate, figures in year.properties
        ],
        "total": row(_("Total"), year.total),
    }


def _money(year: Year, amount: int) -> str:
    return format_money(amount, year.currency, serving().locale)
