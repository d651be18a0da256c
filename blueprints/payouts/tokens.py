"""The secrets of a bank account: its sealed number, the links in letters, the code of the second channel.

Links are made from the key and the row's id, so that letters can be written again and the database alone cannot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

from saas.scope import current_tenant_id
from saas.tokens import digest, normalise_code
from tenants.frame import keyring

LINK, ALARM = "link", "alarm"
NUMBER, CODE, FILE = "bank-account-number", "bank-account-code", "payout-file"


def seal(text: str, row_id: uuid.UUID, field: str) -> str:
    return keyring().seal(text, current_tenant_id(), row_id, field)


def unseal(sealed: str, row_id: uuid.UUID, field: str) -> str:
    """Raises saas.secrets.Unreadable."""
    return keyring().unseal(sealed, current_tenant_id(), row_id, field)


def fingerprint(number: str) -> str:
    return keyring().fingerprint(number, current_tenant_id())


def make_token(purpose: str, row_id: uuid.UUID) -> str:
    return _token(keyring().derive(_purpose(purpose)), row_id)


def token_again(purpose: str, row_id: uuid.UUID, stored: str) -> str | None:
    """The token of a digest, made again from the key; None when that key is gone."""
    tokens = (_token(key, row_id) for key in keyring().derive_all(_purpose(purpose)))
    return next((token for token in tokens if digest(token) == stored), None)


def same_code(typed: str, sealed: str, row_id: uuid.UUID) -> bool:
    """Whether a person typed the code, however they wrote it; in constant time."""
    code = normalise_code(typed)
    return code is not None and hmac.compare_digest(code, unseal(sealed, row_id, CODE))


def _purpose(purpose: str) -> str:
    return f"bank account {purpose}|{current_tenant_id()}"


def _token(key: bytes, row_id: uuid.UUID) -> str:
    made = hmac.new(key, row_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
