"""Payments."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="payments",
    title=N_("Payments"),
    models=("blueprints.payments.models", "blueprints.payments.providers.bank_simulator.models"),
)
