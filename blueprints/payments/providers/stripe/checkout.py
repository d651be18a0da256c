"""A checkout session: what Stripe is told of an attempt, and how a session is found again."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

import stripe
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

from blueprints.payments.interface import AttemptView, BillLine
from blueprints.payments.providers.stripe.amounts import to_stripe
from blueprints.payments.providers.stripe.reading import Thing

MOST_LINES = 30  # above it the page of the checkout is no help any more; Stripe's own limit is 100
LONGEST_NAME = 250
EARLIER = datetime.timedelta(minutes=5)  # clocks differ
PAGE = 100
MOST_PAGES = 20
LOCALES = {"es": "es-419", "en": "en", "pt": "pt-BR"}
EXPANDED = ["payment_intent.latest_charge.balance_transaction"]


def session_params(attempt: AttemptView) -> SessionCreateParams:
    """The session of an attempt: the same words for the same attempt, as its idempotency key demands.

    The means of payment are chosen in Stripe's own settings, so none is named here. Raises Refusal for an
    amount that Stripe cannot express.
    """
    metadata = metadata_of(attempt)
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": attempt.reference,
        "metadata": metadata,
        # Refunds and disputes carry the payment, not the session: it must know the reference too.
        "payment_intent_data": {"metadata": metadata, "description": attempt.description},
        "line_items": _items(attempt),
        "locale": LOCALES.get(attempt.language, "auto"),
        "expires_at": int(attempt.expires_at.timestamp()),
        "success_url": attempt.return_url,
        "cancel_url": attempt.return_url,
        "submit_type": "pay",
        # The payer sees the amount of the invoices, not a conversion of it.
        "adaptive_pricing": {"enabled": False},
    }
    if "@" in attempt.payer.email:
        params["customer_email"] = attempt.payer.email
    return params


def metadata_of(attempt: AttemptView) -> dict[str, str]:
    return {"reference": attempt.reference, "attempt": str(attempt.id)}


def _items(attempt: AttemptView) -> list[SessionCreateParamsLineItem]:
    lines = list(attempt.lines)
    if not 0 < len(lines) <= MOST_LINES or sum(line.amount for line in lines) != attempt.amount:
        lines = [BillLine(attempt.description, attempt.amount)]
    return [
        {
            "quantity": 1,
            "price_data": {
                "currency": attempt.currency.lower(),
                "unit_amount": to_stripe(line.amount, attempt.currency),
                "product_data": {"name": line.description[:LONGEST_NAME] or attempt.reference},
            },
        }
        for line in lines
    ]


def read_session(client: stripe.StripeClient, session_id: str) -> dict[str, Any]:
    """One session, its payment and what that was booked as in it."""
    found = client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPANDED})
    return found.to_dict()


def read_intent(client: stripe.StripeClient, intent_id: str) -> dict[str, Any]:
    found = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge.balance_transaction"]})
    return found.to_dict()


def find_session(client: stripe.StripeClient, attempt: AttemptView) -> dict[str, Any] | None:
    """The session of an attempt whose answer was lost, among those of its time."""
    created = _time_of(attempt)
    listed = client.v1.checkout.sessions.list(
        {"created": {"gte": created[0], "lte": created[1]}, "limit": PAGE}
    )
    return _one(listed.auto_paging_iter(), attempt)


def find_intent(client: stripe.StripeClient, attempt: AttemptView) -> dict[str, Any] | None:
    """The same for a payment that was charged without a session."""
    created = _time_of(attempt)
    listed = client.v1.payment_intents.list(
        {"created": {"gte": created[0], "lte": created[1]}, "limit": PAGE}
    )
    return _one(listed.auto_paging_iter(), attempt)


def _time_of(attempt: AttemptView) -> tuple[int, int]:
    return int((attempt.created_at - EARLIER).timestamp()), int((attempt.expires_at + EARLIER).timestamp())


def _one(listed: Iterable[Any], attempt: AttemptView) -> dict[str, Any] | None:
    for thing in things(listed, PAGE * MOST_PAGES):
        if thing["metadata"].get("attempt") == str(attempt.id):
            return thing
    return None


def things(listed: Iterable[Any], most: int) -> Iterator[dict[str, Any]]:
    """The objects of a list as plain mappings. Raises ValueError when there are more than can be meant."""
    for number, found in enumerate(listed):
        if number >= most:
            raise ValueError("the list has no end")
        yield found.to_dict()


def expanded(owner: Thing, field: str) -> dict[str, Any] | None:
    """What a field refers to, when it was sent along."""
    value = owner.get(field)
    return value if isinstance(value, dict) else None
