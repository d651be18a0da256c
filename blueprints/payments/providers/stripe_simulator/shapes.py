"""What Stripe's objects look like: the fields that anybody here reads, under Stripe's own names."""

from __future__ import annotations

import secrets
from typing import Any

from blueprints.payments.providers.stripe_simulator.shelf import Thing

API_VERSION = "2026-10-28.endive"
EVIDENCE = 9 * 24 * 3600  # seconds in which a dispute may be answered; Stripe gives seven to twenty-one days


class Wrong(Exception):
    """What Stripe answers instead of doing it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Thing = {"error": {"type": kind, "message": message, "code": code, "param": param, **more}}


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def intent(amount: int, currency: str, now: int, *, live: bool, **more: Any) -> Thing:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "created": now,
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": live,
        "metadata": {},
        "payment_method": None,
        "status": "requires_payment_method",
        **more,
    }


def charge(of: Thing, status: str, now: int, *, kind: str = "card") -> Thing:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": of["amount"],
        "amount_captured": of["amount"] if status == "succeeded" else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": status == "succeeded",
        "created": now,
        "currency": of["currency"],
        "customer": of["customer"],
        "description": of["description"],
        "disputed": False,
        "livemode": of["livemode"],
        "metadata": dict(of["metadata"]),
        "paid": status == "succeeded",
        "payment_intent": of["id"],
        "payment_method_details": {"type": kind},
        "refunded": False,
        "status": status,
    }


def booking(of: Thing, now: int) -> Thing:
    """What a charge came to: `type` is "charge" for cards and "payment" for everything else."""
    fee = of["amount_captured"] * 29 // 1000
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": of["amount_captured"],
        "created": now,
        "currency": of["currency"],
        "fee": fee,
        "net": of["amount_captured"] - fee,
        "source": of["id"],
        "status": "pending",
        "type": "charge" if of["payment_method_details"]["type"] == "card" else "payment",
    }


def refund(of: Thing, amount: int, status: str, metadata: dict[str, str], now: int) -> Thing:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": of["id"],
        "created": now,
        "currency": of["currency"],
        "metadata": metadata,
        "payment_intent": of["payment_intent"],
        "status": status,
    }


def dispute(of: Thing, amount: int, now: int) -> Thing:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "charge": of["id"],
        "created": now,
        "currency": of["currency"],
        "evidence_details": {"due_by": now + EVIDENCE, "has_evidence": False, "past_due": False},
        "livemode": of["livemode"],
        "metadata": {},
        "payment_intent": of["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }


def saved_card(customer: str, card: str, now: int, *, live: bool) -> Thing:
    """A card that a customer keeps; `card` says how it behaves when its owner is not there."""
    last4 = {"good": "4242", "declined": "0341", "wants-payer": "3155", "slow": "1881"}[card]
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "card": {"brand": "visa", "last4": last4},
        "created": now,
        "customer": customer,
        "livemode": live,
        "metadata": {},
        "type": "card",
        "_card": card,
    }


def event(kind: str, of: Thing, now: int, *, live: bool, account: str = "") -> Thing:
    said: Thing = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": public(of)},
        "livemode": live,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    if account:
        said["account"] = account
    return said


def public(value: Any) -> Any:
    """A thing without what only the simulator knows of it."""
    if isinstance(value, dict):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value
