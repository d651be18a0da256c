"""The simulated bank's hosted page, on an origin of its own: take an order, decide, go back to the shop."""

from __future__ import annotations

import contextlib
import datetime
import uuid
from urllib.parse import urlsplit

from flask import Response, abort, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.payments.providers.bank_simulator import books, signing
from blueprints.payments.providers.bank_simulator.messenger import (
    AT_ONCE,
    LATE,
    Delivery,
    current_messenger,
)
from blueprints.payments.providers.bank_simulator.models import BankOrder
from saas.clock import now
from saas.headers import policy
from saas.money import format_money
from saas.permissions import GATEWAY, PUBLIC, allow
from saas.web import SIMULATOR, Pages
from tenants.frame import keyring
from tenants.look import render

pages = Pages("bank", __name__, place=SIMULATOR)
# How the bank writes amounts: as they are written where the money comes from.
LOCALES = {"ARS": "es_AR", "MXN": "es_MX", "PEN": "es_PE", "CLP": "es_CL", "UYU": "es_UY", "BRL": "pt_BR"}
FRESH = datetime.timedelta(minutes=5)
ORDER_PARAMETERS = frozenset(
    {
        "merchant",
        "reference",
        "amount",
        "currency",
        "description",
        "language",
        "return_url",
        "notice_url",
        "expires",
    }
)


@pages.get("/")
@allow(PUBLIC)
def welcome() -> str:
    return render("payments/bank/welcome.html")


@pages.get("/pay")
@allow(PUBLIC)
def take_order() -> BaseResponse | tuple[str, int]:
    """A merchant sends a payer: the signed order is written down and shown under its own address."""
    parameters = _signed(ORDER_PARAMETERS)
    if parameters is None:
        return _refused(_("This order does not come from a merchant of this bank."), 400)
    if now().timestamp() > int(parameters["expires"]):
        return _refused(_("The time to pay this order is over. Go back and start again."), 410)
    try:
        order_id = books.take_order(parameters, now())
    except (books.OtherOrder, ValueError):
        return _refused(_("The merchant has used this reference for something else."), 409)
    return redirect(url_for("bank.order", order_id=order_id), 303)


@pages.get("/orders/<uuid:order_id>")
@allow(PUBLIC)
def order(order_id: uuid.UUID) -> Response:
    found = books.find(order_id)
    if found is None:
        abort(404)
    how = books.standing(found, now())
    where, given = LOCALES.get(found.currency, "es_CO"), sum(known["amount"] for known in found.refunds)
    page = render(
        "payments/bank/order.html",
        order=found,
        amount=format_money(found.amount, found.currency, where),
        given=format_money(given, found.currency, where) if given else "",
        all_given=given == found.amount,
        standing=how,
        final=found.state in books.FINAL,
    )
    response = make_response(page)
    # The decision redirects to the shop, and browsers hold redirects of a form to form-action too.
    response.headers["Content-Security-Policy"] = policy([_origin(found.return_url)])
    return response


@pages.post("/orders/<uuid:order_id>")
@allow(PUBLIC)
def decide(order_id: uuid.UUID) -> BaseResponse:
    if books.find(order_id) is None:
        abort(404)
    decision, notice = request.form.get("decision", ""), request.form.get("notice", "once")
    if decision not in books.DECISIONS or notice not in ("once", "twice", "late", "never"):
        abort(400)
    moment = now()
    found = books.decide(order_id, decision, moment)
    _tell_merchant(found, notice, moment)
    return redirect(found.return_url, 303)


