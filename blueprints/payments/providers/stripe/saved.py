"""Saved cards: enrolled in a checkout of Stripe's, charged without their payer, forgotten on request."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import stripe

from blueprints.payments.interface import (
    AttemptView,
    Observation,
    PayerView,
    ProviderAccountView,
    Redirect,
    SavedMethod,
    Unknown,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.stripe import checkout, reading
from blueprints.payments.providers.stripe.amounts import to_stripe
from blueprints.payments.providers.stripe.client import asking, client_of
from saas.clock import now as this_moment
from saas.languages import N_
from saas.refusals import Refusal

# Stripe keeps an idempotency key for at least a day; beyond that the same key may charge twice.
KEY_LIFE = datetime.timedelta(hours=23)
GONE = frozenset({"resource_missing", "payment_method_unexpected_state"})


def key_of(account: ProviderAccountView, subject: uuid.UUID, operation: str) -> str:
    """The idempotency key of one act: known before it is first tried, the same at every try."""
    return f"{account.tenant_id}:{subject}:{operation}"


def enrol(
    account: ProviderAccountView,
    key: uuid.UUID,
    payer: PayerView,
    return_url: str,
    wire: Wire,
    api: str | None,
) -> Redirect:
    """See `SavesMethods.enrol`."""
    with asking("saving a card"):
        try:
            session = client_of(account, wire, api).v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "client_reference_id": str(key),
                    "metadata": {"enrolment": str(key)},
                    "customer_creation": "always",
                    "customer_email": payer.email,
                    # Only cards can be charged without their payer everywhere; and a list spares the currency.
                    "allowed_payment_method_types": ["card"],
                    "success_url": return_url,
                    "cancel_url": return_url,
                },
                {"idempotency_key": key_of(account, key, "enrol")},
            )
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as problem:
            raise Refusal(N_("Stripe cannot save a card at the moment.")) from problem
        said = session.to_dict()
        return Redirect(said["url"] or return_url, said["id"])


def enrolled(
    account: ProviderAccountView, provider_reference: str, wire: Wire, api: str | None
) -> SavedMethod | Unknown:
    """See `SavesMethods.enrolled`."""
    with asking("a saved card"):
        try:
            session = (
                client_of(account, wire, api)
                .v1.checkout.sessions.retrieve(
                    provider_reference, {"expand": ["setup_intent.payment_method"]}
                )
                .to_dict()
            )
        except stripe.InvalidRequestError:
            return Unknown("Stripe knows no such session")
        setup = checkout.expanded(session, "setup_intent")
        method = checkout.expanded(setup, "payment_method") if setup is not None else None
        if (
            session["status"] != "complete"
            or setup is None
            or setup["status"] != "succeeded"
            or method is None
        ):
            return Unknown("the card is not saved yet")
        return SavedMethod(str(method["customer"]), method["id"], _label(method))


def _label(method: dict[str, Any]) -> str:
    card = checkout.expanded(method, "card")
    if card is None:
        return str(method["type"]).replace("_", " ").capitalize()
    return f"{str(card['brand']).replace('_', ' ').title()} ··{card['last4']}"


def charge(
    account: ProviderAccountView, method: SavedMethod, attempt: AttemptView, wire: Wire, api: str | None
) -> Observation:
    """See `SavesMethods.charge`. What was tried a day ago is looked for and never sent again."""
    client, now = client_of(account, wire, api), this_moment()
    amount = to_stripe(attempt.amount, attempt.currency)
    with asking("a charge"):
        if now - attempt.created_at > KEY_LIFE:
            return _charged(attempt, checkout.find_intent(client, attempt), now)
        try:
            intent = client.v1.payment_intents.create(
                {
                    "amount": amount,
                    "currency": attempt.currency.lower(),
                    "customer": method.provider_customer,
                    "payment_method": method.provider_method,
                    "off_session": True,
                    "confirm": True,
                    "description": attempt.description,
                    "metadata": checkout.metadata_of(attempt),
                    "expand": ["latest_charge.balance_transaction"],
                },
                {"idempotency_key": key_of(account, attempt.id, "charge")},
            ).to_dict()
        except stripe.CardError as declined:
            return _charged(attempt, _declined(declined), now)
        except stripe.IdempotencyError:
            return _charged(attempt, checkout.find_intent(client, attempt), now)
        except stripe.InvalidRequestError as problem:
            raise Refusal(N_("Stripe cannot charge this saved card.")) from problem
        return _charged(attempt, intent, now)


def _charged(attempt: AttemptView, intent: dict[str, Any] | None, now: datetime.datetime) -> Observation:
    """How it went. Raises Unreachable while nothing is known of the charge."""
    found = reading.payment(attempt, None, intent, now) if intent is not None else None
    if found is None:
        raise Unreachable("Stripe says nothing of the charge")
    return found


def _declined(problem: stripe.CardError) -> dict[str, Any] | None:
    """The payment that a decline speaks of; it comes with the error."""
    body = problem.json_body
    error = body.get("error") if isinstance(body, dict) else None
    intent = error.get("payment_intent") if isinstance(error, dict) else None
    return intent if isinstance(intent, dict) else None


def forget(account: ProviderAccountView, method: SavedMethod, wire: Wire, api: str | None) -> None:
    """See `SavesMethods.forget`."""
    with asking("forgetting a card"):
        try:
            client_of(account, wire, api).v1.payment_methods.detach(method.provider_method)
        except stripe.InvalidRequestError as problem:
            if problem.code not in GONE:
                raise Unreachable("Stripe did not forget the card") from problem
