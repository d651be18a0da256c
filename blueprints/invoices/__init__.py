"""Invoices: what is owed, one by one and all together."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="invoices",
    title=N_("Invoices"),
    models=("blueprints.invoices.models",),
    wiring=("blueprints.invoices.wiring",),
)
