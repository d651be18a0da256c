"""Ways to pay: which of the tenant's provider accounts can take a choice of invoices."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.choosing import Choice
from blueprints.payments.interface import Capabilities
from saas.money import EXPONENTS
from tenants.provider_account_services import OpenedAccount, enabled_accounts


def ways_for(choice: Choice) -> list[OpenedAccount]:
    """The accounts that can take this choice, the preferred one first."""
    types = {item.type_code for item in choice.items}
    kinds = {item.account_kind for item in choice.items}
    return [
        account
        for account in enabled_accounts()
        if not _off(account, types, kinds)
        and takes(adapter_of(account).can(view_of(account)), choice.amount, choice.currency)
    ]


def takes(can: Capabilities, amount: int, currency: str) -> bool:
    """Whether a provider can express and accept an amount in minor units: never rounded, never cut."""
    exponent = can.exponents.get(currency)
    if exponent is None or currency not in EXPONENTS or not can.lowest <= amount <= can.highest:
        return False
    spare = EXPONENTS[currency] - exponent
    return spare <= 0 or bool(amount % 10**spare == 0)


def _off(account: OpenedAccount, types: AbstractSet[str], kinds: AbstractSet[str]) -> bool:
    off = account.off_for
    return not types.isdisjoint(off.get("invoice_types", ())) or not kinds.isdisjoint(
        off.get("account_kinds", ())
    )
