"""Access: who may come in, how, and for how long."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability, MenuEntry

capability = Capability(
    name="auth",
    title=N_("Access"),
    blueprints=("blueprints.auth.customer:pages",),
    models=("blueprints.auth.models",),
    wiring=("blueprints.auth.wiring",),
    menu=(MenuEntry(N_("My account"), "auth.profile", "person", order=90),),
)
