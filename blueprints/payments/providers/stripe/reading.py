"""What Stripe's objects mean for an attempt. Pure: plain mappings in, observations out."""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from blueprints.payments.interface import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    EVIDENCE_DUE,
    EXPIRED,
    FAILED,
    PENDING,
    POLLED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    AttemptView,
    Observation,
)
from blueprints.payments.providers.stripe.amounts import from_stripe

Thing = Mapping[str, Any]
WANTS_PAYER = "wants_payer"

_REFUNDS = {
    "pending": REFUND_PENDING,
    "requires_action": REFUND_PENDING,
    "succeeded": REFUNDED,
    "failed": REFUND_FAILED,
    "canceled": REFUND_FAILED,
}
# An inquiry ("warning_…") takes no money, and "prevented" has become a refund: neither is a dispute to book.
_OPEN_DISPUTES = frozenset(
    {"needs_response", "under_review", "appeal_needs_response", "appeal_under_review", "won", "lost"}
)
_CLOSED_DISPUTES = {"won": DISPUTE_WON, "lost": DISPUTE_LOST}


def payment(
    attempt: AttemptView, session: Thing | None, intent: Thing | None, now: datetime.datetime
) -> Observation | None:
    """How the payment stands; None while the payer has not decided. Raises KeyError, TypeError, ValueError for
    objects of another shape, and ValueError for another attempt's."""
    for thing in (session, intent):
        if thing is not None and thing["metadata"].get("attempt") != str(attempt.id):
            raise ValueError("Stripe spoke of another payment")
    kind = _kind(session, intent)
    if kind is None:
        return None
    spoken = intent if intent is not None else session
    assert spoken is not None
    amount, facts = _amount(kind, session, intent), _facts(session, intent)
    if kind == FAILED and intent is not None:
        facts |= _why(intent, session)
    return _observation(
        attempt.reference,
        kind,
        amount,
        spoken,
        provider_reference=spoken["id"],
        occurred_at=_moment(kind, intent, now),
        event=spoken["id"],
        facts=facts,
    )


def _kind(session: Thing | None, intent: Thing | None) -> str | None:
    status = intent["status"] if intent is not None else None
    if status == "succeeded":
        return CAPTURED
    if status in ("processing", "requires_capture"):
        return PENDING
    if session is None:
        return FAILED  # charged without its payer: whatever is left wants one
    if session["status"] == "expired":
        return EXPIRED
    if session["status"] != "complete":
        return None  # a declined card is no end: the payer may try another one on the same page
    if session["payment_status"] == "paid":
        return CAPTURED
    # A voucher or a transfer waits in requires_action; what has failed falls back to requires_payment_method.
    return FAILED if status in ("requires_payment_method", "canceled") else PENDING


def _amount(kind: str, session: Thing | None, intent: Thing | None) -> int:
    if intent is None:
        assert session is not None
        return int(session["amount_total"])
    return int(intent["amount_received"] if kind == CAPTURED else intent["amount"])


def _facts(session: Thing | None, intent: Thing | None) -> dict[str, str]:
    facts = {}
    if session is not None:
        facts["session"] = session["id"]
    if intent is not None:
        facts["intent"] = intent["id"]
    return facts


def _why(intent: Thing, session: Thing | None) -> dict[str, str]:
    error = intent.get("last_payment_error") or {}
    code = str(error.get("decline_code") or error.get("code") or "")[:100]
    facts = {"declined": code} if code else {}
    if session is None and (intent["status"] == "requires_action" or code == "authentication_required"):
        facts[WANTS_PAYER] = "1"
    return facts


def _moment(kind: str, intent: Thing | None, now: datetime.datetime) -> datetime.datetime:
    """When it happened: the booking of a capture where it is known, because delayed methods are charged first
    and succeed days later."""
    if kind != CAPTURED or intent is None:
        return now
    charge = intent.get("latest_charge")
    if not isinstance(charge, Mapping):
        return now
    booked = charge.get("balance_transaction")
    return moment(booked["created"] if isinstance(booked, Mapping) else charge["created"])


def refund(reference: str, thing: Thing, mode: str) -> Observation:
    """How one refund stands. A refund does not say its `mode`: it has that of its payment. Raises KeyError,
    ValueError for an object of another shape."""
    return _observation(
        reference,
        _REFUNDS[thing["status"]],
        thing["amount"],
        thing,
        provider_reference=thing["id"],
        occurred_at=moment(thing["created"]),
        event=thing["id"],
        refund_id=_ours(thing),
        mode=mode,
    )


def disputes(reference: str, thing: Thing, now: datetime.datetime) -> list[Observation]:
    """What a dispute has gone through: opened, and how it ended."""
    status = thing["status"]
    if status not in _OPEN_DISPUTES:
        return []
    said = [(DISPUTED, moment(thing["created"]))]
    if status in _CLOSED_DISPUTES:
        said.append((_CLOSED_DISPUTES[status], now))
    return [
        _observation(
            reference,
            kind,
            thing["amount"],
            thing,
            provider_reference=thing["id"],
            occurred_at=occurred_at,
            event=thing["id"],
            facts=_evidence(thing) if kind == DISPUTED else None,
        )
        for kind, occurred_at in said
    ]


def _evidence(thing: Thing) -> dict[str, str]:
    """Until when Stripe takes evidence; nothing where it does not say, as for what cannot be answered."""
    due = (thing.get("evidence_details") or {}).get("due_by")
    return {EVIDENCE_DUE: moment(due).isoformat()} if due else {}


def _ours(thing: Thing) -> uuid.UUID | None:
    """The refund of ours that it is; one made in Stripe's own pages is none."""
    try:
        return uuid.UUID((thing.get("metadata") or {}).get("refund", ""))
    except (AttributeError, TypeError, ValueError):
        return None


def _observation(
    reference: str,
    kind: str,
    amount: int,
    thing: Thing,
    *,
    provider_reference: str,
    occurred_at: datetime.datetime,
    event: str,
    refund_id: uuid.UUID | None = None,
    facts: Mapping[str, str] | None = None,
    mode: str | None = None,
) -> Observation:
    currency = str(thing["currency"]).upper()
    return Observation(
        reference=reference,
        kind=kind,
        amount=from_stripe(int(amount), currency),
        currency=currency,
        mode=mode or mode_of(thing),
        provider_reference=provider_reference,
        occurred_at=occurred_at,
        evidence=POLLED,
        raw_digest=digest(thing),
        event=event,
        refund_id=refund_id,
        facts=dict(facts or {}),
    )


def mode_of(thing: Thing) -> str:
    return "live" if thing["livemode"] else "test"


def moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)


def digest(thing: Thing) -> str:
    return hashlib.sha256(json.dumps(thing, sort_keys=True, default=str).encode()).hexdigest()
