"""What messages answer to: every letter of the house, and what other capabilities tell.

Facts come from events, in their transaction; the words are found when the message leaves.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from blueprints.auth.services import leave_notice, say
from blueprints.cases.catalogue import catalogue
from blueprints.cases.reaching import reached
from blueprints.messages import jobs, office
from blueprints.messages.addresses import dead_address, person_of
from blueprints.messages.lease_news import tell_of_adjustment
from blueprints.messages.services import send
from saas.events import subscribe
from saas.languages import N_
from saas.outbox import enqueue
from tenants.letters import speaking
from tenants.loading import serving

OFFICE = office  # imported for taking letters in
OLD_NEWS = datetime.timedelta(days=7)

CORRECT_IT = N_(
    "Your address %(address)s takes no mail. Correct it under My data, so that what we send arrives."
)


def _invoices_issued(first_id: uuid.UUID, last_id: uuid.UUID, **_more: Any) -> None:
    """A stretch of a run issued invoices whose ids lie between these two."""
    if serving().setting("messages.invoice-notice"):
        payload = {"first": str(first_id), "last": str(last_id)}
        enqueue(jobs.NOTICES, payload, key=str(first_id))


def _invoices_imported(batch_id: uuid.UUID, **_more: Any) -> None:
    if serving().setting("messages.import-notice"):
        enqueue(jobs.NOTICES, {"batch": str(batch_id)}, key=str(batch_id))


def _commission_issued(
    document_id: uuid.UUID,
    customer_ids: Iterable[uuid.UUID],
    number: str,
    amount: int,
    currency: str,
    period: str,
    issued_on: datetime.date,
    invoice_id: uuid.UUID | None = None,
    **_more: Any,
) -> None:
    if issued_on < serving().today() - OLD_NEWS:
        return  # of old books that are brought in
    for customer_id in customer_ids:
        send(
            "commission-invoice",
            customer_id=customer_id,
            facts={
                "number": number,
                "amount": {"amount": amount, "currency": currency},
                "period": period,
                "link": f"/invoices/{invoice_id}" if invoice_id else "/invoices",
            },
            key=f"commission:{document_id}:{customer_id}",
            about=f"invoice:{invoice_id}" if invoice_id else "",
        )


def _case_opened(**facts: Any) -> None:
    _about_case("case-filed", facts, until=facts.get("due_on"))


def _case_answered(**facts: Any) -> None:
    _about_case("case-answered", facts)


def _about_case(kind: str, facts: dict[str, Any], **more: Any) -> None:
    customer_id = facts.get("customer_id")
    if customer_id is None or (kind == "case-answered" and facts.get("by") == "customer"):
        return
    case_id = facts["case_id"]
    if reached(case_id).by_letter:
        return  # a letter of blueprints/cases says it all to who cannot sign in
    send(
        kind,
        customer_id=customer_id,
        facts={
            "number": facts["number"],
            "title": _subject_of(facts),
            "link": f"/cases/{case_id}",
            **{name: _said(value) for name, value in more.items() if value is not None},
        },
        key=f"case:{case_id}:{facts.get('event_id')}:{kind}",
        about=f"case:{case_id}",
    )


def _subject_of(facts: dict[str, Any]) -> str:
    """The subject by its name in the catalogue of the organisation, in its language."""
    return catalogue().subject_name(str(facts.get("subject_code", "")), serving().language)


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _signed_in(
    user_id: uuid.UUID, session_id: uuid.UUID, customer_id: uuid.UUID | None = None, **_more: Any
) -> None:
    """Whoever comes in reads that their address takes no mail."""
    if customer_id is None:
        return
    address = person_of(customer_id).email
    if address and dead_address(address) is not None:
        with speaking(None):
            leave_notice(session_id, _(CORRECT_IT, address=address), "warning")


say({"message-wishes.changed": N_("You chose which messages you want to get")})
subscribe("invoices.issued", _invoices_issued)
subscribe("invoices.imported", _invoices_imported)
subscribe("commission.issued", _commission_issued)
subscribe("lease.rent-adjusted", tell_of_adjustment)
subscribe("case.opened", _case_opened)
for _event in (
    "case.replied",
    "case.answered",
    "case.asked",
    "case.extended",
    "case.transferred",
    "case.withdrawn",
):
    subscribe(_event, _case_answered)
subscribe("user.signed-in", _signed_in)
