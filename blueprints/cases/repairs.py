"""What a form asks besides when something must be repaired, and how the answers are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext

from saas.languages import N_

ASKS: Final = "repair"

CATEGORIES: Final[dict[str, str]] = {
    "water": N_("Water and drains"),
    "electricity": N_("Electricity"),
    "gas": N_("Gas"),
    "walls": N_("Walls, roof and damp"),
    "doors": N_("Doors, windows and locks"),
    "appliances": N_("Kitchen and appliances"),
    "other": N_("Something else to repair"),
}
ENTRY: Final[dict[str, str]] = {
    "yes": N_("Yes, also when I am out"),
    "call": N_("Call me first"),
    "no": N_("No, only when I am there"),
}
LONGEST_HOURS: Final = 200


def said(details: Mapping[str, Any]) -> list[dict[str, str]]:
    """The answers as rows of a summary, in the reader's language."""
    category, entry = CATEGORIES.get(details.get("category", "")), ENTRY.get(details.get("entry", ""))
    found = [
        (gettext("What is broken"), gettext(category) if category else ""),
        (gettext("May we go in?"), gettext(entry) if entry else ""),
        (gettext("Hours that suit"), str(details.get("hours") or "")),
    ]
    return [{"key": question, "value": answer} for question, answer in found if answer]
