"""Invoices: what is owed, one by one and all together."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="invoices",
    title=N_("Invoices"),
    blueprints=("blueprints.invoices.statement_pages:pages",),
    models=("blueprints.invoices.models",),
    wiring=("blueprints.invoices.wiring", "blueprints.invoices.clearance_pages"),
    menu=(MenuEntry(N_("Invoices"), "invoices.pending", "invoice", order=20),),
    settings=(
        Setting(
            "invoices.other_ways",
            "long-text",
            "",
            N_("How else customers can pay"),
            hint=N_(
                "Shown with what is to be paid, and printed on invoices: banks, cash points, your offices."
            ),
            group=N_("Payments"),
        ),
        Setting(
            "invoices.other_ways.en",
            "long-text",
            "",
            N_("How else customers can pay, in English"),
            hint=N_("For people who read these pages in English. Without it they see the text above."),
            group=N_("Payments"),
        ),
    ),
)
