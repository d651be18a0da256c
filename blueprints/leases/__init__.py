"""Leases: the contracts behind an agency's accounts, and what owners earn by them."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability, MenuEntry

capability = Capability(
    name="leases",
    title=N_("Leases"),
    blueprints=("blueprints.leases.customer:pages",),
    models=("blueprints.leases.models",),
    wiring=("blueprints.leases.wiring",),
    menu=(MenuEntry(N_("Income"), "leases.income", "wallet", order=30, roles=frozenset({"owner"})),),
    always=False,
)
