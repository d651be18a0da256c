"""Leases: the contracts behind an agency's accounts."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="leases",
    title=N_("Leases"),
    blueprints=("blueprints.leases.customer:pages", "blueprints.leases.desk_blueprint:pages"),
    models=("blueprints.leases.models",),
    # The desk's modules are imported for their views, which hang on the one blueprint.
    wiring=(
        "blueprints.leases.wiring",
        "blueprints.leases.daily",
        "blueprints.leases.desk_leases",
        "blueprints.leases.desk_changes",
        "blueprints.leases.desk_people",
        "blueprints.leases.desk_documents",
        "blueprints.leases.desk_places",
        "blueprints.leases.desk_scenarios",
        "blueprints.leases.desk_adjustments",
    ),
    menu=(
        MenuEntry(N_("Contract"), "leases.contracts", "doc", order=35, roles=frozenset({"renter", "owner"})),
        MenuEntry(
            N_("Leases"), "leases_desk.leases", "house", area="desk", order=25, permission=roles.LEASES
        ),
    ),
    settings=(
        Setting(
            "leases.rounding",
            "choice",
            "whole",
            N_("Adjusted rents are rounded to"),
            hint=N_("To the nearest one; never above a legal limit."),
            group=N_("Leases"),
            choices={
                "exact": N_("Nothing: to the cent"),
                "whole": N_("Whole units of the currency"),
                "hundred": N_("Hundreds"),
                "thousand": N_("Thousands"),
            },
        ),
    ),
    always=False,
)
