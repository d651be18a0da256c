"""Who a key belongs to, and the secret that signs for it: both derived, so that nothing needs to be registered."""

from __future__ import annotations

import hashlib
import hmac
import re

from saas.secrets import Keyring

KEY = re.compile(r"(?:sk|rk)_test_[A-Za-z0-9_]{1,250}")


def merchant_of(keyring: Keyring, key: str, account: str = "") -> str:
    """The merchant behind a test key of any kind; with `account` the one that a platform's key acts for."""
    return f"acct_{_derived(keyring, f'merchant|{key}|{account}')[:16]}"


def secret_of(keyring: Keyring, merchant: str) -> str:
    """What signs the notices to a merchant. The look-alike's own page shows it."""
    return f"whsec_{_derived(keyring, f'secret|{merchant}')[:32]}"


def _derived(keyring: Keyring, text: str) -> str:
    """It hangs on the oldest master key and so stays the same while keys are being rotated."""
    key = keyring.derive_all("stripe simulator")[-1]
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
