"""Open an account of the simulated bank for the active tenant."""

from __future__ import annotations

import secrets
import uuid

from blueprints.payments.providers.bank_simulator.signing import issue_secret
from blueprints.payments.registry import SIMULATOR
from saas.audit import SYSTEM, Actor
from tenants.frame import keyring
from tenants.provider_account_services import add_provider_account

BANK = "Banco Meridiano"


def open_simulator_account(name: str = BANK, *, actor: Actor = SYSTEM) -> uuid.UUID:
    """The tenant becomes a merchant of the simulated bank. Returns the provider account's id.

    Raises Refusal in production, where there is no such bank.
    """
    merchant = f"M{secrets.randbelow(10**8):08d}"
    account_id, _token = add_provider_account(
        SIMULATOR,
        name,
        "test",
        {"merchant": merchant},
        {"secret": issue_secret(keyring(), merchant)},
        actor=actor,
    )
    return account_id
