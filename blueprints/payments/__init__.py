"""Payments: attempts, what providers say of them, and the receipts that come of it."""

from __future__ import annotations

from saas.languages import N_
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="payments",
    title=N_("Payments"),
    blueprints=(
        "blueprints.payments.customer:pages",
        "blueprints.payments.desk_blueprint:pages",
        "blueprints.payments.providers.bank_simulator.pages:pages",
    ),
    models=(
        "blueprints.payments.models",
        "blueprints.payments.collected_models",
        "blueprints.payments.refund_models",
        "blueprints.payments.providers.bank_simulator.models",
    ),
    wiring=(
        "blueprints.payments.wiring",
        "blueprints.payments.collected_jobs",
        "blueprints.payments.collected_commands",
        "blueprints.payments.desk_collected",
        "blueprints.payments.receipt_pages",
    ),
    commands=("saas.outbox_commands:outbox_group", "blueprints.payments.commands:payments_group"),
    menu=(MenuEntry(N_("Payments"), "payments.receipts", "receipt", order=30),),
    settings=(
        Setting(
            "receipts.prefix",
            "text",
            "R-",
            N_("Letters before the number of a receipt"),
            group=N_("Documents"),
        ),
    ),
)
