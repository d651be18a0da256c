"""Carries confirmations to merchants, in the background: once, twice, late, in the wrong order, or never."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blueprints.payments.interface import Unreachable, Wire

log = logging.getLogger("ventanilla.payu")
AT_ONCE = 0.5  # seconds: the decision is committed by then
LATE = 20.0
AGAIN = (2.0, 10.0)  # pauses before a confirmation that was not taken is carried again
WAYS = ("once", "twice", "late", "reversed", "never")
HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "User-Agent": "PayU look-alike"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One confirmation: where to, when (seconds from now), and the signed bytes."""

    url: str
    delay: float
    body: bytes


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
    """Send one confirmation now. Returns the merchant's status. Raises Unreachable."""
    return wire.send("POST", delivery.url, body=delivery.body, headers=HEADERS).status


def deliveries(
    url: str, said: Sequence[tuple[bytes, datetime.datetime]], way: str, now: datetime.datetime
) -> list[Delivery]:
    """What is carried, when each of the confirmations becomes true at its moment."""
    if way == "never":
        return []
    wait = LATE if way == "late" else AT_ONCE
    found = []
    for number, (body, at) in enumerate(reversed(said) if way == "reversed" else said):
        true_in = 0.0 if way == "reversed" else max((at - now).total_seconds(), 0.0)
        delays = [
            true_in + wait + (number + repeat) * AT_ONCE for repeat in range(2 if way == "twice" else 1)
        ]
        found += [Delivery(url, delay, body) for delay in delays]
    return found


def _in_a_thread(delay: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(delay, work)
    timer.daemon = True
    timer.start()
