"""The look-alike's two APIs: queries, and refunds that a person decides."""

from __future__ import annotations

import json
import re
import uuid
from decimal import Decimal
from typing import Any

from flask import Response, request

from blueprints.payments.providers.payu.account import SANDBOX_LOGIN, SANDBOX_MERCHANT
from blueprints.payments.providers.payu_simulator import books, merchants, messages
from blueprints.payments.providers.payu_simulator.blueprint import pages
from blueprints.payments.providers.payu_simulator.models import PayuOrder
from saas.clock import now
from saas.permissions import GATEWAY, allow
from tenants.frame import keyring

LARGEST = 64 * 1024  # bytes of a question
VALUE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
BAD_LOGIN = "Invalid credentials: the API login or the API key is wrong"
UNKNOWN = "The order does not exist"


@pages.post("/reports-api/4.0/service.cgi")
@allow(GATEWAY)
def queries() -> Response:
    said = _question()
    if said is None:
        return _answer(messages.error("The request is not valid"))
    command, details = said.get("command"), said.get("details")
    details = details if isinstance(details, dict) else {}
    if command == "PING":
        return _answer(messages.success({"payload": "pong"}) if _known(said) else messages.error(BAD_LOGIN))
    if command == "ORDER_DETAIL_BY_REFERENCE_CODE":
        return _by_reference(said, str(details.get("referenceCode", "")))
    if command == "ORDER_DETAIL":
        return _by_number(said, str(details.get("orderId", "")))
    if command == "TRANSACTION_RESPONSE_DETAIL":
        return _by_transaction(said, str(details.get("transactionId", "")))
    return _answer(messages.error("The command is not known"))


@pages.post("/payments-api/4.0/service.cgi")
@allow(GATEWAY)
def payments() -> Response:
    """SUBMIT_TRANSACTION for refunds and voids; everything else is not the look-alike's trade."""
    said = _question()
    if said is None:
        return _answer(messages.error("The request is not valid"))
    if said.get("command") == "PING":
        return _answer(messages.success(None) if _known(said) else messages.error(BAD_LOGIN))
    wanted = said.get("transaction")
    if said.get("command") != "SUBMIT_TRANSACTION" or not isinstance(wanted, dict):
        return _answer(messages.error("The command is not known"))
    kind, order = str(wanted.get("type")), _numbered(_inside(wanted, "order").get("id"))
    if order is None or not _may_ask(said, order):
        return _answer(messages.error(UNKNOWN if _known(said) else BAD_LOGIN))
    value = str(_inside(_inside(wanted, "additionalValues"), "TX_VALUE").get("value", ""))
    if kind in ("REFUND", "VOID"):
        value = order.amount
    if kind not in ("REFUND", "PARTIAL_REFUND", "VOID") or not VALUE.fullmatch(value) or not Decimal(value):
        return _answer(messages.error("The transaction is not valid"))
    if kind == "VOID":
        return _answer(messages.error("The void is not allowed: the transaction was charged"))
    parent = _transaction_id(str(wanted.get("parentTransactionId", "")))
    if parent not in [one.id for one in books.transactions_of(order.id)]:
        return _answer(messages.error("The parent transaction does not exist"))
    try:
        reason = "".join(sign for sign in str(wanted.get("reason", "")) if sign.isprintable())
        books.ask_refund(order, kind, value, reason, now())
    except books.NoRefund as words:
        return _answer(messages.error(str(words)))
    return _answer(messages.refund_waits(order))


def _by_reference(said: dict[str, Any], reference: str) -> Response:
    found = books.find_by_reference(reference) if reference.isprintable() and len(reference) < 256 else []
    orders = [order for order in found if _may_ask(said, order)]
    if not orders and not _known(said):
        return _answer(messages.error(BAD_LOGIN))
    if not orders:
        return _answer(messages.success({"payload": None}))
    moment = now()
    shown = [messages.order_data(order, books.transactions_of(order.id), moment) for order in orders]
    return _answer(messages.success({"payload": shown}))


def _by_number(said: dict[str, Any], number: str) -> Response:
    order = _numbered(number)
    if order is None or not _may_ask(said, order):
        return _answer(messages.error(UNKNOWN if _known(said) else BAD_LOGIN))
    shown = messages.order_data(order, books.transactions_of(order.id), now())
    return _answer(messages.success({"payload": shown}))


def _by_transaction(said: dict[str, Any], text: str) -> Response:
    transaction_id = _transaction_id(text)
    one = books.find_transaction(transaction_id) if transaction_id else None
    order = books.find(one.order_id) if one is not None else None
    if one is None or order is None or one.state == "REVIEW" or not _may_ask(said, order):
        return _answer(messages.error("The transaction does not exist" if _known(said) else BAD_LOGIN))
    return _answer(messages.success({"payload": messages.response_data(order, one, now())}))


def _question() -> dict[str, Any] | None:
    request.max_content_length = LARGEST
    try:
        said = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _login(said: dict[str, Any]) -> tuple[str, str]:
    merchant = _inside(said, "merchant")
    return str(merchant.get("apiLogin", "")), str(merchant.get("apiKey", ""))


def _may_ask(said: dict[str, Any], order: PayuOrder) -> bool:
    """Whether the login belongs to the order's merchant: nobody sees another's orders."""
    return merchants.login_is_good(keyring(), order.merchant, *_login(said))


def _known(said: dict[str, Any]) -> bool:
    """Whether a login can be anybody's. Only the sandbox's is known by itself; another merchant's login does
    not name its merchant, so any that is not the sandbox's is taken for one of them."""
    login, key = _login(said)
    if login == SANDBOX_LOGIN:
        return merchants.login_is_good(keyring(), SANDBOX_MERCHANT, login, key)
    return bool(re.fullmatch("[0-9a-f]{15}", login) and re.fullmatch("[0-9a-f]{26}", key))


def _inside(said: dict[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _numbered(number: object) -> PayuOrder | None:
    text = str(number)
    return books.find_by_number(int(text)) if re.fullmatch("[0-9]{1,15}", text) else None


def _transaction_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _answer(body: bytes) -> Response:
    return Response(body, mimetype="application/json")
