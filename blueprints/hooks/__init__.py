"""Notices."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="hooks",
    title=N_("Notices"),
)
