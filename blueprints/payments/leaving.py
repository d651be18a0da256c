"""Leave a payment that was begun and not finished, so that its invoices can be chosen again at once."""

from __future__ import annotations

import datetime
import uuid

from blueprints.payments import rules
from blueprints.payments.attempts import close_attempt, read_attempt
from blueprints.payments.interface import Wire
from blueprints.payments.polling import poll
from saas import audit
from saas.refusals import NotFound
from tenants.context import Viewer


def leave(attempt_id: uuid.UUID, viewer: Viewer, now: datetime.datetime, *, wire: Wire) -> str:
    """End the viewer's own attempt unless its provider has heard of money. Returns the state that it has now.

    The provider is asked first: whoever has paid and does not know it yet must not be led to pay twice. No answer
    keeps nobody waiting; money that still comes is booked all the same. Raises NotFound for a stranger's attempt.
    """
    attempt = read_attempt(attempt_id)
    if attempt.user_id != viewer.user_id:
        raise NotFound()
    if attempt.state == rules.CREATED:
        poll(attempt_id, wire=wire, now=now, jitter=0)
        if close_attempt(attempt_id, rules.CANCELED, only_from=frozenset({rules.CREATED}), now=now):
            audit.record(
                "payment.canceled",
                actor=viewer.actor(),
                subject=("attempt", attempt_id),
                customer_id=viewer.customer_id,
                data={"from": rules.CREATED},
            )
    return read_attempt(attempt_id).state
