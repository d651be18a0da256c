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
        "blueprints.payments.providers.payu_simulator.checkout:pages",
        "blueprints.payments.providers.stripe_simulator.pages:pages",
    ),
    models=(
        "blueprints.payments.models",
        "blueprints.payments.collected_models",
        "blueprints.payments.refund_models",
        "blueprints.payments.settlement_models",
        "blueprints.payments.providers.bank_simulator.models",
        "blueprints.payments.providers.payu_simulator.models",
        "blueprints.payments.providers.stripe_simulator.models",
    ),
    wiring=(
        "blueprints.payments.wiring",
        "blueprints.payments.collected_jobs",
        "blueprints.payments.collected_commands",
        "blueprints.payments.desk_collected",
        "blueprints.payments.providers.payu_simulator.api",
        "blueprints.payments.receipt_pages",
        "blueprints.payments.refund_jobs",
        "blueprints.payments.desk_refunds",
        "blueprints.payments.desk_disputes",
        "blueprints.payments.desk_credit",
        "blueprints.payments.desk_quarantine",
        "blueprints.payments.credit_pages",
        "blueprints.payments.link_pages",
        "blueprints.payments.desk_providers",
        "blueprints.payments.desk_provider_changes",
        "blueprints.payments.desk_links",
        "blueprints.payments.desk_settlement",
        "blueprints.payments.link_letters",
    ),
    commands=("saas.outbox_commands:outbox_group", "blueprints.payments.commands:payments_group"),
    menu=(MenuEntry(N_("Payments"), "payments.receipts", "receipt", order=30),),
    settings=(
        Setting(
            "refunds.second-person-above",
            "amount",
            0,  # whoever sets up nothing is on the safe side
            N_("Refunds that need two people: above"),
            hint=N_("One person requests such a refund and another agrees to it; 0: always."),
            group=N_("Payments"),
        ),
        Setting(
            "payments.partial",
            "boolean",
            False,
            N_("Customers may pay a part"),
            hint=N_("They choose an amount and see what it pays, the oldest invoice first."),
            group=N_("Payments"),
        ),
        Setting(
            "payments.partial-minimum",
            "integer",
            10,
            N_("Smallest part, in per cent of what was chosen"),
            group=N_("Payments"),
            low=1,
            high=100,
        ),
        Setting(
            "payments.coupon-grace",
            "integer",
            2,
            N_("Days that invoices stay held after a coupon's last day"),
            hint=N_(
                "So long the collector's file of that day may take; meanwhile nobody is led to pay again."
            ),
            group=N_("Payments"),
            low=0,
            high=10,
        ),
        Setting(
            "receipts.prefix",
            "text",
            "R-",
            N_("Letters before the number of a receipt"),
            group=N_("Documents"),
        ),
    ),
)
