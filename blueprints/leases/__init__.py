"""Leases: the contracts behind an agency's accounts."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="leases",
    title=N_("Leases"),
    models=("blueprints.leases.models",),
    wiring=("blueprints.leases.wiring",),
    always=False,
)
