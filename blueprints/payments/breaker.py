"""A provider that does not answer is left alone for a while, so that nobody waits for it in vain.

One state per provider's host in each process. The payer of an open circuit is told at once that there is no
answer (unknown, never failed), and no worker is held for the length of a timeout.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from blueprints.payments.interface import Answer, Unreachable, Wire

FAILURES = 5  # in a row, without an answer between them
PAUSE = 30.0  # seconds until one request is let through to try


class Breaker:
    """A wire around a wire. Only silence counts as failure (Unreachable, or an answer of 502, 503, 504):
    a provider that says no is well."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._closed_until: dict[str, float] = {}

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        host = urlsplit(url).netloc
        self._knock(host)
        try:
            answer = self._wire.send(method, url, body=body, headers=headers or {})
        except Unreachable:
            self._failed(host)
            raise
        except BaseException:
            self._try_again(host)
            raise
        if answer.status in (502, 503, 504):
            self._failed(host)
        else:
            self._well(host)
        return answer

    def _knock(self, host: str) -> None:
        """Raises Unreachable while the circuit is open; the first one after the pause tries for all."""
        with self._lock:
            until = self._closed_until.get(host)
            if until is None:
                return
            moment = self._clock()
            if moment < until:
                raise Unreachable(f"{host} has not answered for a while; it is asked again later")
            self._closed_until[host] = moment + PAUSE

    def _failed(self, host: str) -> None:
        with self._lock:
            self._failures[host] = self._failures.get(host, 0) + 1
            if self._failures[host] >= FAILURES:
                self._closed_until[host] = self._clock() + PAUSE

    def _well(self, host: str) -> None:
        with self._lock:
            self._failures.pop(host, None)
            self._closed_until.pop(host, None)

    def _try_again(self, host: str) -> None:
        """What broke was ours: the next one may try."""
        with self._lock:
            if host in self._closed_until:
                self._closed_until[host] = self._clock()
