"""Accounts."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="accounts",
    title=N_("Accounts"),
    models=("blueprints.accounts.models",),
)
