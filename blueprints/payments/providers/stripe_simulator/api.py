"""The look-alike's API under /stripe/v1/: what the SDK asks, answered from the merchant's books."""

from __future__ import annotations

import json
import uuid
from typing import cast

from flask import Response, current_app, request, url_for

from blueprints.payments.providers.stripe_simulator.blueprint import pages
from blueprints.payments.providers.stripe_simulator.books import Books
from blueprints.payments.providers.stripe_simulator.database_shelf import DatabaseShelf, row_of
from blueprints.payments.providers.stripe_simulator.forms import nested
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.merchants import KEY, merchant_of
from blueprints.payments.providers.stripe_simulator.messenger import Messenger
from blueprints.payments.providers.stripe_simulator.notifying import notify
from blueprints.payments.providers.stripe_simulator.shapes import Wrong
from blueprints.payments.providers.stripe_simulator.shelf import Thing
from blueprints.payments.wire import current_wire
from saas.clock import now
from saas.permissions import GATEWAY, allow
from tenants.frame import commit_so_far, config, keyring

EXTENSION = "stripe_messenger"
LARGEST = 256 * 1024  # bytes of a question


@pages.route("/v1/<path:name>", methods=["GET", "POST"])
@allow(GATEWAY)
def api(name: str) -> Response:
    """One question of the SDK. GATEWAY: who asks proves it with a key; every test key is somebody's."""
    request.max_content_length = LARGEST
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not KEY.fullmatch(key):
        return _said(401, Wrong("Invalid API Key provided: only test keys are known here.").body, {})
    account = request.headers.get("Stripe-Account", "")
    merchant = merchant_of(keyring(), key, account)
    try:
        given = request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode()
        params = nested(given)
        if not _storable(name) or not _storable(json.dumps(params, ensure_ascii=False)):
            raise ValueError("no text")
    except ValueError:
        return _said(400, Wrong("The parameters cannot be read.").body, {})
    shelf = DatabaseShelf(merchant)
    happenings = Happenings(shelf, int(now().timestamp()), account=account)
    books = Books(happenings, _placeholder)
    reply = books.answer(
        request.method, f"/v1/{name}", params, key=request.headers.get("Idempotency-Key", "")[:255]
    )
    body = _with_addresses(merchant, reply.body)
    notify(merchant, happenings, current_messenger())
    commit_so_far()  # a declined card is an answer of 402, and it happened
    return _said(reply.status, body, reply.headers)


def current_messenger() -> Messenger:
    """The application's messenger; tests lay their own."""
    known = current_app.extensions
    if EXTENSION not in known:
        known[EXTENSION] = Messenger(current_wire())
    return cast(Messenger, known[EXTENSION])


def _storable(text: str) -> bool:
    """Whether a database can keep it: no zero bytes, no halves of letters."""
    return (
        "\x00" not in text
        and "\\u0000" not in text
        and not any("\ud800" <= sign <= "\udfff" for sign in text)
    )


def _placeholder(_session_id: str) -> str:
    return "page"


def _with_addresses(merchant: str, said: Thing) -> Thing:
    """The answer with the addresses of checkout pages, which are named after rows of ours."""
    things = said.get("data") if said.get("object") == "list" else [said]
    for thing in things if isinstance(things, list) else []:
        if thing.get("object") == "checkout.session" and thing.get("url") is not None:
            thing["url"] = page_of(row_of(merchant, thing["id"]))
    return said


def page_of(row_id: uuid.UUID | None) -> str | None:
    if row_id is None:
        return None
    origin = config().origin(config().simulator_host or "")
    return f"{origin}{url_for('stripe.checkout', stripe_session_id=row_id)}"


def _said(status: int, body: Thing, headers: dict[str, str]) -> Response:
    response = Response(json.dumps(body), status, mimetype="application/json")
    response.headers["Request-Id"] = f"req_{uuid.uuid4().hex[:14]}"
    for name, value in headers.items():
        response.headers[name] = value
    return response
