"""What codes of imports are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saas.languages import N_

# state -> (word, tone of its chip)
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "prepared": (N_("Not started"), "neutral"),
    "waiting": (N_("Waiting"), "info"),
    "running": (N_("Running"), "info"),
    "done": (N_("Done"), "success"),
    "refused": (N_("Refused"), "danger"),
    "failed": (N_("Failed"), "danger"),
    "undoing": (N_("Being undone"), "info"),
    "undone": (N_("Undone"), "neutral"),
}
REHEARSED: Final[Mapping[str, tuple[str, str]]] = {
    **STATES,
    "done": (N_("Dry run: all is well"), "success"),
    "refused": (N_("Dry run: rows are wrong"), "warning"),
}
MODES: Final[Mapping[str, str]] = {
    "all-or-nothing": N_("All or nothing"),
    "good-rows-only": N_("Only the good rows"),
}
DELIMITERS: Final[Mapping[str | None, str]] = {
    ";": N_("semicolon"),
    ",": N_("comma"),
    "\t": N_("tab"),
    "|": N_("vertical bar"),
}
ENCODINGS: Final[Mapping[str | None, str]] = {
    "ascii": "ASCII",
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "latin-1": "ISO 8859-1 (Latin 1)",
    "cp1252": "Windows-1252",
}
DECIMALS: Final[Mapping[str, str]] = {",": N_("comma: 1.234,50"), ".": N_("point: 1,234.50")}
DATE_ORDERS: Final[Mapping[str, str]] = {
    "dmy": N_("day/month/year: 27/03/2026"),
    "mdy": N_("month/day/year: 03/27/2026"),
    "ymd": N_("year-month-day: 2026-03-27"),
}


def state(code: str, dry_run: bool) -> tuple[str, str]:
    return (REHEARSED if dry_run else STATES)[code]
