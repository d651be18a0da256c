"""The bank's messenger: carries signed notices to merchants after a decision, in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from blueprints.payments.interface import Unreachable, Wire
from blueprints.payments.providers.bank_simulator import signing
from blueprints.payments.wire import current_wire
from saas.clock import now

log = logging.getLogger("ventanilla.bank")
EXTENSION = "bank_messenger"
AT_ONCE = 0.5  # seconds: the decision is committed by then
LATE = 20.0
AGAIN = (2.0, 10.0)  # pauses before a notice that was not taken is carried again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice: where to, when (seconds from now), what, and the secret that signs it."""

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
            if self._taken(delivery):
                return
            time.sleep(pause)

    def _taken(self, delivery: Delivery) -> bool:
        try:
            return post(self._wire, delivery) < 400
        except Unreachable:
            log.info("a merchant could not be reached")
            return False


def post(wire: Wire, delivery: Delivery) -> int:
    """Sign and send one notice now. Returns the merchant's status. Raises Unreachable."""
    moment = str(int(now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        signing.TIME_HEADER: moment,
        signing.SIGNATURE_HEADER: signing.sign_message(delivery.secret, moment, delivery.body),
    }
    return wire.send("POST", delivery.url, body=delivery.body, headers=headers).status


def current_messenger() -> Messenger:
    """The application's messenger; tests lay their own."""
    known = current_app.extensions
    if EXTENSION not in known:
        known[EXTENSION] = Messenger(current_wire())
    return cast(Messenger, known[EXTENSION])


def _in_a_thread(delay: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(delay, work)
    timer.daemon = True
    timer.start()
