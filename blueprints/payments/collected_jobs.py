"""What runs after the transaction for papers and files: print a coupon, post it, go through a file."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.payments.collecting import go_on
from blueprints.payments.coupon import coupon_document, coupon_facts, coupon_letter
from saas.mail import deliver
from saas.outbox import enqueue, handler
from saas.scope import current_tenant_id


@handler("payments.coupon")
def print_coupon(payload: dict[str, Any]) -> None:
    """Paper first, then the letter, each in a row of its own: a mail server that is down prints nothing twice."""
    attempt_id = uuid.UUID(payload["attempt_id"])
    if coupon_facts(attempt_id) is not None:
        coupon_document(attempt_id)
        enqueue("payments.coupon-letter", payload, key=payload["attempt_id"])


@handler("payments.coupon-letter")
def send_coupon(payload: dict[str, Any]) -> None:
    letter = coupon_letter(uuid.UUID(payload["attempt_id"]))
    if letter is not None:
        deliver(letter)


@handler("payments.collected")
def go_through_file(payload: dict[str, Any]) -> None:
    """A stretch of a file's lines, each in a transaction of its own; what is left is another row's work."""
    file_id = uuid.UUID(payload["collected_file_id"])
    if go_on(current_tenant_id(), file_id):
        turn = int(payload["turn"]) + 1
        enqueue(
            "payments.collected",
            {"collected_file_id": str(file_id), "turn": turn},
            key=f"{file_id}:{turn}",
        )
