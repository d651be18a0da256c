"""Owners: commission on the rent that was collected, charges, statements and certificates."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="owners",
    title=N_("Owners"),
    blueprints=("blueprints.owners.certificate_pages:pages", "blueprints.owners.desk_charges:pages"),
    models=("blueprints.owners.models",),
    wiring=("blueprints.owners.wiring",),
    menu=(
        MenuEntry(N_("Income"), "owners.income", "wallet", order=30, roles=frozenset({"owner"})),
        MenuEntry(
            N_("Charges to owners"),
            "owners_desk.charges",
            "receipt",
            area="desk",
            order=28,
            permission=roles.PAYOUTS,
        ),
    ),
    settings=(
        Setting(
            "owners.commissions",
            "choice",
            "collection",
            N_("Commission invoices to owners"),
            hint=N_("A month for which your back office has made one never gets a second one."),
            group=N_("Owners"),
            choices={
                "collection": N_("Made here when rent is collected"),
                "office": N_("Made by the back office and imported"),
            },
        ),
        Setting(
            "owners.commission-prefix",
            "text",
            "COM-",
            N_("Letters before the number of a commission invoice"),
            group=N_("Documents"),
        ),
        Setting(
            "owners.credit-note-prefix",
            "text",
            "NC-",
            N_("Letters before the number of a credit note on commission"),
            group=N_("Documents"),
        ),
        Setting(
            "owners.charge-prefix",
            "text",
            "CG-",
            N_("Letters before the number of a charge to owners"),
            group=N_("Documents"),
        ),
        Setting(
            "owners.certificate-prefix",
            "text",
            "CI-",
            N_("Letters before the number of a certificate of income"),
            group=N_("Documents"),
        ),
    ),
    always=False,
)
