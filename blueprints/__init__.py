"""Floor 3: what people can do. One folder, one capability; imports go along this order, never back."""

from __future__ import annotations

from importlib import import_module

from tenants.capability import Capability

CAPABILITY_ORDER = (
    "auth",
    "accounts",
    "ledger",
    "invoices",
    "payments",
    "vouchers",
    "plans",
    "enrolments",
    "cases",
    "payment_reports",
    "procedures",
    "leases",
    "billing",
    "owners",
    "payouts",
    "collections",
    "messages",
    "help",
    "home",
    "imports",
    "desk",
    "platform",
    "api",
    "hooks",
)

BUILT = (
    "auth",
    "accounts",
    "ledger",
    "invoices",
    "payments",
    "cases",
    "leases",
    "billing",
    "owners",
    "payouts",
    "messages",
    "home",
    "imports",
    "desk",
    "platform",
    "hooks",
)


def capabilities() -> tuple[Capability, ...]:
    """The capabilities that exist, in order."""
    return tuple(import_module(f"blueprints.{name}").capability for name in BUILT)
