"""Open an account at the look-alike for the active tenant, as its staff would by typing keys."""

from __future__ import annotations

import secrets
import uuid

from blueprints.payments.accounts import notice_address
from blueprints.payments.providers.stripe_simulator.database_shelf import ENDPOINT, DatabaseShelf
from blueprints.payments.providers.stripe_simulator.merchants import merchant_of, secret_of
from blueprints.payments.registry import STRIPE
from saas.audit import SYSTEM, Actor
from saas.languages import N_
from saas.refusals import Refusal
from tenants.frame import config, keyring
from tenants.provider_account_services import add_provider_account


def open_test_account(name: str = "Stripe", *, key: str | None = None, actor: Actor = SYSTEM) -> uuid.UUID:
    """A merchant with this test key or a new one, whose notices are already sent here. Returns the provider
    account's id.

    Raises Refusal in production, where there is no look-alike, and for a name that is taken.
    """
    if config().simulator_host is None or config().environment == "production":
        raise Refusal(N_("Stripe's look-alike does not exist in this installation."))
    key = key or f"sk_test_{secrets.token_hex(16)}"
    merchant = merchant_of(keyring(), key)
    account_id, token = add_provider_account(
        STRIPE,
        name,
        "test",
        {"access": "own"},
        {"key": key, "webhook_secret": secret_of(keyring(), merchant)},
        actor=actor,
    )
    url = notice_address(STRIPE, token)
    DatabaseShelf(merchant).put({"id": ENDPOINT, "object": ENDPOINT, "url": url})
    return account_id
