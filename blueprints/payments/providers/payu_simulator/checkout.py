"""The look-alike's WebCheckout: take a signed form, let the payer decide, go back to the shop."""

from __future__ import annotations

import datetime
import uuid
from typing import cast
from urllib.parse import urlsplit

from flask import Response, abort, current_app, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.payments.providers.payu.signing import Keys
from blueprints.payments.providers.payu_simulator import books, forms, merchants, messages
from blueprints.payments.providers.payu_simulator.blueprint import pages
from blueprints.payments.providers.payu_simulator.messenger import WAYS, Messenger, deliveries
from blueprints.payments.providers.payu_simulator.models import PayuOrder, PayuTransaction
from blueprints.payments.wire import current_wire
from saas.clock import now
from saas.headers import policy
from saas.money import EXPONENTS, format_money
from saas.permissions import GATEWAY, PUBLIC, allow
from tenants.frame import config, keyring
from tenants.look import render

EXTENSION = "payu_messenger"
LARGEST = 64 * 1024  # bytes of a form
# How the page writes amounts: as they are written where the money comes from.
LOCALES = {"ARS": "es_AR", "MXN": "es_MX", "PEN": "es_PE", "CLP": "es_CL", "BRL": "pt_BR", "USD": "es_PA"}


@pages.get("")
@allow(PUBLIC)
def welcome() -> str | BaseResponse:
    """Find an order by what the merchant calls it: for whoever decides about refunds."""
    reference = request.args.get("reference", "").strip()
    found = books.find_by_reference(reference) if reference.isprintable() and len(reference) < 256 else []
    if found:
        return redirect(url_for("payu.order", payu_order_id=found[0].id), 303)
    return render("payments/payu/welcome.html", reference=reference)


@pages.post("/ppp-web-gateway-payu")
@allow(GATEWAY)
def take_order() -> BaseResponse | tuple[str, int]:
    """A merchant's page sends a payer. GATEWAY: the form comes from another origin and proves itself."""
    request.max_content_length = LARGEST
    if any(len(request.form.getlist(name)) != 1 for name in request.form):
        return _refused(_("The form has a field twice."), 400)
    try:
        fields = forms.read(request.form)
    except forms.NotAForm as problem:
        return _refused(_("The form is not right: %(field)s.", field=str(problem)), 400)
    signer = merchants.signer_of_form(keyring(), fields, fields["signature"])
    if signer is None:
        return _refused(
            _("The signature is not valid: the form was changed, or the merchant's key is another."), 400
        )
    if not merchants.account_fits(fields["merchantId"], fields["accountId"], fields["currency"]):
        return _refused(_("The merchant has no such account for this currency."), 400)
    try:
        order_id = books.take_order(fields, signer, now())
    except books.OtherOrder:
        return _refused(_("The merchant has used this reference for something else."), 409)
    return redirect(url_for("payu.order", payu_order_id=order_id), 303)


@pages.get("/orders/<uuid:payu_order_id>")
@allow(PUBLIC)
def order(payu_order_id: uuid.UUID) -> Response:
    found, moment = _order(payu_order_id), now()
    there = books.transactions_of(found.id)
    page = render(
        "payments/payu/order.html",
        order=found,
        amount=_written(found.amount, found.currency),
        status=books.status_of(found, there, moment),
        movements=[(one, _written(one.value, found.currency), books.state_now(one, moment)) for one in there],
        waiting=[(one, _written(one.value, found.currency)) for one in there if one.state == "REVIEW"],
        paid=any(one.kind == books.CHARGE and one.state == "APPROVED" for one in there),
    )
    response = make_response(page)
    if found.response_url:
        # The decision redirects to the shop, and browsers hold redirects of a form to form-action too.
        response.headers["Content-Security-Policy"] = policy([_origin(found.response_url)])
    return response


@pages.post("/orders/<uuid:payu_order_id>")
@allow(PUBLIC)
def decide(payu_order_id: uuid.UUID) -> BaseResponse:
    found, moment = _order(payu_order_id), now()
    decision, method = request.form.get("decision", ""), request.form.get("method", "card")
    way = request.form.get("notice", "once")
    if decision not in books.DECISIONS or method not in books.METHODS or way not in WAYS:
        abort(400)
    ended = books.decide(found.id, decision, method, moment)
    _tell(found, [(one.transaction, one.at) for one in ended], way, moment)
    newest = next(iter(books.transactions_of(found.id)), None)
    where = messages.response_url(found, newest, _keys(found), moment)
    return redirect(where or url_for("payu.order", payu_order_id=found.id), 303)


@pages.post("/orders/<uuid:payu_order_id>/refund")
@allow(PUBLIC)
def review(payu_order_id: uuid.UUID) -> BaseResponse:
    """A person at PayU decides about a refund; the merchant is told of one that was approved."""
    found, moment = _order(payu_order_id), now()
    decision = request.form.get("decision", "")
    try:
        transaction_id = uuid.UUID(request.form.get("refund", ""))
    except ValueError:
        abort(400)
    if decision not in ("approve", "decline"):
        abort(400)
    if books.review(found.id, transaction_id, decision == "approve", moment) and decision == "approve":
        one = books.find_transaction(transaction_id)
        assert one is not None
        _tell(found, [(one, moment)], "once", moment)
    return redirect(url_for("payu.order", payu_order_id=found.id), 303)


def current_messenger() -> Messenger:
    """The application's messenger; tests lay their own."""
    known = current_app.extensions
    if EXTENSION not in known:
        known[EXTENSION] = Messenger(current_wire())
    return cast(Messenger, known[EXTENSION])


def _tell(
    order: PayuOrder,
    ended: list[tuple[PayuTransaction, datetime.datetime]],
    way: str,
    moment: datetime.datetime,
) -> None:
    """Have the merchant told, if its address is one of ours: the sandbox's key is public, so a signed form
    must not make this house call anybody else."""
    ours = config().origin(config().platform_host) + "/"
    if not order.confirmation_url.startswith(ours):
        return
    said = [(messages.confirmation(order, one, _keys(order)), at) for one, at in ended]
    for delivery in deliveries(order.confirmation_url, said, way, moment):
        current_messenger().carry(delivery)


def _order(order_id: uuid.UUID) -> PayuOrder:
    found = books.find(order_id)
    if found is None:
        abort(404)
    return found


def _keys(order: PayuOrder) -> Keys:
    return merchants.signers(keyring(), order.merchant)[order.keys_number]


def _written(value: str, currency: str) -> str:
    if currency not in EXPONENTS:
        return f"{value} {currency}"
    whole, _, cents = value.partition(".")
    digits = EXPONENTS[currency]
    minor = int(whole + cents.ljust(digits, "0")[:digits])
    return format_money(minor, currency, LOCALES.get(currency, "es_CO"))


def _refused(sentence: str, status: int) -> tuple[str, int]:
    return render("payments/payu/refused.html", sentence=sentence), status


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
