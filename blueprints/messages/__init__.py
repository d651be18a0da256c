"""Messages."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="messages",
    title=N_("Messages"),
    models=("blueprints.messages.models",),
)
