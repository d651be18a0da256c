"""What runs after the transaction: certificates on paper, and the letters that take quotes to their owners."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.cases import quote_rules
from blueprints.cases.certificate import TOPIC as CERTIFICATE
from blueprints.cases.certificate import certificate
from blueprints.cases.letter_texts import QUOTE
from blueprints.cases.quote_links import TOPIC as QUOTE_LETTER
from blueprints.cases.quote_links import token_of
from blueprints.cases.quote_queries import letter_facts, quote
from saas.mail import Letter, deliver
from saas.money import Money
from saas.outbox import handler
from tenants.letters import address_of
from tenants.worded_letters import Content, compose_worded


@handler(CERTIFICATE)
def draw_certificate(payload: dict[str, Any]) -> None:
    certificate(uuid.UUID(payload["case_id"]))


@handler(QUOTE_LETTER)
def send_quote(payload: dict[str, Any]) -> None:
    letter = quote_letter(uuid.UUID(payload["link_id"]))
    if letter is not None:
        deliver(letter)


def quote_letter(link_id: uuid.UUID) -> Letter | None:
    """The letter, with what is true when it leaves; None when there is nobody to write to or nothing to decide."""
    row, token = letter_facts(link_id), token_of(link_id)
    if row is None or token is None:
        return None
    view = quote(row.quote_id)
    if view.state != quote_rules.OPEN:
        return None
    return compose_worded(
        QUOTE,
        row.email,
        {
            "customer": row.name,
            "property": view.address,
            "vendor": view.vendor,
            "amount": Money(view.amount, view.currency),
            "quote_until": view.valid_until,
            "link_until": row.expires_at,
        },
        lambda: Content(url=address_of("cases.linked_quote", quote_token=token)),
        kind="quote",
        customer_id=row.customer_id,
        about=f"case:{view.case_id}",
        secrets=[token],
    )
