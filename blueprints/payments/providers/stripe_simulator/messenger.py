"""Carries signed events to the address that a merchant has entered, in the background."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import stripe

from blueprints.payments.interface import Unreachable, Wire
from blueprints.payments.providers.stripe_simulator.shelf import Thing
from saas.clock import now

log = logging.getLogger("ventanilla.stripe")
AT_ONCE = 0.5  # seconds: what happened is committed by then
AGAIN = (2.0, 10.0)  # pauses before an event that was not taken is carried again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event: where to, when (seconds from now), what, and the secret that signs it."""

    url: str
    delay: float
    body: bytes
    secret: str


class Messenger:
    """Carries deliveries by timer threads of this process; what is lost, the merchant's poll finds."""

    def __init__(self, wire: Wire, start: Callable[[float, Callable[[], None]], None] | None = None) -> None:
        self._wire = wire
        self._start = start or _in_a_thread

    def carry(self, delivery: Delivery) -> None:
        self._start(delivery.delay, lambda: self._deliver(delivery))

    def _deliver(self, delivery: Delivery) -> None:
        for pause in (*AGAIN, 0.0):
            try:
                if post(self._wire, delivery) < 400:
                    return
            except Unreachable:
                log.info("a merchant could not be reached")
            time.sleep(pause)


def post(wire: Wire, delivery: Delivery) -> int:
    """Sign and send one event now. Returns the merchant's status. Raises Unreachable."""
    moment = int(now().timestamp())
    header = stripe.WebhookSignature.generate_signature_header(
        delivery.body.decode(), delivery.secret, moment
    )
    headers = {"Content-Type": "application/json", "Stripe-Signature": header}
    return wire.send("POST", delivery.url, body=delivery.body, headers=headers).status


def tell(messenger: Messenger, url: str, secret: str, events: Iterable[Thing]) -> None:
    """Have events carried, one shortly after the other."""
    for number, event in enumerate(events):
        body = json.dumps(event, indent=2).encode()
        messenger.carry(Delivery(url, AT_ONCE * (1 + number), body, secret))


def _in_a_thread(delay: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(delay, work)
    timer.daemon = True
    timer.start()
