"""The platform's own host: health, the local mailbox, the demo; and what operators type."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability

capability = Capability(
    name="platform",
    title=N_("Platform"),
    blueprints=(
        "blueprints.platform.health:pages",
        "blueprints.platform.welcome:pages",
        "blueprints.platform.mailbox:pages",
    ),
    commands=(
        "blueprints.platform.tenant_commands:tenant_group",
        "blueprints.platform.domain_commands:domain_group",
        "blueprints.platform.check_commands:ledger_group",
        "blueprints.platform.check_commands:audit_group",
        "blueprints.platform.check_commands:doctor",
        "blueprints.platform.schema_commands:schema_group",
        "blueprints.platform.tidy_commands:tidy",
        "blueprints.platform.demo.commands:demo_group",
        "blueprints.platform.demo.check:demo_check",
    ),
)
