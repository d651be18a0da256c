"""Cases."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(name="cases", title=N_("Cases"), always=True)
