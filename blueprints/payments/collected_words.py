"""What is said of collected files and their lines. Looked up here, translated by the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saas.languages import N_

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "checked": (N_("Not applied yet"), "warning"),
    "waiting": (N_("Waiting"), "info"),
    "running": (N_("Running"), "info"),
    "done": (N_("Done"), "success"),
}
# What a line is expected to do -> (words, tone).
EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "coupon": (N_("Coupon of a payment begun here"), "success"),
    "invoice": (N_("Invoice found by its payment code"), "success"),
    "differs": (N_("Another amount, currency or collector than was asked for: to the quarantine"), "danger"),
    "nothing-owed": (N_("Paid already or taken back: to the quarantine"), "danger"),
    "ambiguous-reference": (N_("The reference means two things: to the quarantine"), "danger"),
    "repeated": (N_("Taken already in an earlier line: nothing happens"), "neutral"),
    "unknown": (N_("The reference is not known here: to the quarantine"), "danger"),
}
# What a line did -> (words, tone). What was put aside is told by why.
EFFECTS: Final[Mapping[str, tuple[str, str]]] = {
    "": (N_("Waiting"), "info"),
    "paid": (N_("Payment received"), "success"),
    "invoice-paid": (N_("Invoice paid"), "success"),
    "repeated": (N_("Taken already in an earlier line"), "neutral"),
    "duplicate": (N_("Taken already in an earlier line"), "neutral"),
}
ASIDE: Final[Mapping[str, str]] = {
    "unknown-reference": N_("In quarantine: the reference is not known here"),
    "amount-differs": N_("In quarantine: the amount is not the one that was asked for"),
    "currency-differs": N_("In quarantine: the currency is not the one that was asked for"),
    "mode-differs": N_("In quarantine: a test file on a live account, or the reverse"),
    "other-account": N_("In quarantine: the coupon belongs to another collector"),
    "captured-again": N_("In quarantine: the same coupon was paid twice"),
    "nothing-owed": N_("In quarantine: it had been paid already, or was taken back"),
    "ambiguous-reference": N_("In quarantine: the reference means two things"),
    "key-reused": N_("In quarantine: the collector used one number for two payments"),
}


def aside(outcome: Mapping[str, int]) -> int:
    """How many lines of a file went to the quarantine."""
    return sum(count for effect, count in outcome.items() if effect.startswith("quarantined"))


def effect(code: str | None) -> tuple[str, str]:
    """The words and the tone of what a line did; None: nothing yet."""
    kind, _colon, why = (code or "").partition(":")
    if kind == "quarantined":
        return ASIDE.get(why, why), "danger"
    return EFFECTS.get(kind, (kind, "neutral"))
