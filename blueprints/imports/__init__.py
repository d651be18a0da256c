"""Imports: files of back offices, taken in whole, row by row explained."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry

capability = Capability(
    name="imports",
    title=N_("Imports"),
    blueprints=("blueprints.imports.desk:pages",),
    models=("blueprints.imports.models",),
    wiring=("blueprints.imports.jobs",),
    commands=(
        "blueprints.imports.commands:import_command",
        "blueprints.imports.commands:undo_command",
        "blueprints.imports.commands:list_command",
    ),
    menu=(
        MenuEntry(
            N_("Imports"), "imports.batches", "upload", area="desk", order=50, permission=roles.IMPORTS
        ),
    ),
)
