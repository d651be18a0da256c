"""PayU's Queries API: what its own books say of a reference. Raw bytes in, observations out."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from blueprints.payments.interface import Answer, ProviderAccountView, Unreachable, Wire
from blueprints.payments.providers.payu import amounts
from blueprints.payments.providers.payu.account import setting

log = logging.getLogger("ventanilla.payments")
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
CHARGES = frozenset({"AUTHORIZATION_AND_CAPTURE", "CAPTURE"})
AUTHORIZATION = "AUTHORIZATION"
REFUNDS = frozenset({"REFUND", "PARTIAL_REFUND", "VOID"})
UNKNOWN_ORDER = ("does not exist", "not exist", "not found", "no existe", "não existe")
NO_LOGIN = ("credential", "api login", "apilogin", "api key", "apikey", "invalid login", "unauthorized")
LONGEST_MESSAGE = 200


class Refused(Exception):
    """PayU understood the question and says no, in its own words."""

    @property
    def unknown_order(self) -> bool:
        return any(words in str(self).lower() for words in UNKNOWN_ORDER)

    @property
    def no_login(self) -> bool:
        return any(words in str(self).lower() for words in NO_LOGIN)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of an order. `value` and `currency` are None and empty where PayU does not repeat them;
    `reason` is what a refund was asked for with."""

    id: str
    kind: str
    state: str
    at: datetime.datetime | None
    value: Decimal | None
    currency: str
    method: str
    reason: str = ""

    def amount(self, order: Order) -> int | None:
        """In minor units; what PayU leaves out is the order's. None when there is no telling."""
        value, currency = self.value, self.currency or order.currency
        if value is None and self.kind != "PARTIAL_REFUND":
            value = order.value
        if value is None or not currency:
            return None
        try:
            return amounts.read(value, currency)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Order:
    """One order of PayU's books. `test` is None where PayU does not say."""

    id: str
    reference: str
    merchant_id: str
    status: str
    test: bool | None
    value: Decimal | None
    currency: str
    transactions: Sequence[Transaction]


@dataclass(frozen=True, slots=True)
class Books:
    """What PayU answered about a reference: its orders, when it answered, and the digest of the bytes."""

    orders: Sequence[Order]
    at: datetime.datetime | None
    digest: str


def ping(account: ProviderAccountView, url: str, wire: Wire) -> None:
    """Raises Refused, Unreachable."""
    send(account, url, {"command": "PING"}, wire)


def books_of(account: ProviderAccountView, url: str, reference: str, wire: Wire) -> Books | None:
    """PayU's orders of a reference; None when it knows none (yet). Raises Unreachable, Refused."""
    question = {"command": "ORDER_DETAIL_BY_REFERENCE_CODE", "details": {"referenceCode": reference}}
    try:
        said, answer = send(account, url, question, wire)
    except Refused as refused:
        if refused.unknown_order:
            return None
        raise
    result = said.get("result")
    if not isinstance(result, dict) or "payload" not in result:
        raise Unreachable("PayU answered without a result")
    payload = result["payload"]
    if payload is None or payload == []:
        return None
    listed = payload if isinstance(payload, list) else [payload]
    try:
        orders = [_order(found) for found in listed]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        raise Unreachable(
            f"PayU answered with an order that cannot be read: {type(problem).__name__}"
        ) from None
    for order in orders:
        if order.reference != reference:
            raise Unreachable("PayU spoke of another reference")
        if order.merchant_id and order.merchant_id != setting(account, "merchant_id"):
            raise Unreachable("PayU spoke of another merchant")
    return Books(orders, answered_at(answer), hashlib.sha256(answer.body).hexdigest())


def send(
    account: ProviderAccountView, url: str, question: Mapping[str, Any], wire: Wire
) -> tuple[dict[str, Any], Answer]:
    """Ask one of PayU's APIs. Raises Refused for `code: ERROR`, Unreachable for anything that is no answer."""
    body = {
        "test": False,  # as in PayU's own samples, in its sandbox too; `true` has the question itself mocked
        "language": "en",
        **question,
        "merchant": {"apiLogin": account.secrets["api_login"], "apiKey": account.secrets["api_key"]},
    }
    answer = wire.send("POST", url, body=json.dumps(body).encode(), headers=HEADERS)
    if answer.status in (401, 403):
        raise Refused("invalid credentials")
    if answer.status != 200:
        raise Unreachable(f"PayU answered {answer.status}")
    try:
        said = json.loads(answer.body.decode(), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, ArithmeticError) as problem:
        raise Unreachable(f"PayU's answer is no JSON: {type(problem).__name__}") from None
    if not isinstance(said, dict):
        raise Unreachable("PayU's answer is no object")
    if said.get("code") == "ERROR":
        raise Refused(" ".join(str(said.get("error") or "no reason given").split())[:LONGEST_MESSAGE])
    if said.get("code") != "SUCCESS":
        raise Unreachable("PayU's answer has no code")
    return said, answer


def answered_at(answer: Answer) -> datetime.datetime | None:
    """When PayU's server says that it answered."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _order(found: dict[str, Any]) -> Order:
    value, currency = _value(found)
    return Order(
        id=str(found["id"]),
        reference=str(found["referenceCode"]),
        merchant_id=str(found.get("merchantId") or ""),
        status=str(found.get("status") or ""),
        test=found["isTest"] if isinstance(found.get("isTest"), bool) else None,
        value=value,
        currency=currency,
        transactions=[_transaction(one) for one in found.get("transactions") or ()],
    )


def _transaction(found: dict[str, Any]) -> Transaction:
    response = found.get("transactionResponse") or {}
    value, currency = _value(found)
    return Transaction(
        id=str(found["id"]),
        kind=str(found.get("type") or ""),
        state=str(response.get("state") or ""),
        at=moment(response.get("operationDate")),
        value=value,
        currency=currency,
        method=str(found.get("paymentMethod") or ""),
        reason=str(found.get("reason") or ""),
    )


def _value(found: dict[str, Any]) -> tuple[Decimal | None, str]:
    said = (found.get("additionalValues") or {}).get("TX_VALUE") or {}
    value = said.get("value")
    if value is None or isinstance(value, bool):
        return None, ""
    return Decimal(value), str(said.get("currency") or "")


def moment(milliseconds: object) -> datetime.datetime | None:
    """A moment as PayU writes it, or None."""
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
            milliseconds=milliseconds
        )
    except OverflowError:
        return None
