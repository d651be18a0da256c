"""Cases: whatever a customer asks and the tenant must answer, with everything that happened to it."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="cases",
    title=N_("Cases"),
    models=("blueprints.cases.models", "blueprints.cases.quote_models"),
)
