"""What runs after the transaction: certificates on paper, and the letters that take quotes to their owners."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.cases import quote_rules
from blueprints.cases.certificate import TOPIC as CERTIFICATE
from blueprints.cases.certificate import certificate
from blueprints.cases.quote_links import TOPIC as QUOTE_LETTER
from blueprints.cases.quote_links import token_of
from blueprints.cases.quote_queries import letter_facts, quote
from saas.languages import N_
from saas.mail import Letter, deliver
from saas.outbox import handler
from tenants.letters import compose_letter


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
    return compose_letter(
        row.email,
        N_("A repair waits for your approval: %(address_of_place)s"),
        "cases/mail/quote",
        kind="quote",
        customer_id=row.customer_id,
        about=f"case:{view.case_id}",
        secrets=[token],
        address_of_place=view.address,
        quote=view,
        token=token,
        expires_at=row.expires_at,
    )
