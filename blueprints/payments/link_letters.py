"""The letter that takes a payment link to the customer."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import and_, select

from blueprints.accounts.models import Customer
from blueprints.payments.choosing import choose_linked
from blueprints.payments.letter_texts import LINK
from blueprints.payments.links import token_of
from blueprints.payments.models import PaymentLink
from blueprints.payments.titles import invoice_title
from saas.clock import now
from saas.database import db
from saas.mail import Letter, deliver
from saas.money import Money
from saas.outbox import handler
from saas.refusals import Refusal
from tenants.letters import address_of
from tenants.loading import serving
from tenants.worded_letters import Content, compose_worded


@handler("payments.link-letter")
def send_link(payload: dict[str, Any]) -> None:
    letter = link_letter(uuid.UUID(payload["link_id"]))
    if letter is not None:
        deliver(letter)


def link_letter(link_id: uuid.UUID) -> Letter | None:
    """The letter, with what is true when it leaves; None when there is nobody to write to or nothing to pay."""
    row = db.session.execute(
        select(
            PaymentLink.invoice_id,
            PaymentLink.customer_id,
            PaymentLink.expires_at,
            Customer.email,
            Customer.name,
        )
        .join(
            Customer,
            and_(Customer.tenant_id == PaymentLink.tenant_id, Customer.id == PaymentLink.customer_id),
        )
        .where(PaymentLink.id == link_id, PaymentLink.revoked_at.is_(None), PaymentLink.expires_at > now())
    ).first()
    token = token_of(link_id)
    if row is None or not row.email or token is None:
        return None
    tenant = serving()
    try:
        choice = choose_linked(row.invoice_id, today=tenant.today())
    except Refusal:
        return None  # paid or voided meanwhile
    item = choice.items[0]
    return compose_worded(
        LINK,
        row.email,
        {
            "customer": row.name,
            "number": item.number,
            "concept": invoice_title(item.type_names, item.period, tenant.language, tenant.locale),
            "amount": Money(item.amount, choice.currency),
            "holds_until": item.until,
            "link_until": row.expires_at,
        },
        lambda: Content(url=address_of("payments.linked", payment_token=token)),
        kind="payment-link",
        customer_id=row.customer_id,
        secrets=[token],
    )
