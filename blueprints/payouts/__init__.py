"""Payouts."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="payouts",
    title=N_("Payouts"),
    models=("blueprints.payouts.models",),
    always=False,
)
