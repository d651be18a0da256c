"""Notices: where payment providers tell us what happened."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="hooks",
    title=N_("Notices"),
    blueprints=("blueprints.hooks.gateway:pages",),
)
