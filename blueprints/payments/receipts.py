"""Receipts: a number in the payment's transaction; paper and letter afterwards, each made once."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert, select, update

from blueprints.payments.letter_texts import RECEIPT
from blueprints.payments.models import Receipt
from blueprints.payments.queries import ReceiptFacts, receipt_facts
from blueprints.payments.titles import invoice_title, method_title
from saas.barcodes import qr_svg
from saas.counters import take_numbers
from saas.database import db
from saas.dates import format_datetime, format_long, format_short
from saas.documents import render_pdf
from saas.files import StoredFile, load, store
from saas.mail import Attachment, Letter
from saas.money import Money, format_money
from saas.outbox import enqueue
from saas.refusals import NotFound
from saas.tokens import new_code
from tenants.context import TenantContext
from tenants.letters import address_of, speaking
from tenants.loading import serving
from tenants.page_context import locale
from tenants.paper import frame, palette
from tenants.worded_letters import Content, compose_worded

CODE_GROUPS = 3


def issue_receipt(payment_id: uuid.UUID, now: datetime.datetime) -> None:
    """Give a payment its receipt, in the transaction that captured it. The receipt has the payment's id."""
    number = take_numbers("receipts")[0]
    db.session.execute(
        insert(Receipt).values(
            id=payment_id,
            number=f"{serving().setting('receipts.prefix')}{number:06d}",
            payment_id=payment_id,
            verification_code=new_code(groups=CODE_GROUPS),
            issued_at=now,
        )
    )
    enqueue("payments.receipt", {"receipt_id": str(payment_id)}, key=str(payment_id))


def document_of(receipt_id: uuid.UUID) -> StoredFile:
    """The receipt's PDF: rendered the first time, afterwards always the same bytes. Raises NotFound.

    Locks the receipt, so that two who ask at once get one file.
    """
    row = db.session.execute(
        select(Receipt.file_id, Receipt.number).where(Receipt.id == receipt_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.file_id is not None:
        return load(row.file_id)
    facts = receipt_facts(receipt_id)
    if facts is None:
        raise NotFound()
    tenant = serving()
    with speaking(None):  # a document is the tenant's, so it speaks the tenant's language
        content = render_pdf(
            "receipt", paper_data(facts, tenant), palette=palette(tenant.look), package=tenant.look.package
        )
        name = f"{_('Receipt')} {row.number}.pdf"
    file_id = store(content, media_type="application/pdf", name=name, purpose="receipt")
    db.session.execute(
        update(Receipt)
        .where(Receipt.id == receipt_id)
        .values(file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    return load(file_id)


def paper_data(facts: ReceiptFacts, tenant: TenantContext) -> dict[str, Any]:
    """What the document template prints, every text ready."""
    locale = tenant.locale

    def amount(minor: int) -> str:
        return format_money(minor, facts.currency, locale)

    check = address_of("payments.check", code=facts.verification_code)
    when = format_datetime(facts.paid_at, tenant.time_zone, locale) if facts.paid_at else ""
    notes = []
    if facts.surplus:
        notes.append(
            _(
                "%(amount)s fitted no invoice and stays as a credit on the account.",
                amount=amount(facts.surplus),
            )
        )
    if facts.returned:
        notes.append(_("%(amount)s of it was given back.", amount=amount(facts.returned)))
    kind = _("Payment receipt")
    return {
        **frame(
            f"{kind} {facts.number}",
            facts.paid_on,
            payer=_("Paid by"),
            payment=_("The payment"),
            invoices=_("Invoices paid"),
            invoice=_("Invoice"),
            concept=_("Concept"),
            amount=_("Amount"),
            total=_("Total"),
            verify=_("Check this receipt"),
        ),
        "receipt": {
            "kind": kind,
            "number": facts.number,
            "facts": [{"label": _("Date"), "value": format_short(facts.paid_on)}],
        },
        "paid": {"label": _("We received"), "amount": amount(facts.amount), "note": None},
        "status": {"label": _("PAID"), "note": format_long(facts.paid_on, locale), "tone": "success"},
        "payer": {
            "name": facts.payer_name or facts.payer_email or "",
            "lines": [line for line in (facts.payer_document, facts.payer_email) if line],
        },
        "payment": {
            "facts": [
                {"label": label, "value": value}
                for label, value in (
                    (_("Date and time"), when),
                    (_("Method"), method_title(facts.method)),
                    (_("Through"), facts.provider),
                    (_("Bank's reference"), facts.provider_reference),
                    (_("Our reference"), facts.reference),
                )
                if value
            ]
        },
        "invoices": [
            {
                "number": line.number,
                "concept": invoice_title(line.type_names, line.period, tenant.language, locale),
                "note": f"{tenant.word('account', tenant.language).capitalize()} {line.account_number}",
                "amount": amount(line.amount),
            }
            for line in facts.invoices
        ],
        "total": amount(sum(line.amount for line in facts.invoices)),
        "verify": {
            "code": (facts.verification_code or "").replace("-", ""),  # the template groups it
            "code_label": _("Verification code"),
            "lines": [_("Anybody can check it at this address, or by scanning the picture.")],
            "qr": qr_svg(check, _("QR code to check this receipt")).encode(),
            "qr_alt": _("QR code to check this receipt"),
            "link": check,
            "link_label": check.partition("://")[2],
        },
        "notes": notes,
    }


def letter_of(receipt_id: uuid.UUID) -> Letter | None:
    """The letter that takes the receipt to the payer; None when nobody is known to write to."""
    facts = receipt_facts(receipt_id)
    if facts is None or not facts.payer_email:
        return None
    document, tenant = document_of(receipt_id), serving()
    language = facts.payer_language or tenant.language

    def content() -> Content:
        notes, where = [], locale()
        if facts.surplus:
            surplus = format_money(facts.surplus, facts.currency, where)
            notes = [_("%(amount)s fitted no invoice and stays as a credit on the account.", amount=surplus)]
        return Content(
            url=address_of("payments.check", code=facts.verification_code)
            if facts.by_link
            else address_of("payments.receipt", receipt_id=facts.id),
            button=_("Check this receipt") if facts.by_link else "",
            lines=[
                f"{invoice_title(line.type_names, line.period, language, tenant.locale)} · {line.number}: "
                f"{format_money(line.amount, facts.currency, where)}"
                for line in facts.invoices
            ],
            notes=notes,
        )

    with speaking(language):
        method = method_title(facts.method)
    return compose_worded(
        RECEIPT,
        facts.payer_email,
        {
            "customer": facts.payer_name or facts.payer_email,
            "receipt": facts.number,
            "amount": Money(facts.amount, facts.currency),
            "date": facts.paid_on,
            "method": method,
            "reference": facts.reference,
        },
        content,
        language=language,
        attachments=[Attachment(document.name, document.media_type, document.content, document.id)],
        kind="receipt",
        about=f"receipt:{receipt_id}",
    )
