"""Ways to pay: which of the tenant's provider accounts can take a choice of invoices, and what they are called."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from blueprints.payments.about import about
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.choosing import Choice
from blueprints.payments.interface import Capabilities
from blueprints.payments.registry import NoSuchProvider
from saas.money import EXPONENTS
from tenants.provider_account_services import OpenedAccount, enabled_accounts

log = logging.getLogger("ventanilla.payments")


def ways_for(choice: Choice) -> list[OpenedAccount]:
    """The accounts that can take this choice, the preferred one first."""
    types = {item.type_code for item in choice.items}
    kinds = {item.account_kind for item in choice.items}
    return [
        account
        for account in enabled_accounts()
        if not _off(account, types, kinds) and _takes(account, choice.amount, choice.currency)
    ]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay as the payer chooses it. `note` is a msgid that says what it is for; empty: nothing to say."""

    id: uuid.UUID
    name: str
    note: str
    mode: str
    leaves: bool  # for the provider's page; else there is a coupon to take along


def as_offered(accounts: Sequence[OpenedAccount]) -> list[Way]:
    """These accounts as a payer is offered them."""
    return [
        Way(account.id, account.name, told.payers, account.mode, told.leaves)
        for account in accounts
        for told in [about(account.provider)]
    ]


def takes(can: Capabilities, amount: int, currency: str) -> bool:
    """Whether a provider can express and accept an amount in minor units: never rounded, never cut."""
    exponent = can.exponents.get(currency)
    if exponent is None or currency not in EXPONENTS or not can.lowest <= amount <= can.highest:
        return False
    spare = EXPONENTS[currency] - exponent
    return spare <= 0 or bool(amount % 10**spare == 0)


def _takes(account: OpenedAccount, amount: int, currency: str) -> bool:
    try:
        can = adapter_of(account).can(view_of(account))
    except NoSuchProvider:
        log.error("a provider that is not here: %s", account.provider, extra={"event": "no_such_provider"})
        return False
    return takes(can, amount, currency)


def _off(account: OpenedAccount, types: AbstractSet[str], kinds: AbstractSet[str]) -> bool:
    off = account.off_for
    return not types.isdisjoint(off.get("invoice_types", ())) or not kinds.isdisjoint(
        off.get("account_kinds", ())
    )
