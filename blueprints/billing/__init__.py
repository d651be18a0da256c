"""Billing."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="billing", title=N_("Billing"), models=("blueprints.billing.models",), always=False
)
