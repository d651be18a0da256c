"""An invoice on paper: what the document template prints, and the one stored file of each invoice.

It is set in the tenant's language and says nothing of payments: a document stays as it was issued.
"""

from __future__ import annotations

from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from blueprints.accounts.queries import parties
from blueprints.invoices import wording
from blueprints.invoices.fiscal_block import FiscalBlock, fiscal_block
from blueprints.invoices.models import Invoice
from blueprints.invoices.one import InvoiceView
from saas.barcodes import qr_svg
from saas.database import db
from saas.dates import format_long, format_period, format_short
from saas.documents import render_pdf
from saas.files import StoredFile, load, store
from saas.identity_numbers import written_document
from saas.money import format_money
from tenants.loading import serving
from tenants.paper import frame, palette


def invoice_pdf(view: InvoiceView) -> StoredFile:
    """The stored document of an invoice in reach; made when it is first asked for, and never again.

    Of two who ask at once the second waits for the first one's file. Raises DocumentError.
    """
    if view.document_file_id is not None:
        return load(view.document_file_id)
    kept = db.session.execute(
        select(Invoice.document_file_id).where(Invoice.id == view.listed.id).with_for_update()
    ).scalar_one_or_none()
    if kept is not None:
        return load(kept)
    tenant = serving()
    with force_locale(tenant.locale):
        content = render_pdf(
            "invoice", invoice_data(view), palette=palette(tenant.look), package=tenant.look.package
        )
    file_id = store(
        content, media_type="application/pdf", name=f"{view.listed.number}.pdf", purpose="invoice"
    )
    db.session.execute(
        update(Invoice)
        .where(Invoice.id == view.listed.id)
        .values(document_file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    return load(file_id)


def invoice_data(view: InvoiceView) -> dict[str, Any]:
    """What themes/base/documents/invoice.typ prints of an invoice, in the language that is active."""
    tenant, row = serving(), view.listed
    period = format_period(row.period, tenant.locale)
    used = wording.consumption_words(view)
    return {
        **frame(
            _("Invoice %(number)s", number=row.number),
            row.issued_on,
            customer=_("Customer"),
            account=_account_word(view),
            consumption=_("Consumption"),
            concept=_("Concept"),
            amount=_("Amount"),
            pay=_("How to pay"),
            fiscal=_("Electronic invoice"),
        ),
        "invoice": {
            "kind": row.kind,
            "number": row.number,
            "facts": _facts((_("Issued"), format_short(row.issued_on)), (_("Period"), period)),
        },
        "due": _due(view),
        "customer": _customer(view),
        "account": {
            "facts": _facts(
                (_account_word(view), row.account_number),
                (_("Address"), ", ".join(part for part in (row.account_address, view.account_city) if part)),
            )
        },
        "consumption": {"value": used, "detail": period} if used else None,
        "lines": [
            {"concept": line.description, "amount": _money(view, line.amount)}
            for line in view.lines
            if line.kind == "charge"
        ],
        "totals": _totals(view),
        "payment": _payment(view),
        "fiscal": _fiscal(view),
    }


def _account_word(view: InvoiceView) -> str:
    tenant = serving()
    key = "account" if view.account_kind == "supply" else view.account_kind
    return tenant.word(key, tenant.language).capitalize()


def _money(view: InvoiceView, amount: int) -> str:
    return format_money(amount, view.listed.currency, serving().locale)


def _due(view: InvoiceView) -> dict[str, Any]:
    row = view.listed
    dates = [(_("First due date"), row.due_on, row.total)]
    if row.second_due_on is not None and view.second_total is not None:
        dates.append((_("Second due date"), row.second_due_on, view.second_total))
    until = format_long(row.due_on, serving().locale)
    return {
        "label": _("Total to pay"),
        "amount": _money(view, row.total),
        "note": _("until %(date)s", date=until),
        "dates": [
            {"label": label, "date": format_short(day), "amount": _money(view, amount)}
            for label, day, amount in dates
        ]
        if len(dates) > 1
        else [],
    }


def _customer(view: InvoiceView) -> dict[str, Any]:
    """Whom the tenant bills: everybody behind the account on the day of issue."""
    found = parties(view.listed.account_id, view.listed.issued_on)
    if not found:
        return {"name": view.listed.account_number, "lines": []}
    lines = [written_document(party.document_kind, party.document_number) for party in found]
    return {"name": ", ".join(party.name for party in found), "lines": lines}


def _totals(view: InvoiceView) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    others = [line for line in view.lines if line.kind != "charge"]
    if others:
        rows.append({"label": _("Subtotal"), "amount": _money(view, view.subtotal), "kind": "part"})
    rows += [
        {
            "label": line.description,
            "note": _("Kept by the payer for the treasury") if line.kind == "withholding" else None,
            "amount": _money(view, line.amount),
            "kind": "minus" if line.kind == "withholding" else "part",
        }
        for line in others
    ]
    return [*rows, {"label": _("Total"), "amount": _money(view, view.listed.total), "kind": "total"}]


def _payment(view: InvoiceView) -> dict[str, Any]:
    tenant = serving()
    lines = [line for line in tenant.setting("invoices.other_ways").splitlines() if line.strip()]
    code = view.payment_code
    return {
        "code": code,
        "code_label": tenant.word("payment_code", tenant.language).capitalize() if code else None,
        "lines": lines or [_("In the customer area, with the button “Pay”.")],
        "link": f"{tenant.canonical_url}/invoices/{view.listed.id}",
        "link_label": _("Open this invoice online"),
    }


def _fiscal(view: InvoiceView) -> dict[str, Any] | None:
    block = fiscal_of(view)
    if block is None:
        return None
    due = ((_("Code valid until"), format_short(block.due_on)),) if block.due_on else ()
    return {
        "label": block.label,
        "code": block.code,
        "facts": _facts(*due) or None,
        "qr": qr_svg(block.link, block.label).encode() if block.link else None,
        "qr_alt": _("QR code of the electronic invoice"),
        "link": block.link,
        "link_label": _("Check at %(authority)s", authority=block.authority),
    }


def fiscal_of(view: InvoiceView) -> FiscalBlock | None:
    """The fiscal block of an invoice of the served tenant; None when it carries none."""
    tenant = serving()
    return fiscal_block(
        kind=view.fiscal_kind,
        code=view.fiscal_id,
        due_on=view.fiscal_due_on,
        number=view.listed.number,
        issued_on=view.listed.issued_on,
        total=view.listed.total,
        currency=view.listed.currency,
        tax_number=tenant.tax_number,
        trial=tenant.test_mode,
    )


def _facts(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in pairs if value]
