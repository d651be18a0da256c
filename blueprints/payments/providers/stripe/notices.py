"""Stripe's notices: who sent them is proved by the signature, what they say is only a reason to ask."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from blueprints.payments.interface import Ask, Forged, Notice, ProviderAccountView
from blueprints.payments.providers.stripe.client import connected_account

log = logging.getLogger("ventanilla.payments")
HEADER = "stripe-signature"
SECRET = "webhook_secret"  # noqa: S105 - the name of a field
TOLERANCE = 300  # seconds, to both sides
LONGEST_HEADER = 1000

# What to tick where the notices are configured; everything else is taken and ignored.
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
_TIME = re.compile(r"t=([0-9]{1,12})")
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_INTENT = re.compile(r"pi_[A-Za-z0-9_]{1,200}")


def read(account: ProviderAccountView, notice: Notice) -> Sequence[Ask]:
    """What to ask about. Raises Forged unless the bytes carry the signature of the account's secret, or of
    the one before it, made within five minutes of now, and speak for the account that we know."""
    _authenticate(account, notice)
    event = _event(notice.body)
    try:
        live, kind, thing = event["livemode"], event["type"], event["data"]["object"]
        if not isinstance(kind, str) or not isinstance(thing, dict) or type(live) is not bool:
            raise TypeError
    except (KeyError, TypeError) as problem:
        raise Forged("no event") from problem
    if event.get("account", "") != connected_account(account):
        raise Forged("an event of another account")
    if live is not (account.mode == "live"):
        # Live addresses of Connect hear test events too; refused they would come again for days.
        log.warning("a notice of the other mode", extra={"facts": {"account": str(account.id)}})
        return []
    return _asks(kind, thing) if kind in EVENTS else []


def _authenticate(account: ProviderAccountView, notice: Notice) -> None:
    """The SDK's verifier, and what it lets through: another time in the future, letters that it cannot compare."""
    header = notice.headers.get(HEADER, "")
    if not header.isascii() or len(header) > LONGEST_HEADER:
        raise Forged("no signature")
    times = [found for part in header.split(",") if (found := _TIME.fullmatch(part))]
    if len(times) != 1 or header.count("t=") != 1:
        raise Forged("no time")
    if abs(notice.received_at.timestamp() - int(times[0][1])) > TOLERANCE:
        raise Forged("sent at another time")
    secrets = [given.get(SECRET, "") for given in (account.secrets, account.previous)]
    if not any(_signed(notice.body, header, secret) for secret in secrets if secret):
        raise Forged("the signature is not Stripe's")


def _signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Forged("no JSON") from problem
    # Thin events ("v2.core.event") carry no object; whoever configured them is told by the refusals.
    if not isinstance(event, dict) or event.get("object") != "event":
        raise Forged("no event of the kind that we take")
    return event


def _asks(kind: str, thing: Mapping[str, Any]) -> list[Ask]:
    """Whom to ask about. A thing without our reference is business of the same Stripe account that is not ours;
    a refund or a dispute has none of its own and is found by its payment."""
    if kind.startswith("checkout.session."):
        reference = thing.get("client_reference_id") if thing.get("mode") == "payment" else ""
        return _ask(reference, "")
    metadata = thing.get("metadata")
    reference = metadata.get("reference") if isinstance(metadata, dict) else ""
    by_payment = kind.startswith(("refund.", "charge.refund.", "charge.dispute."))
    return _ask(reference, thing.get("payment_intent") if by_payment else "")


def _ask(reference: object, intent: object) -> list[Ask]:
    if isinstance(reference, str) and _REFERENCE.fullmatch(reference):
        return [Ask(reference=reference)]
    if isinstance(intent, str) and _INTENT.fullmatch(intent):
        return [Ask(provider_reference=intent)]
    return []
