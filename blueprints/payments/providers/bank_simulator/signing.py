"""How the simulated bank and its merchants sign for each other: HMAC-SHA256 with the merchant's secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from saas.secrets import Keyring

TIME_HEADER = "x-bank-time"
SIGNATURE_HEADER = "x-bank-signature"


def issue_secret(keyring: Keyring, merchant: str) -> str:
    """The secret that the bank gave a merchant: derived, so the bank needs no table of merchants.

    It hangs on the oldest master key and so stays the same while keys are being rotated.
    """
    key = keyring.derive_all("bank simulator")[-1]
    return hmac.new(key, merchant.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sign_parameters(secret: str, parameters: Mapping[str, str]) -> str:
    """The signature of an address' parameters, whatever their order."""
    return _hmac(secret, urlencode(sorted(parameters.items())).encode())


def sign_message(secret: str, time: str, body: bytes) -> str:
    """The signature of a message that the bank sends; its time is part of it."""
    return _hmac(secret, time.encode() + b"." + body)


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
