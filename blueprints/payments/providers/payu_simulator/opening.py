"""Open an account at PayU's sandbox for the active tenant, as its staff would by typing what PayU publishes."""

from __future__ import annotations

import uuid

from blueprints.payments.providers.payu.account import (
    SANDBOX_ACCOUNTS,
    SANDBOX_KEY,
    SANDBOX_LOGIN,
    SANDBOX_MERCHANT,
)
from blueprints.payments.registry import PAYU
from saas.audit import SYSTEM, Actor
from tenants.provider_account_services import add_provider_account


def open_sandbox_account(country: str, name: str = "PayU", *, actor: Actor = SYSTEM) -> uuid.UUID:
    """Returns the provider account's id. Raises Refusal for a name that is taken."""
    account_id, _token = add_provider_account(
        PAYU,
        name,
        "test",
        {
            "country": country,
            "merchant_id": SANDBOX_MERCHANT,
            "account_id": SANDBOX_ACCOUNTS[country],
            "algorithm": "HMAC-SHA256",
        },
        {"api_key": SANDBOX_KEY, "api_login": SANDBOX_LOGIN},
        actor=actor,
    )
    return account_id
