"""The certificate on paper, in the look and language of the tenant."""

from __future__ import annotations

import datetime
from typing import Any

from flask_babel import gettext as _

from blueprints.accounts.queries import AccountLine, parties
from saas.dates import format_datetime, format_long
from saas.documents import render_pdf
from saas.identity_numbers import written_document
from tenants.issued_documents import Issued, check_block
from tenants.letters import speaking
from tenants.loading import serving
from tenants.paper import frame, palette


def clearance_pdf(document: Issued, account: AccountLine, day: datetime.date) -> bytes:
    """The PDF of one certificate. Raises DocumentError."""
    look = serving().look
    with speaking(None):
        data = clearance_data(document, account, day)
    return render_pdf("certificate", data, palette=palette(look), package=look.package)


def clearance_data(document: Issued, account: AccountLine, day: datetime.date) -> dict[str, Any]:
    """What themes/base/documents/certificate.typ prints."""
    tenant = serving()
    locale = tenant.locale
    word = tenant.word("clearance", tenant.language)
    people = parties(account.id, day)
    named = tenant.word("account" if account.kind == "supply" else account.kind, tenant.language)
    place = ", ".join(part for part in (account.address, account.city) if part)
    return {
        **frame(f"{word.capitalize()} {document.number}", day, verify=_("Check this certificate")),
        "certificate": {
            "kind": word.capitalize(),
            "number": document.number,
            "facts": [
                {
                    "label": _("Issued"),
                    "value": format_datetime(document.issued_at, tenant.time_zone, locale, short=True),
                }
            ],
        },
        "heading": _("To whom it may concern"),
        "paragraphs": [
            _(
                "%(name)s certifies that no invoice issued until %(date)s on the following account is left to be paid.",
                name=tenant.legal_name,
                date=format_long(day, locale),
            )
        ],
        "facts": [
            {"label": named.capitalize(), "value": account.number},
            {"label": _("Address"), "value": place},
            *(
                {
                    "label": _("In the name of"),
                    "value": f"{who.name}, {written_document(who.document_kind, who.document_number)}",
                }
                for who in people
                if who.role != "owner"
            ),
        ],
        "status": {"label": _("CLEAR"), "note": format_long(day, locale), "tone": "success"},
        "notes": [
            _(
                "It speaks of the invoices issued until that day, not of later ones. If a payment is returned"
                " afterwards, the page below says so."
            )
        ],
        "verify": check_block(document.code),
    }
