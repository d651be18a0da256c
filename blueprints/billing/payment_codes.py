"""The code under which an invoice is paid at a bank, put together as the tenant's pattern says. Pure.

A pattern is text with fields in braces: {number} (digits of the invoice's number), {account} (digits of the contract's
number), {period} (year and month). `{number:8}` fills up with zeros, or keeps the last eight digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from saas.languages import N_
from saas.refusals import Refusal

FIELDS = ("number", "account", "period")
WRONG_PATTERN = N_(
    "The pattern of payment codes is not right: use digits, letters, {number}, {account} and {period}, with a width "
    "such as {number:8} where it is fixed."
)
_PART = re.compile(r"\{(number|account|period)(?::([1-9][0-9]?))?\}|([0-9A-Za-z-]+)")


class Part(NamedTuple):
    """One stretch of a code: fixed text, or a field with its width (0: as long as it is)."""

    text: str
    field: str = ""
    width: int = 0


def parts_of(pattern: str) -> list[Part]:
    """The parts of a pattern; none of an empty one. Raises Refusal for what is no pattern."""
    found, at = [], 0
    while at < len(pattern):
        match = _PART.match(pattern, at)
        if match is None:
            raise Refusal(WRONG_PATTERN)
        at = match.end()
        found.append(Part(match[3] or "", match[1] or "", int(match[2] or 0)))
    if found and not any(part.field == "number" for part in found):
        # A code that two invoices share is no code.
        raise Refusal(WRONG_PATTERN)
    return found


def payment_code(parts: Sequence[Part], *, number: str, account: str, period: str) -> str | None:
    """The code of one invoice; None where the tenant has no pattern."""
    values = {"number": number, "account": account, "period": period}
    return "".join(_said(part, values) for part in parts) or None


def _said(part: Part, values: dict[str, str]) -> str:
    if not part.field:
        return part.text
    digits = re.sub("[^0-9]", "", values[part.field])
    return digits.rjust(part.width, "0")[-part.width :] if part.width else digits
