"""Open an account of a cash collector for the active tenant, to try everything with."""

from __future__ import annotations

import uuid
from typing import Final

from blueprints.payments.registry import COLLECTOR
from saas.audit import SYSTEM, Actor
from tenants.provider_account_services import add_provider_account

NAME: Final = "Pago Cerca"
SETTINGS: Final = {
    "ARS": {"coupon": "ar-42-v1", "company": "4207", "file": "ar-fixed-100-v1"},
    "COP": {"coupon": "co-gs1-128-v1", "company": "7709998000018", "file": "co-asobancaria-2001-v1"},
}


def open_practice_collector(
    currency: str, *, where: str = "", name: str = NAME, actor: Actor = SYSTEM
) -> uuid.UUID:
    """An account in test mode with layouts of the currency's country. Returns its id."""
    more = {"file_company": "9014567891"} if currency == "COP" else {}
    settings = {**SETTINGS[currency], **more, "where": where, "agreement": "", "days": "7"}
    account_id, _token = add_provider_account(COLLECTOR, name, "test", settings, {}, actor=actor)
    return account_id
