"""Billing: the rent invoices of a month, out of the contracts that are in force."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

GROUP = N_("Rent invoices")

capability = Capability(
    name="billing",
    title=N_("Billing"),
    blueprints=("blueprints.billing.desk:pages",),
    models=("blueprints.billing.models",),
    commands=("blueprints.billing.commands:group",),
    menu=(
        MenuEntry(
            N_("Monthly runs"), "billing.runs", "invoice", area="desk", order=26, permission=roles.BILLING
        ),
    ),
    wiring=("blueprints.billing.jobs",),
    settings=(
        Setting(
            "billing.days",
            "choice",
            "real",
            N_("Days of a month that is not let whole"),
            hint=N_("How the rent of a contract that begins, ends or changes within the month is divided."),
            group=GROUP,
            choices={
                "real": N_("The real days of the month"),
                "30": N_("Always thirty"),
            },
        ),
        Setting(
            "billing.prefix",
            "text",
            "FV-",
            N_("What the number of a rent invoice begins with"),
            group=GROUP,
        ),
        Setting(
            "billing.first_number",
            "integer",
            1,
            N_("First number of rent invoices"),
            hint=N_("Above those that your back office has given. Numbers never go back."),
            group=GROUP,
            low=1,
            high=999_999_999,
        ),
        Setting(
            "billing.payment_code",
            "text",
            "",
            N_("Pattern of payment codes"),
            hint=N_(
                "Empty: rent invoices carry none. Otherwise digits and fields, such as 7709{account:8}{number:8}: "
                "{number}, {account} and {period}, each with the width that it is filled up to."
            ),
            group=GROUP,
        ),
        Setting(
            "billing.next_business_day",
            "boolean",
            False,
            N_("Move due dates to the next business day"),
            hint=N_("When the day of payment is no business day of your calendar."),
            group=GROUP,
        ),
    ),
    always=False,
)
