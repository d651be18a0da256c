"""Owners."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(name="owners", title=N_("Owners"), always=False)
