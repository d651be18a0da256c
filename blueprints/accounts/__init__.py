"""Accounts."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="accounts",
    title=N_("Accounts"),
    blueprints=("blueprints.accounts.customer:pages",),
    models=("blueprints.accounts.models",),
    wiring=("blueprints.accounts.wiring", "blueprints.accounts.contact_pages"),
    commands=("blueprints.accounts.commands:user_group",),
)
