"""The paper that a payer takes along: what it says, its document (rendered once), the letter that brings it."""

from __future__ import annotations

import base64
import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import and_, insert, select

from blueprints.payments.attempts import bill_of
from blueprints.payments.collected_models import Coupon
from blueprints.payments.interface import BillLine, Instructions, step_from_data
from blueprints.payments.letter_texts import COUPON
from blueprints.payments.models import Attempt
from saas.bars import bars_svg
from saas.clock import now
from saas.database import db
from saas.dates import format_long, format_short
from saas.documents import render_pdf
from saas.files import StoredFile, load, store
from saas.mail import Attachment, Letter
from saas.money import Money, format_money
from saas.refusals import NotFound
from tenants.context import TenantContext
from tenants.letters import address_of, speaking
from tenants.loading import serving
from tenants.page_context import locale
from tenants.paper import frame, palette
from tenants.provider_accounts import ProviderAccount
from tenants.worded_letters import Content, compose_worded


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """What a coupon says. `amount` in minor units; `collector` is where it is paid."""

    attempt_id: uuid.UUID
    amount: int
    currency: str
    collector: str
    instructions: Instructions
    created_at: datetime.datetime
    lines: Sequence[BillLine]
    email: str
    language: str
    by_link: bool

    @property
    def due(self) -> datetime.date:
        return self.instructions.due

    @property
    def reference(self) -> str:
        return self.instructions.reference

    @property
    def groups(self) -> list[str]:
        """The reference as people read it out: three digits at a time, a short rest joins its neighbour."""
        return grouped(self.reference)


def grouped(text: str, each: int = 3) -> list[str]:
    """A number in groups for the eye; copied, it is still one number."""
    parts = [text[at : at + each] for at in range(0, len(text), each)]
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [parts[-2] + parts[-1]]
    return parts


def is_coupon(step: Mapping[str, Any] | None) -> bool:
    """Whether an attempt is paid on paper, by its kept step."""
    return step is not None and step["kind"] == "instructions"


def coupon_facts(attempt_id: uuid.UUID, language: str | None = None) -> CouponFacts | None:
    """The coupon of an attempt in a reader's language (None: the payer's own); None when it is paid otherwise.
    Whoever shows it has found that the attempt is in reach."""
    row = db.session.execute(
        select(
            Attempt.id,
            Attempt.amount,
            Attempt.currency,
            Attempt.step,
            Attempt.payer,
            Attempt.language,
            Attempt.created_at,
            Attempt.link_id,
            ProviderAccount.name.label("collector"),
        )
        .join(
            ProviderAccount,
            and_(
                ProviderAccount.tenant_id == Attempt.tenant_id,
                ProviderAccount.id == Attempt.provider_account_id,
            ),
        )
        .where(Attempt.id == attempt_id)
    ).first()
    if row is None or not is_coupon(row.step):
        return None
    instructions = step_from_data(row.step)
    assert isinstance(instructions, Instructions)
    _numbers, lines = bill_of(row.id, language or row.language, serving().locale)
    return CouponFacts(
        attempt_id=row.id,
        amount=row.amount,
        currency=row.currency,
        collector=row.collector,
        instructions=instructions,
        created_at=row.created_at,
        lines=lines,
        email=str(row.payer.get("email", "")),
        language=row.language,
        by_link=row.link_id is not None,
    )


def bars_of(facts: CouponFacts) -> str:
    """The bars as an SVG; empty for a coupon without."""
    if not facts.instructions.barcode:
        return ""
    return bars_svg(facts.instructions.symbol, facts.instructions.barcode, _("Barcode of the coupon"))


def bars_picture(facts: CouponFacts) -> str:
    """The same as the address of a picture, so that nothing is loaded for it."""
    svg = bars_of(facts)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" if svg else ""


