"""How owners are paid: their bank accounts, runs that two people approve, files for the bank and its answers."""

from __future__ import annotations

from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="payouts",
    title=N_("Payouts"),
    blueprints=("blueprints.payouts.customer:pages", "blueprints.payouts.desk_blueprint:pages"),
    models=("blueprints.payouts.models",),
    wiring=(
        "blueprints.payouts.bank_letters",
        "blueprints.payouts.sent_letters",
        "blueprints.payouts.confirm_pages",
        "blueprints.payouts.desk_runs",
        "blueprints.payouts.desk_lines",
        "blueprints.payouts.desk_answers",
        "blueprints.payouts.desk_bank_accounts",
        "blueprints.payouts.activity",
    ),
    commands=("blueprints.payouts.commands:payouts_group",),
    menu=(
        MenuEntry(
            N_("Payouts"), "payouts_desk.runs", "bank", area="desk", order=45, permission=roles.PAYOUTS
        ),
    ),
    settings=(
        Setting(
            "payouts.second-person-above",
            "amount",
            0,  # whoever sets up nothing is on the safe side
            N_("Payout runs that need two people: above"),
            hint=N_(
                "One person prepares such a run and another approves it; what one person approved alone on the same "
                "day counts. 0: always."
            ),
            group=N_("Payouts"),
        ),
        Setting(
            "payouts.reserve",
            "amount",
            0,
            N_("Reserve that stays of every property"),
            hint=N_("For each owner and contract."),
            group=N_("Payouts"),
        ),
        Setting(
            "payouts.minimum",
            "amount",
            0,
            N_("Smallest payout"),
            hint=N_("What is less waits for the next run."),
            group=N_("Payouts"),
        ),
        Setting(
            "payouts.prefix",
            "text",
            "EG-",
            N_("Letters before the number of a payout"),
            group=N_("Payouts"),
        ),
        Setting(
            "payouts.company-code",
            "text",
            "",
            N_("Your code at the bank"),
            hint=N_("Where the bank's file has a place for it."),
            group=N_("Payouts"),
        ),
        Setting(
            "payouts.source-account",
            "text",
            "",
            N_("Your account that payouts are made from"),
            hint=N_("Only figures, where the bank's file has a place for it."),
            group=N_("Payouts"),
        ),
    ),
    always=False,
)
