"""PayU's three signatures: of the form, of the confirmation (POST) and of the response (GET).

All are digests of values joined by `~`, the API key first. MD5, SHA-1 and SHA-256 used like that can be extended by
whoever sees one signature (length extension); HMAC-SHA256 cannot. Which one holds is the account's setting.
Source: PayU's pages of the payment form, the confirmation and the response; vectors under tests/.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

HMAC = "HMAC-SHA256"
DIGESTS = {"SHA256": hashlib.sha256, "SHA": hashlib.sha1, "MD5": hashlib.md5}
ALGORITHMS = (HMAC, *DIGESTS)
EXTENDABLE = frozenset(DIGESTS)
JOIN = "~"
VALUE = re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,2})?")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs: the API key is always part of the text; HMAC has a key of its own, or the API key again."""

    api_key: str = field(repr=False)
    hmac_key: str = field(default="", repr=False)


def sign(keys: Keys, algorithm: str, values: Sequence[str]) -> str:
    """The signature of `values`, in lower-case hexadecimal. Raises ValueError for another algorithm."""
    text = JOIN.join((keys.api_key, *values)).encode()
    if algorithm == HMAC:
        return hmac.new((keys.hmac_key or keys.api_key).encode(), text, hashlib.sha256).hexdigest()
    if algorithm not in DIGESTS:
        raise ValueError(f"PayU has no algorithm {algorithm!r}")
    return DIGESTS[algorithm](text, usedforsecurity=False).hexdigest()


def form_signature(
    keys: Keys,
    algorithm: str,
    *,
    merchant_id: str,
    reference: str,
    amount: str,
    currency: str,
    limits: Sequence[str] = (),
) -> str:
    """The form's `signature`: `amount` exactly as the form says it; `limits` are paymentMethods, iin and
    pseBanks, as far as they are sent, in that order."""
    return sign(keys, algorithm, (merchant_id, reference, amount, currency, *limits))


def confirmation_sign(
    keys: Keys, algorithm: str, *, merchant_id: str, reference: str, value: str, currency: str, state: str
) -> str:
    """The confirmation's `sign`, from its `value` as it was received. Raises ValueError for no amount."""
    return sign(keys, algorithm, (merchant_id, reference, confirmation_value(value), currency, state))


def confirmation_value(value: str) -> str:
    """PayU's `new_value` of a confirmation, letter by letter: 150 -> 150.0, 150.00 -> 150.0, 150.26 stays."""
    if not VALUE.fullmatch(value):
        raise ValueError("no amount")
    whole, _, cents = value.partition(".")
    if not cents:
        return f"{whole}.0"
    return f"{whole}.{cents[0]}" if cents[1:] == "0" else value


def response_signature(
    keys: Keys, algorithm: str, *, merchant_id: str, reference: str, value: str, currency: str, state: str
) -> str:
    """The response's `signature`, from its `TX_VALUE`. Raises ValueError for no amount."""
    return sign(keys, algorithm, (merchant_id, reference, response_value(value), currency, state))


def response_value(value: str) -> str:
    """PayU's `new_value` of a response: one decimal, halves to the even digit: 150.25 -> 150.2, 300 -> 300.0."""
    if not VALUE.fullmatch(value):
        raise ValueError("no amount")
    return f"{Decimal(value).quantize(_TENTH, rounding=ROUND_HALF_EVEN):f}"


def response_is_genuine(
    keys: Keys, algorithm: str, *, merchant_id: str, parameters: Mapping[str, str]
) -> bool:
    """Whether PayU signed the address with which a payer comes back. Even then it decides nothing: anybody
    may show it again; the state of a payment comes from confirmations and queries alone."""
    if parameters.get("merchantId") != merchant_id:
        return False
    values = [parameters.get(name, "") for name in ("referenceCode", "currency", "transactionState")]
    if not all(values) or any(JOIN in value for value in values):
        return False
    try:
        expected = response_signature(
            keys,
            algorithm,
            merchant_id=merchant_id,
            reference=values[0],
            value=parameters.get("TX_VALUE", ""),
            currency=values[1],
            state=values[2],
        )
    except ValueError:
        return False
    return same(parameters.get("signature", ""), expected)


def same(given: str, expected: str) -> bool:
    """Compare in constant time; PayU's hexadecimal may come in capitals."""
    return hmac.compare_digest(given.lower().encode("utf-8", "replace"), expected.encode())
