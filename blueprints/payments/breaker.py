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
SLOW = 2.0  # seconds after which an exchange counts as one that waits
WAITING = (
    2  # so many at a time; whoever comes then is not made to wait too, or no thread is left for other pages
)


class Breaker:
    """A wire around a wire. Only silence counts as failure (Unreachable, or an answer of 502, 503, 504):
    a provider that says no is well."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, int] = {}
        self._closed_until: dict[str, float] = {}
        self._under_way: dict[str, list[float]] = {}  # when each exchange with a host began

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        host = urlsplit(url).netloc
        began = self._knock(host)
        try:
            answer = self._wire.send(method, url, body=body, headers=headers or {})
        except Unreachable:
            self._failed(host)
            raise
        except BaseException:
            self._try_again(host)
            raise
        finally:
            self._ended(host, began)
        if answer.status in (502, 503, 504):
            self._failed(host)
        else:
            self._well(host)
        return answer

    def _knock(self, host: str) -> float:
        """Raises Unreachable while the circuit is open, and while others wait for this host already; the first one
        after the pause tries for all."""
        with self._lock:
            moment = self._clock()
            under_way = self._under_way.setdefault(host, [])
            if sum(moment - began > SLOW for began in under_way) >= WAITING:
                raise Unreachable(f"{host} keeps others waiting; it is asked again later")
            until = self._closed_until.get(host)
            if until is not None:
                if moment < until:
                    raise Unreachable(f"{host} has not answered for a while; it is asked again later")
                self._closed_until[host] = moment + PAUSE
            under_way.append(moment)
            return moment

    def _ended(self, host: str, began: float) -> None:
        with self._lock:
            self._under_way[host].remove(began)

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
