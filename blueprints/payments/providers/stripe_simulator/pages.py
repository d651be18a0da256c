"""The look-alike's pages: the checkout where payers pay, and the merchant's own page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Response, abort, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.payments.providers.stripe.amounts import from_stripe
from blueprints.payments.providers.stripe_simulator import api
from blueprints.payments.providers.stripe_simulator.blueprint import pages
from blueprints.payments.providers.stripe_simulator.database_shelf import (
    ENDPOINT,
    DatabaseShelf,
    merchant_behind,
    session_behind,
)
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.merchants import KEY, merchant_of, secret_of
from blueprints.payments.providers.stripe_simulator.notifying import is_ours, notify
from blueprints.payments.providers.stripe_simulator.shapes import Wrong
from blueprints.payments.providers.stripe_simulator.shelf import Thing
from saas.clock import now
from saas.headers import policy
from saas.money import EXPONENTS, format_money
from saas.permissions import PUBLIC, allow
from tenants.frame import keyring
from tenants.look import render

SHOWN = 20  # payments on the merchant's page
LONGEST_URL = 500
# How the pages write amounts: as they are written where the money comes from.
LOCALES = {"ARS": "es_AR", "MXN": "es_MX", "PEN": "es_PE", "CLP": "es_CL", "UYU": "es_UY", "BRL": "pt_BR"}

PAYING: dict[str, Callable[[Happenings, str], object]] = {
    "card": lambda happenings, name: happenings.pay(name),
    "decline": lambda happenings, name: happenings.decline(name),
    "delayed": lambda happenings, name: happenings.promise(name),
    "save": lambda happenings, name: happenings.save_card(name),
    "save-wants-payer": lambda happenings, name: happenings.save_card(name, "wants-payer"),
    "save-declined": lambda happenings, name: happenings.save_card(name, "declined"),
}
MANAGING: dict[str, Callable[[Happenings, str], object]] = {
    "refund": lambda happenings, name: happenings.refund(name),
    "refund-half": lambda happenings, name: happenings.refund(name, _half(happenings, name)),
    "dispute": lambda happenings, name: happenings.dispute(name),
    "win": lambda happenings, name: happenings.close_dispute(name, won=True),
    "lose": lambda happenings, name: happenings.close_dispute(name, won=False),
    "arrive": lambda happenings, name: happenings.keep_promise(name),
    "fail": lambda happenings, name: happenings.break_promise(name),
}


@pages.get("")
@allow(PUBLIC)
def welcome() -> str:
    return render("payments/stripe/welcome.html", problem="")


@pages.post("")
@allow(PUBLIC)
def enter() -> BaseResponse | tuple[str, int]:
    """To the page of the merchant whose key it is; every test key is somebody's."""
    key = request.form.get("key", "").strip()
    if not KEY.fullmatch(key):
        problem = _("A test key begins with sk_test_ or rk_test_.")
        return render("payments/stripe/welcome.html", problem=problem), 422
    shelf = DatabaseShelf(merchant_of(keyring(), key))
    return redirect(url_for("stripe.merchant", stripe_merchant_id=shelf.row_id), 303)


@pages.get("/pay/<uuid:stripe_session_id>")
@allow(PUBLIC)
def checkout(stripe_session_id: uuid.UUID) -> Response:
    """What a payer sees."""
    session, shelf = _session(stripe_session_id)
    over = session["status"] == "open" and session["expires_at"] <= now().timestamp()
    declined = None
    if session["payment_intent"]:
        declined = (shelf.get(session["payment_intent"]) or {}).get("last_payment_error")
    page = render(
        "payments/stripe/checkout.html",
        page_id=stripe_session_id,
        session=session,
        amount=_written(session["amount_total"], session["currency"]) if session["amount_total"] else "",
        lines=[(name, _written(amount, session["currency"])) for name, amount in session["_lines"]],
        open=session["status"] == "open" and not over,
        declined=declined is not None,
    )
    response = make_response(page)
    # The decision redirects to the shop, and browsers hold redirects of a form to form-action too.
    response.headers["Content-Security-Policy"] = policy([_origin(session["success_url"])])
    return response