def coupon_document(attempt_id: uuid.UUID) -> StoredFile:
    """The coupon's PDF: rendered the first time, afterwards always the same bytes. Raises NotFound.

    Locks the attempt, so that two who ask at once get one file.
    """
    found = db.session.execute(select(Attempt.id).where(Attempt.id == attempt_id).with_for_update()).first()
    issued = db.session.execute(select(Coupon.file_id).where(Coupon.attempt_id == attempt_id)).scalar()
    if issued is not None:
        return load(issued)
    tenant = serving()
    facts = coupon_facts(attempt_id, tenant.language) if found is not None else None
    if facts is None:
        raise NotFound()
    with speaking(None):  # a document is the tenant's, so it speaks the tenant's language
        content = render_pdf(
            "coupon", paper_data(facts, tenant), palette=palette(tenant.look), package=tenant.look.package
        )
        name = f"{_('Coupon')} {facts.reference}.pdf"
    file_id = store(content, media_type="application/pdf", name=name, purpose="coupon")
    db.session.execute(
        insert(Coupon).values(id=attempt_id, attempt_id=attempt_id, file_id=file_id, issued_at=now())
    )
    return load(file_id)


def paper_data(facts: CouponFacts, tenant: TenantContext) -> dict[str, Any]:
    """What the document template prints, every text ready."""
    locale = tenant.locale

    def amount(minor: int) -> str:
        return format_money(minor, facts.currency, locale)

    kind, bars = _("Payment coupon"), bars_of(facts)
    issued_on = facts.created_at.astimezone(ZoneInfo(tenant.time_zone)).date()
    return {
        **frame(
            f"{kind} {facts.reference}",
            issued_on,
            invoices=_("What it pays"),
            invoice=_("Invoice"),
            concept=_("Concept"),
            amount=_("Amount"),
            total=_("Total"),
            how=_("How to pay"),
        ),
        "coupon": {
            "kind": kind,
            "number": facts.reference,
            "facts": [
                {"label": _("Issued"), "value": format_short(issued_on)},
                {"label": _("Pay until"), "value": format_short(facts.due)},
            ],
        },
        "due": {
            "label": _("Pay in cash"),
            "amount": amount(facts.amount),
            "note": _("until %(date)s", date=format_long(facts.due, locale)),
        },
        "pay": {
            "code": facts.reference,
            "code_label": _("Reference"),
            "lines": [
                _("Pay at %(name)s.", name=facts.collector),
                facts.instructions.text,
                _("Show the bars or say the reference, and pay the exact amount."),
            ],
        },
        "bars": {
            "picture": bars.encode(),
            "alt": _("Barcode of the coupon"),
            "digits": facts.instructions.barcode,
        }
        if bars
        else None,
        "invoices": [_paper_line(line, amount(line.amount)) for line in facts.lines],
        "total": amount(facts.amount),
        "notes": [
            _("Keep the slip of the counter: it proves your payment until the receipt arrives."),
            _("This coupon is no receipt."),
        ],
    }


def _paper_line(line: BillLine, amount: str) -> dict[str, str]:
    concept, _dot, number = line.description.rpartition(" · ")
    return {"number": number, "concept": concept, "amount": amount}


def coupon_letter(attempt_id: uuid.UUID) -> Letter | None:
    """The letter that takes the coupon to the payer; None when nobody is known to write to."""
    facts = coupon_facts(attempt_id)
    if facts is None or not facts.email:
        return None
    document = coupon_document(attempt_id)

    def content() -> Content:
        where = locale()
        return Content(
            figure=(
                _("Pay in cash"),
                format_money(facts.amount, facts.currency, where),
                _("until %(date)s", date=format_long(facts.due, where)),
            ),
            lines=[
                f"{line.description}: {format_money(line.amount, facts.currency, where)}"
                for line in facts.lines
            ],
            notes=[facts.instructions.text] if facts.instructions.text else [],
            url="" if facts.by_link else address_of("payments.status", attempt_id=facts.attempt_id),
        )

    return compose_worded(
        COUPON,
        facts.email,
        {
            "reference": facts.reference,
            "collector": facts.collector,
            "amount": Money(facts.amount, facts.currency),
            "pay_until": facts.due,
        },
        content,
        language=facts.language,
        attachments=[Attachment(document.name, document.media_type, document.content, document.id)],
        kind="payment-link",
    )
