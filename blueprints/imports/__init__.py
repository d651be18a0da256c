"""Imports: files of back offices, taken in whole, row by row explained."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="imports",
    title=N_("Imports"),
    models=("blueprints.imports.models",),
)
