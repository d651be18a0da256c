"""The look-alike's merchants: PayU's published sandbox, and any other number with keys of its own.

Keys of other merchants are derived from the oldest master key, so there is no table of merchants; each has three
sets, so that a rotation can be tried.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from blueprints.payments.providers.payu.account import (
    CURRENCIES,
    SANDBOX_ACCOUNTS,
    SANDBOX_KEY,
    SANDBOX_LOGIN,
    SANDBOX_MERCHANT,
)
from blueprints.payments.providers.payu.signing import Keys, form_signature, same
from saas.secrets import Keyring

SETS = 3


@dataclass(frozen=True, slots=True)
class MerchantKeys:
    """One set of a merchant's keys. `hmac_key` is a key besides the API key, which the merchant may use."""

    api_login: str
    api_key: str = field(repr=False)
    hmac_key: str = field(repr=False)


def keys_of(keyring: Keyring, merchant: str) -> list[MerchantKeys]:
    """All sets of a merchant, the oldest first."""
    if merchant == SANDBOX_MERCHANT:
        return [MerchantKeys(SANDBOX_LOGIN, SANDBOX_KEY, SANDBOX_KEY)]
    return [
        MerchantKeys(
            _derived(keyring, merchant, number, "login")[:15],
            _derived(keyring, merchant, number, "key")[:26],
            _derived(keyring, merchant, number, "hmac")[:32],
        )
        for number in range(SETS)
    ]


def signers(keyring: Keyring, merchant: str) -> list[Keys]:
    """Everything that a merchant may sign with; the place in the list is an order's `keys_number`."""
    return [
        keys
        for one in keys_of(keyring, merchant)
        for keys in (Keys(one.api_key), Keys(one.api_key, one.hmac_key))
    ]


def signer_of_form(keyring: Keyring, fields: dict[str, str], signature: str) -> int | None:
    """Which keys signed a form, in the algorithm that the form names; None when none did."""
    for number, keys in enumerate(signers(keyring, fields["merchantId"])):
        expected = form_signature(
            keys,
            fields["algorithmSignature"],
            merchant_id=fields["merchantId"],
            reference=fields["referenceCode"],
            amount=fields["amount"],
            currency=fields["currency"],
        )
        if same(signature, expected):
            return number
    return None


def login_is_good(keyring: Keyring, merchant: str, api_login: str, api_key: str) -> bool:
    """Whether a merchant's programs may ask with this login and key."""
    return any(
        same(api_login, one.api_login.lower()) and same(api_key, one.api_key.lower())
        for one in keys_of(keyring, merchant)
    )


def account_fits(merchant: str, account: str, currency: str) -> bool:
    """Whether a merchant has this account and takes this currency on it. Only the sandbox's are known."""
    if merchant != SANDBOX_MERCHANT:
        return True
    countries = [country for country, number in SANDBOX_ACCOUNTS.items() if number == account]
    return bool(countries) and currency in CURRENCIES[countries[0]]


def _derived(keyring: Keyring, merchant: str, number: int, what: str) -> str:
    key = keyring.derive_all("payu look-alike")[-1]
    return hmac.new(key, f"{merchant}|{number}|{what}".encode(), hashlib.sha256).hexdigest()
