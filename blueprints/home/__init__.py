"""Home: how much, by when, pay; and for owners what their property earned."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability, MenuEntry

capability = Capability(
    name="home",
    title=N_("Home"),
    blueprints=("blueprints.home.customer:pages",),
    menu=(MenuEntry(N_("Home"), "home.index", "home", order=10),),
)
