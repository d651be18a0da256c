"""Desk: where the tenant's staff work, on the tenant's own host, in a look of its own."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

VIEW_AS_ALLOWED = "desk.view_as"

capability = Capability(
    name="desk",
    title=N_("Desk"),
    blueprints=("blueprints.desk.pages:pages", "blueprints.desk.logo:pages"),
    # Imported for their views, which hang on the one blueprint.
    wiring=(
        "blueprints.desk.start",
        "blueprints.desk.customers",
        "blueprints.desk.invitations",
        "blueprints.desk.contact",
        "blueprints.desk.viewing",
        "blueprints.desk.accounts",
        "blueprints.desk.payments",
        "blueprints.desk.staff",
        "blueprints.desk.settings",
        "blueprints.desk.domains",
        "blueprints.desk.calendar",
        "blueprints.desk.theme",
        "blueprints.desk.preview",
        "blueprints.desk.audit",
        "blueprints.desk.unsent",
    ),
    menu=(
        MenuEntry(N_("Start"), "desk.start", "home", area="desk", order=10),
        MenuEntry(
            N_("Customers"), "desk.customers", "people", area="desk", order=20, permission=roles.CUSTOMERS
        ),
        MenuEntry(N_("Accounts"), "desk.accounts", "list", area="desk", order=30, permission=roles.CUSTOMERS),
        MenuEntry(N_("Payments"), "desk.payments", "card", area="desk", order=40, permission=roles.PAYMENTS),
        MenuEntry(N_("Staff"), "desk.staff", "person", area="desk", order=60, permission=roles.STAFF),
        MenuEntry(N_("Settings"), "desk.settings", "gear", area="desk", order=70, permission=roles.SETTINGS),
        MenuEntry(N_("Look"), "desk.theme", "palette", area="desk", order=80, permission=roles.THEME),
        MenuEntry(N_("Audit"), "desk.audit", "eye", area="desk", order=90, permission=roles.AUDIT),
    ),
    settings=(
        Setting(
            VIEW_AS_ALLOWED,
            "boolean",
            True,
            N_("Staff may see what a customer sees"),
            hint=N_("Each look needs a reason, changes nothing, and the customer can read about it."),
            group=N_("Desk"),
        ),
    ),
)
