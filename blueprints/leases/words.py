"""How codes of leases are said. Looked up here, translated by the page."""

from __future__ import annotations

from saas.languages import N_

STATES = {
    "draft": (N_("Draft"), "warning"),
    "active": (N_("In force"), "success"),
    "ending": (N_("Ending"), "warning"),
    "ended": (N_("Ended"), "neutral"),
}
PURPOSES = {"housing": N_("Housing"), "commercial": N_("Commercial")}
REASONS = {
    "start": N_("Start of the lease"),
    "index": N_("Yearly adjustment"),
    "agreed": N_("By agreement"),
    "correction": N_("Correction"),
}
KINDS = {"charge": N_("Charge"), "credit": N_("Discount")}
LEVIES = {"tax": N_("Tax"), "withholding": N_("Withholding")}
DOCUMENTS = {
    "contract": N_("Contract"),
    "inventory": N_("Inventory"),
    "policy": N_("Policy"),
    "other": N_("Other paper"),
}


def state(status: str, ended: object) -> str:
    """A lease whose end is set ahead of time is still in force, and ending."""
    return "ending" if status == "active" and ended is not None else status