@pages.post("/pay/<uuid:stripe_session_id>")
@allow(PUBLIC)
def pay(stripe_session_id: uuid.UUID) -> BaseResponse:
    session, shelf = _session(stripe_session_id)
    decision = request.form.get("decision", "")
    if decision not in PAYING or decision.startswith("save") != (session["mode"] == "setup"):
        abort(400)
    _act(shelf, PAYING[decision], session["id"])
    if decision == "decline":
        return redirect(url_for("stripe.checkout", stripe_session_id=stripe_session_id), 303)
    return redirect(session["success_url"], 303)


@pages.get("/merchants/<uuid:stripe_merchant_id>")
@allow(PUBLIC)
def merchant(stripe_merchant_id: uuid.UUID) -> str:
    """The merchant's own page: payments, refunds, disputes, and where its notices go."""
    return _merchant_page(stripe_merchant_id)


@pages.post("/merchants/<uuid:stripe_merchant_id>")
@allow(PUBLIC)
def manage(stripe_merchant_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    shelf = _shelf(stripe_merchant_id)
    decision, name = request.form.get("decision", ""), request.form.get("thing", "")
    if decision not in MANAGING or not name.isprintable():
        abort(400)
    _act(shelf, MANAGING[decision], name)
    return redirect(url_for("stripe.merchant", stripe_merchant_id=stripe_merchant_id), 303)


@pages.post("/merchants/<uuid:stripe_merchant_id>/notices")
@allow(PUBLIC)
def enter_address(stripe_merchant_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Where the notices of this merchant go."""
    shelf, url = _shelf(stripe_merchant_id), request.form.get("url", "").strip()
    if len(url) > LONGEST_URL or not url.isprintable() or not is_ours(url):
        problem = _("This is no notice address of this installation.")
        return _merchant_page(stripe_merchant_id, problem=problem), 422
    shelf.put({"id": ENDPOINT, "object": ENDPOINT, "url": url})
    return redirect(url_for("stripe.merchant", stripe_merchant_id=stripe_merchant_id), 303)


def _merchant_page(row_id: uuid.UUID, *, problem: str = "") -> str:
    shelf = _shelf(row_id)
    endpoint = shelf.get(ENDPOINT)
    disputes = {one["payment_intent"]: one for one in reversed(shelf.all("dispute"))}
    sessions = {one["payment_intent"]: one for one in shelf.all("checkout.session") if one["payment_intent"]}
    payments = []
    for intent in shelf.all("payment_intent")[:SHOWN]:
        charge = shelf.get(intent["latest_charge"]) if intent["latest_charge"] else None
        refunded = charge["amount_refunded"] if charge else 0
        payments.append(
            {
                "intent": intent,
                "amount": _written(intent["amount"], intent["currency"]),
                "refunded": _written(refunded, intent["currency"]) if refunded else "",
                "left": intent["amount_received"] - refunded,
                "dispute": disputes.get(intent["id"]),
                "session": sessions.get(intent["id"]),
            }
        )
    return render(
        "payments/stripe/merchant.html",
        row_id=row_id,
        merchant=shelf.merchant,
        secret=secret_of(keyring(), shelf.merchant),
        url=endpoint["url"] if endpoint else "",
        problem=problem,
        payments=payments,
    )


def _act(shelf: DatabaseShelf, act: Callable[[Happenings, str], object], name: str) -> None:
    """Do it and have it told; what cannot be done any more (pressed twice, too late) is left as it is."""
    happenings = Happenings(shelf, int(now().timestamp()))
    try:
        act(happenings, name)
    except Wrong:
        abort(409)
    notify(shelf.merchant, happenings, api.current_messenger())


def _half(happenings: Happenings, name: str) -> int:
    intent = happenings.shelf.get(name)
    return int(intent["amount_received"]) // 2 if intent else 0


def _session(row_id: uuid.UUID) -> tuple[Thing, DatabaseShelf]:
    found = session_behind(row_id)
    if found is None:
        abort(404)
    shelf = DatabaseShelf(found[0])
    session = shelf.get(found[1])
    assert session is not None
    return session, shelf


def _shelf(row_id: uuid.UUID) -> DatabaseShelf:
    found = merchant_behind(row_id)
    if found is None:
        abort(404)
    return DatabaseShelf(found)


def _written(amount: int, currency: str) -> str:
    code = currency.upper()
    if code not in EXPONENTS:
        return f"{amount} {code}"
    return str(format_money(from_stripe(amount, code), code, LOCALES.get(code, "es_CO")))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
