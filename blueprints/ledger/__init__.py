"""Ledger."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="ledger",
    title=N_("Ledger"),
    models=("blueprints.ledger.models",),
)
