"""Cases: whatever a customer asks and the tenant must answer, with everything that happened to it."""

from __future__ import annotations

from blueprints.cases.clock_settings import CLOCK_SETTINGS
from blueprints.cases.without_login import OFFERED, WITHOUT_LOGIN_SETTINGS
from saas.languages import N_
from tenants import roles
from tenants.capability import Capability, MenuEntry, Setting

capability = Capability(
    name="cases",
    title=N_("Cases"),
    blueprints=("blueprints.cases.customer:pages", "blueprints.cases.desk_blueprint:pages"),
    models=("blueprints.cases.models", "blueprints.cases.quote_models", "blueprints.cases.clock_models"),
    # Pages are imported for their views, which hang on the one blueprint.
    wiring=(
        "blueprints.cases.jobs",
        "blueprints.cases.new",
        "blueprints.cases.quote_pages",
        "blueprints.cases.open_pages",
        "blueprints.cases.follow_pages",
        "blueprints.cases.timekeeping",
        "blueprints.cases.alarm_letters",
        "blueprints.cases.person_letters",
        "blueprints.cases.desk_queue",
        "blueprints.cases.desk_report",
        "blueprints.cases.desk_filing",
        "blueprints.cases.desk_case",
        "blueprints.cases.desk_acts",
        "blueprints.cases.desk_delivery",
        "blueprints.cases.desk_quotes",
        "blueprints.cases.desk_settings",
    ),
    commands=("blueprints.cases.commands:cases_group",),
    menu=(
        MenuEntry(N_("Requests"), "cases.index", "case", order=40),
        MenuEntry(N_("Cases"), "cases_desk.queue", "case", area="desk", order=25, permission=roles.CASES),
        MenuEntry(N_("File a request"), "cases.open_form", "case", area="public", order=40, where=OFFERED),
        MenuEntry(N_("Follow a request"), "cases.follow", "search", area="public", order=41, where=OFFERED),
    ),
    settings=(
        Setting(
            "cases.prefix",
            "text",
            "",
            N_("Letters before the number of a case"),
            hint=N_("The year and a number follow: 2026-000123."),
            group=N_("Cases"),
        ),
        Setting(
            "cases.reopen-days",
            "integer",
            15,
            N_("Days in which a customer may reopen a case"),
            hint=N_("Counted from the answer or the close; 0: never."),
            group=N_("Cases"),
            low=0,
            high=365,
        ),
        Setting(
            "cases.files",
            "integer",
            5,
            N_("Files that may come with one message"),
            group=N_("Cases"),
            low=0,
            high=20,
        ),
        Setting(
            "cases.file-size",
            "integer",
            10,
            N_("Largest file, in megabytes"),
            group=N_("Cases"),
            low=1,
            high=25,
        ),
        Setting(
            "cases.a-day",
            "integer",
            10,
            N_("Cases that one person may open in a day"),
            group=N_("Cases"),
            low=1,
            high=200,
        ),
        Setting(
            "cases.quote-decides",
            "choice",
            "main",
            N_("Who decides on the quote of a repair"),
            group=N_("Repairs"),
            choices={
                "main": N_("The owner with the largest share"),
                "any": N_("Any owner with enough of a share"),
            },
        ),
        Setting(
            "cases.quote-share",
            "integer",
            25,
            N_("Enough of a share, in per cent"),
            group=N_("Repairs"),
            low=1,
            high=100,
        ),
        Setting(
            "cases.quote-free-up-to",
            "amount",
            0,
            N_("Repairs that need nobody's approval: up to"),
            hint=N_("0: every quote needs approval."),
            group=N_("Repairs"),
        ),
        Setting(
            "cases.quote-days",
            "integer",
            10,
            N_("Days that the link to a quote is valid"),
            group=N_("Repairs"),
            low=1,
            high=60,
        ),
        *WITHOUT_LOGIN_SETTINGS,
        *CLOCK_SETTINGS,
    ),
)
