"""What PayU says, as bytes: the confirmation, the address of the response, answers of its two APIs."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from blueprints.payments.providers.payu.fields import PAYU_TIME
from blueprints.payments.providers.payu.signing import Keys, confirmation_sign, response_signature
from blueprints.payments.providers.payu_simulator import books
from blueprints.payments.providers.payu_simulator.models import PayuOrder, PayuTransaction

STATE_POL = {"APPROVED": "4", "DECLINED": "6", "EXPIRED": "5"}
RESPONSE_STATE = {**STATE_POL, "PENDING": "7"}
RESPONSE_CODE = {"APPROVED": "1", "DECLINED": "5", "EXPIRED": "20", "PENDING": "15"}
RESPONSE_WORD = {
    "APPROVED": "APPROVED",
    "DECLINED": "PAYMENT_NETWORK_REJECTED",
    "EXPIRED": "EXPIRED_TRANSACTION",
    "PENDING": "PENDING_TRANSACTION_CONFIRMATION",
}
METHOD_TYPE = {"VISA": "2", "PSE": "4", "EFECTY": "7"}
_MARK = "\ue000"  # stands around numbers until they are written; no text that was let in can hold it
_NUMBER = re.compile(f'"{_MARK}([0-9.]+)"')


def confirmation(order: PayuOrder, transaction: PayuTransaction, keys: Keys) -> bytes:
    """The body of the POST that tells a merchant of an end."""
    value = two_decimals(transaction.value)
    state = STATE_POL[transaction.state]
    moment = transaction.comes_true_at.astimezone(PAYU_TIME)
    fields = {
        "merchant_id": order.merchant,
        "state_pol": state,
        "risk": "",
        "response_code_pol": RESPONSE_CODE[transaction.state],
        "response_message_pol": RESPONSE_WORD[transaction.state],
        "reference_sale": order.reference,
        "reference_pol": str(order.number),
        "sign": confirmation_sign(
            keys,
            order.algorithm,
            merchant_id=order.merchant,
            reference=order.reference,
            value=value,
            currency=order.currency,
            state=state,
        ),
        "extra1": "",
        "payment_method": "10",
        "payment_method_type": METHOD_TYPE[transaction.method],
        "payment_method_name": transaction.method,
        "installments_number": "1",
        "value": value,
        "tax": "0.00",
        "additional_value": "0.00",
        "transaction_date": f"{moment:%Y-%m-%d %H:%M:%S}",
        "date": f"{moment:%Y.%m.%d %I:%M:%S}",
        "currency": order.currency,
        "email_buyer": order.buyer_email,
        "cc_holder": order.buyer_name,
        "test": "1" if order.test else "0",
        "description": order.description,
        "transaction_id": str(transaction.id),
        "attempts": "1",
    }
    if transaction.kind != books.CHARGE:
        fields["transaction_type"] = transaction.kind
    return urlencode(fields).encode()


def response_url(
    order: PayuOrder, transaction: PayuTransaction | None, keys: Keys, now: datetime.datetime
) -> str:
    """Where the payer goes back to, with PayU's word in the address: an ornament, not an authority."""
    if transaction is None:
        return order.response_url
    state = books.state_now(transaction, now)
    value = two_decimals(order.amount)
    said = {
        "merchantId": order.merchant,
        "referenceCode": order.reference,
        "reference_pol": str(order.number),
        "transactionState": RESPONSE_STATE[state],
        "lapTransactionState": state,
        "polResponseCode": RESPONSE_CODE[state],
        "lapResponseCode": RESPONSE_WORD[state],
        "message": state,
        "TX_VALUE": value,
        "TX_TAX": "0.00",
        "currency": order.currency,
        "transactionId": str(transaction.id),
        "lng": order.language,
        "signature": response_signature(
            keys,
            order.algorithm,
            merchant_id=order.merchant,
            reference=order.reference,
            value=value,
            currency=order.currency,
            state=RESPONSE_STATE[state],
        ),
    }
    joint = "&" if urlsplit(order.response_url).query else "?"
    return f"{order.response_url}{joint}{urlencode(said)}"


def success(result: object) -> bytes:
    return as_json({"code": "SUCCESS", "error": None, "result": result})


def error(words: str) -> bytes:
    return as_json({"code": "ERROR", "error": words, "result": None})


def refund_waits(order: PayuOrder) -> bytes:
    """A refund that was taken: a person looks at it, and it has no number yet."""
    return as_json(
        {
            "code": "SUCCESS",
            "error": None,
            "transactionResponse": {
                "orderId": order.number,
                "transactionId": None,
                "state": "PENDING",
                "pendingReason": "PENDING_REVIEW",
                "responseCode": None,
                "responseMessage": str(order.number),
                "operationDate": None,
            },
        }
    )


def order_data(order: PayuOrder, there: Sequence[PayuTransaction], now: datetime.datetime) -> dict[str, Any]:
    """One order as the Queries API shows it. A refund that nobody has decided is not there."""
    return {
        "id": order.number,
        "accountId": int(order.account),
        "status": books.status_of(order, there, now),
        "referenceCode": order.reference,
        "description": order.description,
        "language": order.language,
        "isTest": order.test,
        "merchantId": int(order.merchant),
        "buyer": {"fullName": order.buyer_name, "emailAddress": order.buyer_email},
        "additionalValues": _value(order.amount, order.currency),
        "transactions": [_transaction(order, one, now) for one in there if one.state != "REVIEW"],
    }


def response_data(order: PayuOrder, one: PayuTransaction, now: datetime.datetime) -> dict[str, Any]:
    """The answer to TRANSACTION_RESPONSE_DETAIL."""
    state = books.state_now(one, now)
    pending = state == "PENDING"
    return {
        "state": state,
        "responseCode": RESPONSE_WORD[state],
        "pendingReason": "AWAITING_NOTIFICATION" if pending else None,
        "operationDate": None if pending else milliseconds(one.comes_true_at),
        "responseMessage": None,
    }


def as_json(said: dict[str, Any]) -> bytes:
    """JSON whose amounts are numbers, as PayU's are, without ever being binary fractions here."""
    return _NUMBER.sub(r"\1", json.dumps(said, ensure_ascii=False)).encode()


def two_decimals(value: str) -> str:
    return f"{Decimal(value).quantize(Decimal('0.01')):f}"


def milliseconds(moment: datetime.datetime) -> int:
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(milliseconds=1)


def _transaction(order: PayuOrder, one: PayuTransaction, now: datetime.datetime) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "type": one.kind,
        "paymentMethod": one.method,
        "reason": one.reason or None,
        "transactionResponse": response_data(order, one, now),
        "additionalValues": _value(one.value, order.currency),
    }


def _value(value: str, currency: str) -> dict[str, Any]:
    return {"TX_VALUE": {"value": f"{_MARK}{two_decimals(value)}", "currency": currency}}
