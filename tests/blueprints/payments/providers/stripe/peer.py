"""The other end of the wire: Stripe's books in memory, under the real SDK, with every fault that a network has."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stripe
from flask import Flask

from blueprints.payments.interface import Answer, Unreachable
from blueprints.payments.providers.stripe_simulator.books import Books
from blueprints.payments.providers.stripe_simulator.forms import nested
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.shapes import Wrong
from blueprints.payments.providers.stripe_simulator.shelf import Kept, MemoryShelf, Thing
from saas.clock import now
from tests.blueprints.payments.providers.stripe import contract
from tests.blueprints.payments.world import HouseWire

# A fault hits one request. "lost" and "lost-500" come after Stripe has acted, the others before.
FAULTS = (
    "timeout",
    "lost",
    "409",
    "429",
    "500",
    "503",
    "html",
    "truncated",
    "401",
    "403",
    "kept-500",
    "list",
)


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    name: str
    params: Thing
    headers: dict[str, str]
    host: str

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key", "")


@dataclass(frozen=True)
class Merchant:
    key: str
    account: str = ""


@dataclass
class StripePeer(HouseWire):
    """A `Wire`: what goes to the API is answered here, everything else goes into the application."""

    app: Flask
    shelves: dict[Merchant, MemoryShelf] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    told: list[tuple[Merchant, Thing]] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)  # what a restricted key may not read
    unknown: set[str] = field(default_factory=set)  # keys that were rolled
    refunds: str = "succeeded"
    page_size: int = 100  # pages of lists are no longer than this
    lying: Callable[[Asked, Thing], Thing] | None = None  # changes an answer
    shift: int = 0  # seconds that Stripe's clock is ahead

    def __post_init__(self) -> None:
        super().__init__(self.app)
        self._lock = threading.RLock()

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        parts = urlsplit(url)
        if "/v1/" not in parts.path:
            return super().send(method, url, body=body, headers=headers)
        if self.down:
            raise Unreachable("the wire is down")
        name = parts.path.partition("/v1/")[2]
        said = {key.lower(): value for key, value in (headers or {}).items()}
        params = nested(body.decode() if method == "POST" else parts.query)
        asked = Asked(method, name, params, said, parts.netloc)
        with self._lock:
            self.asked.append(asked)
            complaints = contract.complaints(method, name, params)
            assert complaints == []
            assert said["stripe-version"] == "2026-10-28.endive"
            return self._answer(asked)

    def _answer(self, asked: Asked) -> Answer:
        fault = self.faults.popleft() if self.faults else ""
        if fault == "timeout":
            raise Unreachable("TimeoutError: api.stripe.com")
        if fault:
            answer = self._fault(fault, asked)
            if answer is not None:
                return answer
        status, body, headers = self._truth(asked)
        if fault == "lost":
            raise Unreachable("ConnectionResetError: api.stripe.com")
        if fault == "truncated":
            return Answer(200, json.dumps(body).encode()[:40], headers)
        return Answer(status, json.dumps(body).encode(), headers)

    def _fault(self, fault: str, asked: Asked) -> Answer | None:
        headers = {"request-id": "req_1"}
        if fault in ("409", "429", "500", "503"):
            error = {"type": "api_error", "message": "try again"}
            return Answer(int(fault), json.dumps({"error": error}).encode(), headers)
        if fault == "kept-500":
            body = {"error": {"type": "api_error", "message": "we are sorry"}}
            shelf = self.shelf(self._merchant(asked))
            books = Books(Happenings(shelf, 0), str)
            shelf.keep(
                asked.key, Kept(books.digest(asked.method, f"/v1/{asked.name}", asked.params), 500, body)
            )
            return Answer(500, json.dumps(body).encode(), {**headers, "stripe-should-retry": "false"})
        if fault == "html":
            return Answer(200, b"<!doctype html><title>Bad gateway</title>", {"content-type": "text/html"})
        if fault == "list":
            return Answer(200, b"[1, 2]", headers)
        if fault in ("401", "403"):
            error = {"type": "invalid_request_error", "message": "no"}
            return Answer(int(fault), json.dumps({"error": error}).encode(), headers)
        return None

    def _truth(self, asked: Asked) -> tuple[int, Thing, dict[str, str]]:
        merchant = self._merchant(asked)
        headers = {"request-id": f"req_{len(self.asked)}"}
        if merchant.key in self.unknown or not merchant.key.startswith(("sk_", "rk_")):
            return 401, Wrong("Invalid API Key provided").body, headers
        if asked.name.split("/")[-1] in self.forbidden or asked.name in self.forbidden:
            return 403, Wrong("The provided key does not have the required permissions").body, headers
        happenings = self.happenings(merchant)
        params = {**asked.params}
        if asked.method == "GET" and "limit" in params:
            params["limit"] = str(min(int(params["limit"]), self.page_size))
        reply = Books(
            happenings, lambda session_id: f"https://checkout.stripe.com/c/pay/{session_id}"
        ).answer(asked.method, f"/v1/{asked.name}", params, key=asked.key)
        self._collect(merchant, happenings)
        body = self.lying(asked, reply.body) if self.lying else reply.body
        return reply.status, body, {**headers, **reply.headers}

    @staticmethod
    def _merchant(asked: Asked) -> Merchant:
        return Merchant(
            asked.headers["authorization"].removeprefix("Bearer "), asked.headers.get("stripe-account", "")
        )

    def shelf(self, merchant: Merchant) -> MemoryShelf:
        return self.shelves.setdefault(merchant, MemoryShelf())

    def happenings(self, merchant: Merchant) -> Happenings:
        return Happenings(
            self.shelf(merchant),
            int(now().timestamp()) + self.shift,
            live="_live_" in merchant.key,
            account=merchant.account,
            refunds=self.refunds,
        )

    def _collect(self, merchant: Merchant, happenings: Happenings) -> None:
        self.told += [(merchant, event) for event in happenings.told]
        happenings.told = []

    def do(self, merchant: Merchant, act: Callable[[Happenings], Any]) -> Any:
        """Something happens at Stripe; the events wait to be carried."""
        with self._lock:
            happenings = self.happenings(merchant)
            made = act(happenings)
            self._collect(merchant, happenings)
            return made

    def posts(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST" and asked.name == name]


def signed(body: bytes, secret: str, at: int) -> str:
    """The header of a notice, by the SDK's own hand."""
    header: str = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return header


def as_sent(event: Thing) -> bytes:
    """An event as Stripe writes it: indented JSON."""
    return json.dumps(event, indent=2).encode()
