"""What runs after the transaction: polls, ends, receipts on paper and by mail."""

from __future__ import annotations

import datetime
import secrets
import uuid
from typing import Any

from blueprints.payments.polling import expire, is_due, poll
from blueprints.payments.receipts import document_of, letter_of
from blueprints.payments.settling import compare
from blueprints.payments.wire import patient_wire
from saas.clock import now
from saas.mail import deliver
from saas.outbox import enqueue, handler


@handler("payments.poll")
def poll_attempt(payload: dict[str, Any]) -> None:
    """One chain of questions an attempt: one asked out of turn has planned the next one already."""
    attempt_id, moment = uuid.UUID(payload["attempt_id"]), now()
    if is_due(attempt_id, moment):
        poll(attempt_id, wire=patient_wire(), now=moment, jitter=secrets.randbelow(1000) / 1000)


@handler("payments.ask")
def ask_about_attempt(payload: dict[str, Any]) -> None:
    """A notice said that there is news; whatever the attempt's state, its provider is asked."""
    poll(uuid.UUID(payload["attempt_id"]), wire=patient_wire(), now=now(), jitter=0, told=True)


@handler("payments.compare")
def compare_day(payload: dict[str, Any]) -> None:
    day = datetime.date.fromisoformat(payload["day"])
    compare(uuid.UUID(payload["provider_account_id"]), day, wire=patient_wire(), now=now())


@handler("payments.expire")
def expire_attempt(payload: dict[str, Any]) -> None:
    expire(uuid.UUID(payload["attempt_id"]), now=now())


@handler("payments.receipt")
def print_receipt(payload: dict[str, Any]) -> None:
    """Paper first, then the letter, each in a row of its own: a mail server that is down prints nothing twice."""
    document_of(uuid.UUID(payload["receipt_id"]))
    enqueue("payments.receipt-letter", payload, key=payload["receipt_id"])


@handler("payments.receipt-letter")
def send_receipt(payload: dict[str, Any]) -> None:
    letter = letter_of(uuid.UUID(payload["receipt_id"]))
    if letter is not None:
        deliver(letter)
