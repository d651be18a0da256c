"""What an organisation decides about the clock of its cases."""

from __future__ import annotations

from blueprints.cases.terms import GENERAL, HOUSEHOLD_SERVICES
from saas.languages import N_
from tenants.capability import Setting

GROUP = N_("Terms of cases")
CLOSING = {
    "24:00": N_("Midnight: the whole day counts"),
    **{f"{hour}:{minute}": f"{hour}:{minute}" for hour in range(12, 21) for minute in ("00", "30")},
}

CLOCK_SETTINGS = (
    Setting(
        "cases.regime",
        "choice",
        GENERAL,
        N_("Rules for the terms of cases"),
        hint=N_("Silence of a company of household services grants what was asked, where the law says so."),
        group=GROUP,
        choices={
            GENERAL: N_("Those of any organisation"),
            HOUSEHOLD_SERVICES: N_("Those of companies of household services"),
        },
    ),
    Setting(
        "cases.term-days",
        "integer",
        15,
        N_("Business days to answer where no rule is known"),
        group=GROUP,
        low=1,
        high=180,
    ),
    Setting(
        "cases.closing-time",
        "choice",
        "24:00",
        N_("End of the hours of service"),
        hint=N_("A case that comes in later counts as received on the next business day."),
        group=GROUP,
        choices=CLOSING,
    ),
    Setting(
        "cases.first-warning",
        "integer",
        5,
        N_("First warning before a case falls due"),
        hint=N_("In business days before the last day; 0: none."),
        group=GROUP,
        low=0,
        high=20,
    ),
    Setting(
        "cases.second-warning",
        "integer",
        2,
        N_("Second warning"),
        hint=N_("In business days before the last day; 0: none."),
        group=GROUP,
        low=0,
        high=20,
    ),
)
