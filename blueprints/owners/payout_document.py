"""The voucher of a payout as a stored PDF."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, select, update

from blueprints.accounts.models import Customer
from blueprints.leases.models import Payout
from saas.database import db
from saas.dates import format_month, format_short
from saas.documents import render_pdf
from saas.files import StoredFile, load, store
from saas.identity_numbers import written_document
from saas.money import format_money
from tenants.loading import serving
from tenants.paper import frame, palette


def payout_pdf(payout: Row[Any], owner_id: uuid.UUID) -> StoredFile:
    """The voucher of one payout; rendered the first time it is asked for."""
    locked = db.session.execute(
        select(Payout.file_id).where(Payout.id == payout.id).with_for_update()
    ).scalar_one_or_none()
    if locked is not None:
        return load(locked)
    tenant = serving()
    owner = db.session.execute(
        select(Customer.name, Customer.document_kind, Customer.document_number).where(Customer.id == owner_id)
    ).one()
    amount = format_money(payout.amount, payout.currency, tenant.locale)
    period = format_month(payout.period, tenant.locale)
    title = _("Payout %(number)s", number=payout.number)
    data = {
        **frame(
            title,
            payout.paid_on,
            payer=_("Paid to"),
            payment=_("Payment"),
            invoices=_("Detail"),
            invoice=_("Contract"),
            concept=_("Concept"),
            amount=_("Amount"),
            total=_("Total"),
            verify="",
        ),
        "receipt": {
            "kind": _("Payout to the owner"),
            "number": payout.number,
            "facts": [{"label": _("Date"), "value": format_short(payout.paid_on)}],
        },
        "paid": {"label": _("Paid to the owner"), "amount": amount, "note": period},
        "status": {"label": _("Transferred"), "note": None, "tone": "success"},
        "payer": {
            "name": owner.name,
            "lines": [written_document(owner.document_kind, owner.document_number)],
        },
        "payment": {
            "facts": [
                {"label": _("Method"), "value": payout.method},
                {"label": _("Reference"), "value": payout.reference},
                {"label": _("Property"), "value": f"{payout.address}, {payout.city}"},
            ]
        },
        "invoices": [
            {
                "number": payout.mandate_number,
                "concept": _("Rent collected less commission, %(period)s", period=period),
                "note": None,
                "amount": amount,
            }
        ],
        "total": amount,
        "verify": None,
        "notes": [],
    }
    content = render_pdf("receipt", data, palette=palette(tenant.look), package=tenant.look.package)
    file_id = store(content, media_type="application/pdf", name=f"{payout.number}.pdf", purpose="payout")
    db.session.execute(
        update(Payout)
        .where(Payout.id == payout.id)
        .values(file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    return load(file_id)
