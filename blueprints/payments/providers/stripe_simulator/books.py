"""The part of Stripe's API that we use, over one merchant's books: the same words, rules and errors."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blueprints.payments.providers.stripe_simulator import shapes
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.shapes import Wrong
from blueprints.payments.providers.stripe_simulator.shelf import Kept, Thing

SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60  # seconds that a session may be open
GRACE = 60  # seconds that clocks may differ
MOST_LINES = 100
LARGEST = 10**12
DEFAULT_PAGE, LARGEST_PAGE = 10, 100
CURRENCY = re.compile(r"[a-z]{3}")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Thing
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Books:
    """Answers questions to the API. `page` is the address of a session's checkout page."""

    happenings: Happenings
    page: Callable[[str], str]

    def answer(self, method: str, path: str, params: Thing, *, key: str = "") -> Reply:
        """What Stripe would say. A POST with a `key` that was used before is answered as before, or refused
        when it asks for something else; refused parameters leave no trace."""
        digest = self.digest(method, path, params)
        shelf = self.happenings.shelf
        kept = shelf.answered(key) if method == "POST" and key else None
        if kept is not None and kept.digest != digest:
            sentence = "Keys for idempotent requests can only be used with the same parameters."
            return Reply(400, Wrong(sentence, kind="idempotency_error").body)
        if kept is not None:
            return Reply(kept.status, kept.body, {"idempotent-replayed": "true"})
        try:
            reply = Reply(200, shapes.public(self._expanded(self._route(method, path, params), params)))
        except Wrong as wrong:
            reply = Reply(wrong.status, wrong.body)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            reply = Reply(400, Wrong(f"Invalid parameters ({type(problem).__name__}).").body)
        if method == "POST" and key and reply.status not in (400, 404):
            shelf.keep(key, Kept(digest, reply.status, reply.body))
        return reply

    @staticmethod
    def digest(method: str, path: str, params: Thing) -> str:
        """What an idempotency key is bound to."""
        return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()

    def _route(self, method: str, path: str, params: Thing) -> Thing:
        parts = path.strip("/").split("/")[1:]  # without the version
        name = "/".join(parts)
        if method == "GET" and name in _LISTED:
            return self._list(_LISTED[name], params, f"/v1/{name}")
        if method == "POST" and name == "checkout/sessions":
            return self._create_session(params)
        if method == "POST" and name == "payment_intents":
            return self._create_intent(params)
        if method == "POST" and name == "refunds":
            amount = int(params["amount"]) if "amount" in params else None
            return self.happenings.refund(params["payment_intent"], amount, params.get("metadata"))
        if method == "GET" and "/".join(parts[:-1]) in _LISTED:
            return self._thing(parts[-1], _LISTED["/".join(parts[:-1])])
        if method == "POST" and len(parts) == 3 and parts[0] == "payment_methods" and parts[2] == "detach":
            return self._detach(parts[1])
        if (
            method == "POST"
            and len(parts) == 4
            and parts[:2] == ["checkout", "sessions"]
            and parts[3] == "expire"
        ):
            return self.happenings.expire(parts[2])
        raise Wrong(f"Unrecognized request URL ({method}: {path}).", status=404)

    # --- writing ---

    def _create_session(self, params: Thing) -> Thing:
        mode, now = params["mode"], self.happenings.now
        for name in ("success_url", "cancel_url"):
            if not re.match(r"https?://", params.get(name, "")):
                raise Wrong("Not a valid URL", code="url_invalid", param=name)
        email = params.get("customer_email")
        if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            raise Wrong(f"Invalid email address: {email}", code="email_invalid", param="customer_email")
        total, currency = self._sum(params) if mode == "payment" else (None, params.get("currency"))
        if mode == "setup" and currency is None and not params.get("allowed_payment_method_types"):
            raise Wrong("Missing required param: currency.", param="currency")
        expires_at = int(params.get("expires_at", now + LONGEST))
        if not SHORTEST - GRACE <= expires_at - now <= LONGEST + GRACE:
            raise Wrong(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
                param="expires_at",
            )
        session_id = shapes.new_id("cs_live" if self.happenings.live else "cs_test")
        session: Thing = {
            "id": session_id,
            "object": "checkout.session",
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": params["cancel_url"],
            "client_reference_id": params.get("client_reference_id"),
            "created": now,
            "currency": currency,
            "customer": None,
            "customer_email": email,
            "expires_at": expires_at,
            "livemode": self.happenings.live,
            "locale": params.get("locale"),
            "metadata": _group(params, "metadata"),
            "mode": mode,
            "payment_intent": None,
            "payment_status": "unpaid" if mode == "payment" else "no_payment_required",
            "setup_intent": None,
            "status": "open",
            "success_url": params["success_url"],
            "url": self.page(session_id),
            "_payment": _group(params, "payment_intent_data"),
            "_lines": [
                [line["price_data"]["product_data"]["name"], int(line["price_data"]["unit_amount"])]
                for line in params.get("line_items", [])
            ],
        }
        self.happenings.shelf.put(session)
        return session

    def _sum(self, params: Thing) -> tuple[int, str]:
        lines = params["line_items"]
        if not 0 < len(lines) <= MOST_LINES:
            raise Wrong("Too many line items.", param="line_items")
        currencies = {line["price_data"]["currency"] for line in lines}
        if len(currencies) != 1 or not CURRENCY.fullmatch(currency := currencies.pop()):
            raise Wrong("Invalid currency.", param="line_items")
        total = sum(int(line["quantity"]) * _amount(line["price_data"]["unit_amount"]) for line in lines)
        return _amount(total), currency

    def _create_intent(self, params: Thing) -> Thing:
        if params.get("confirm") != "true" or params.get("off_session") != "true":
            raise Wrong("Only charges of saved cards are known here.")
        method = self._thing(params["payment_method"], "payment_method")
        if method["customer"] != params["customer"]:
            raise Wrong(
                "The payment method belongs to nobody or to another customer.", param="payment_method"
            )
        intent = shapes.intent(
            _amount(params["amount"]),
            params["currency"],
            self.happenings.now,
            live=self.happenings.live,
            customer=params["customer"],
            payment_method=method["id"],
            description=params.get("description"),
            metadata=_group(params, "metadata"),
        )
        return self.happenings.charge_card(intent, method)

    def _detach(self, method_id: str) -> Thing:
        method = self._thing(method_id, "payment_method")
        if method["customer"] is None:
            raise Wrong(
                "The payment method is not attached to a customer.", code="payment_method_unexpected_state"
            )
        method["customer"] = None
        self.happenings.shelf.put(method)
        return method

    # --- reading ---

    def _thing(self, thing_id: str, kind: str) -> Thing:
        thing = self.happenings.shelf.get(thing_id)
        if thing is None or thing["object"] != kind:
            raise Wrong(f"No such {kind}: '{thing_id}'", status=404, code="resource_missing", param="id")
        return self._aged(thing)

    def _aged(self, thing: Thing) -> Thing:
        """A session whose time is over is expired, whether or not anybody looked."""
        late = thing["object"] == "checkout.session" and thing["expires_at"] <= self.happenings.now
        if late and thing["status"] == "open":
            thing |= {"status": "expired", "url": None}
        return thing

    def _list(self, kind: str, params: Thing, url: str) -> Thing:
        found = [self._aged(thing) for thing in self.happenings.shelf.all(kind) if _matches(thing, params)]
        if after := params.get("starting_after"):
            ids = [thing["id"] for thing in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        size = min(int(params.get("limit", DEFAULT_PAGE)), LARGEST_PAGE)
        return {"object": "list", "url": url, "has_more": len(found) > size, "data": found[:size]}

    def _expanded(self, thing: Thing, params: Thing) -> Thing:
        for path in params.get("expand", []):
            self._expand(thing, path.split("."))
        return thing

    def _expand(self, place: Any, names: list[str]) -> None:
        if isinstance(place, list):
            for one in place:
                self._expand(one, names)
            return
        if not names or not isinstance(place, dict) or place.get(names[0]) is None:
            return
        name, rest = names[0], names[1:]
        if isinstance(place[name], str):
            place[name] = self.happenings.shelf.get(place[name]) or place[name]
        self._expand(place[name], rest)


_LISTED = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "balance_transactions": "balance_transaction",
    "payment_methods": "payment_method",
}


def _group(params: Thing, name: str) -> Thing:
    group = params.get(name, {})
    if not isinstance(group, dict):
        raise Wrong("Invalid object", param=name)
    return group


def _amount(said: str | int) -> int:
    amount = int(said)
    if amount <= 0:
        raise Wrong("This value must be greater than or equal to 1.", code="parameter_invalid_integer")
    if amount >= LARGEST:
        raise Wrong("Amount must be no more than 999999999999.", code="amount_too_large")
    return amount


def _matches(thing: Thing, params: Thing) -> bool:
    for name in ("payment_intent", "customer", "type", "status", "charge"):
        if name in params and thing.get(name) != params[name]:
            return False
    bounds = params.get("created", {})
    created = thing["created"]
    return (
        int(bounds.get("gte", created)) <= created <= int(bounds.get("lte", created))
        and ("lt" not in bounds or created < int(bounds["lt"]))
        and ("gt" not in bounds or created > int(bounds["gt"]))
    )
