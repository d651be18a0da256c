"""What runs after the transaction: refunds to providers, questions about them, letters."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.payments import refund_letters
from blueprints.payments.refund_sending import look, send
from blueprints.payments.wire import patient_wire
from saas.clock import now
from saas.mail import deliver
from saas.outbox import handler


@handler("payments.refund")
def send_refund(payload: dict[str, Any]) -> None:
    send(uuid.UUID(payload["refund_id"]), wire=patient_wire(), now=now())


@handler("payments.refund-watch")
def watch_refund(payload: dict[str, Any]) -> None:
    look(uuid.UUID(payload["refund_id"]), int(payload["looks"]), wire=patient_wire(), now=now())


@handler("payments.refund-letter")
def tell_of_refund(payload: dict[str, Any]) -> None:
    letter = refund_letters.refund_letter(uuid.UUID(payload["refund_id"]))
    if letter is not None:
        deliver(letter)


@handler("payments.refund-rejected-letter")
def tell_of_rejection(payload: dict[str, Any]) -> None:
    letter = refund_letters.rejected_letter(uuid.UUID(payload["refund_id"]))
    if letter is not None:
        deliver(letter)


@handler("payments.credit-letter")
def tell_of_credit(payload: dict[str, Any]) -> None:
    letter = refund_letters.credit_letter(uuid.UUID(payload["payment_id"]))
    if letter is not None:
        deliver(letter)
