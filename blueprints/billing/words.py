"""How the states of runs, and what they foresee, are said to staff. Looked up here, translated by the page."""

from __future__ import annotations

from typing import Final

from saas.languages import N_

STATES: Final = {
    "preparing": (N_("Being drafted"), "info"),
    "draft": (N_("Draft"), "warning"),
    "running": (N_("Issuing"), "info"),
    "stopped": (N_("Stopped"), "danger"),
    "done": (N_("Issued in full"), "success"),
    "undoing": (N_("The run is being taken back"), "info"),
    "undone": (N_("Run taken back"), "neutral"),
    "discarded": (N_("Dropped"), "neutral"),
}
EFFECTS: Final = {
    "new": (N_("New invoice"), "success"),
    "changed": (N_("It changes"), "warning"),
    "same": (N_("Same amount"), "neutral"),
    "gone": (N_("Contract over"), "neutral"),
    "skipped": (N_("Left out"), "info"),
    "covered": (N_("Covered by credit"), "brand"),
}
REASONS: Final = {
    "starts": N_("The contract begins this month"),
    "not-billed-before": N_("It was not billed last month"),
    "rent": N_("The rent changed"),
    "part": N_("Only a part of this month is billed"),
    "part-before": N_("Only a part of last month was billed"),
    "extras": N_("Other charges or credits"),
    "other": N_("Taxes or an imported amount differ"),
    "ended": N_("The contract has ended"),
    "billed": N_("It has an invoice for this month"),
    "imported": N_("The invoice for this month was imported"),
    "no-rent": N_("The contract has no rent"),
    "no-owner": N_("The contract has no owner, so nobody would get the money"),
    "nothing": N_("There is nothing to bill"),
    "credit-left": N_("What is left of the credit goes over to next month"),
    "changed-since": N_("It changed after the draft. Bill it with another run."),
}
WARNINGS: Final = {
    "no-scenario": N_("No scenario: no taxes are reckoned"),
    "no-rent": N_("No rent"),
    "no-owner": N_("No owner"),
    "no-renter": N_("No renter: nobody will see the invoice"),
}
VIEWS: Final = {
    "all": N_("All contracts"),
    "new": N_("New invoices"),
    "changed": N_("They change"),
    "same": N_("Same amount"),
    "gone": N_("Contracts over"),
    "left-out": N_("Left out"),
    "warned": N_("With a notice"),
}
COUNTS: Final = {
    "real": N_("The real days of the month"),
    "30": N_("Always thirty"),
}