@pages.post("/orders/<uuid:order_id>/after", endpoint="after")
@allow(PUBLIC)
def do_afterwards(order_id: uuid.UUID) -> BaseResponse:
    """What happens to an approved order later, at the bank's own pages: money back, a dispute, its end."""
    if books.find(order_id) is None:
        abort(404)
    act, moment = request.form.get("act", ""), now()
    found = books.find(order_id)
    if act in books.COMPLAINTS:
        found = books.complain(order_id, act, moment)
    elif act in ("refund", "refund-half") and found is not None:
        left = found.amount - sum(known["amount"] for known in found.refunds)
        with contextlib.suppress(books.NotGivenBack):
            found = books.give_back(order_id, "", left // 2 if act == "refund-half" else left, moment)
    else:
        abort(400)
    if found is not None:
        _tell_merchant(found, "once", moment)
    return redirect(url_for("bank.order", order_id=order_id), 303)


@pages.post("/api/refund")
@allow(GATEWAY)
def api_refund() -> Response:
    """A merchant gives money back: signed, once per its own number; the answer is the order, signed."""
    parameters = _signed(frozenset({"merchant", "reference", "refund", "amount"}))
    if parameters is None:
        return Response("forbidden", 403, mimetype="text/plain")
    found = books.find_by_reference(parameters["merchant"], parameters["reference"])
    if found is None:
        return Response("unknown", 404, mimetype="text/plain")
    try:
        found = books.give_back(found.id, parameters["refund"], int(parameters["amount"]), now())
    except books.NotGivenBack:
        return Response("not so much is left", 409, mimetype="text/plain")
    return _said_of(found)


@pages.get("/api/order")
@allow(GATEWAY)
def api_order() -> Response:
    """How an order stands, for the merchant who signs the question; the answer is signed too."""
    parameters = _signed(frozenset({"merchant", "reference", "time"}))
    if parameters is None or abs(now().timestamp() - int(parameters["time"])) > FRESH.total_seconds():
        return Response("forbidden", 403, mimetype="text/plain")
    found = books.find_by_reference(parameters["merchant"], parameters["reference"])
    if found is None:
        return Response("unknown", 404, mimetype="text/plain")
    return _said_of(found)


def _said_of(found: BankOrder) -> Response:
    """How an order stands, signed."""
    moment = now()
    body, time = books.message(found, books.standing(found, moment)), str(int(moment.timestamp()))
    response = Response(body, mimetype="application/json")
    response.headers[signing.TIME_HEADER] = time
    response.headers[signing.SIGNATURE_HEADER] = signing.sign_message(_secret(found.merchant), time, body)
    return response


def _signed(names: frozenset[str]) -> dict[str, str] | None:
    """The request's parameters when they are exactly these, once each, and signed by the merchant."""
    given = request.args
    parameters = {name: given.get(name, "") for name in names}
    if set(given) != names | {"signature"} or any(len(given.getlist(name)) != 1 for name in given):
        return None
    numbers = [parameters[name] for name in ("amount", "expires", "time") if name in names]
    if not all(number.isascii() and number.isdigit() and len(number) < 16 for number in numbers):
        return None
    expected = signing.sign_parameters(_secret(parameters["merchant"]), parameters)
    return parameters if signing.same(expected, given["signature"]) else None


def _secret(merchant: str) -> str:
    return signing.issue_secret(keyring(), merchant)


def _tell_merchant(order: BankOrder, notice: str, moment: datetime.datetime) -> None:
    """Have the notices carried as the payer of the simulator wishes."""
    if notice == "never":
        return
    wait = LATE if notice == "late" else AT_ONCE
    turns = [(wait, books.standing(order, moment))]
    if order.decided_at is not None and order.decided_at > moment:
        seconds = (order.decided_at - moment).total_seconds()
        turns.append((seconds + wait, books.standing(order, order.decided_at)))
    for delay, how in turns:
        for repeat in range(2 if notice == "twice" else 1):
            current_messenger().carry(
                Delivery(
                    order.notice_url,
                    delay + repeat * AT_ONCE,
                    books.message(order, how),
                    _secret(order.merchant),
                )
            )


def _refused(sentence: str, status: int) -> tuple[str, int]:
    return render("payments/bank/refused.html", sentence=sentence), status


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
