"""A credit note on commission as a stored PDF."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, select, update

from blueprints.invoices.models import Invoice
from blueprints.owners.models import CommissionDocument
from blueprints.owners.months import month_name
from saas.database import db
from saas.dates import format_short
from saas.documents import render_pdf
from saas.files import StoredFile, load, store
from saas.money import format_money
from tenants.letters import speaking
from tenants.loading import serving
from tenants.paper import frame, palette


def note_pdf(note: Row[Any]) -> StoredFile:
    """The credit note: rendered the first time that it is asked for, afterwards always the same bytes."""
    held = db.session.execute(
        select(CommissionDocument.file_id).where(CommissionDocument.id == note.id).with_for_update()
    ).scalar_one_or_none()
    if held is not None:
        return load(held)
    look = serving().look
    with speaking(None):
        content = render_pdf("certificate", _data(note), palette=palette(look), package=look.package)
        name = _("credit-note-%(number)s.pdf", number=note.number)
    file_id = store(content, media_type="application/pdf", name=name, purpose="commission-note")
    db.session.execute(
        update(CommissionDocument)
        .where(CommissionDocument.id == note.id)
        .values(file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    return load(file_id)


def _data(note: Row[Any]) -> dict[str, Any]:
    locale = serving().locale
    rows = [(_("Commission"), note.charge), (_("Tax"), note.tax), (_("Withholding"), -note.withholding)]
    numbers = db.session.execute(
        select(Invoice.number)
        .join(
            CommissionDocument,
            (CommissionDocument.tenant_id == Invoice.tenant_id)
            & (CommissionDocument.invoice_id == Invoice.id),
        )
        .where(CommissionDocument.commission_id == note.commission_id)
        .order_by(CommissionDocument.position)
    ).scalars()
    place = ", ".join(part for part in (note.address, note.city) if part)
    return {
        **frame(_("Credit note %(number)s", number=note.number), note.issued_on, verify=""),
        "certificate": {
            "kind": _("Credit note on commission"),
            "number": note.number,
            "facts": [{"label": _("Date"), "value": format_short(note.issued_on)}],
        },
        "heading": _("Commission given back"),
        "paragraphs": [
            _(
                "Rent of %(period)s went back to the renter, and the commission on it goes back to the owners.",
                period=month_name(note.period),
            )
        ],
        "facts": [
            {"label": _("Property"), "value": place},
            {"label": _("Contract"), "value": note.mandate_number},
            {"label": _("Rent invoice"), "value": note.rent_number},
            {"label": _("Commission invoices"), "value": ", ".join(numbers)},
        ],
        "tables": [
            {
                "heads": [{"title": _("Concept"), "right": False}, {"title": _("Amount"), "right": True}],
                "rows": [
                    [what, format_money(amount, note.currency, locale)] for what, amount in rows if amount
                ],
                "total": [_("Total"), format_money(note.total, note.currency, locale)],
            }
        ],
        "verify": None,
    }
