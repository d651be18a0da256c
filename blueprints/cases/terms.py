"""How long there is to answer: the law's rules by country, trade and class, and the organisation's own. Pure."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

BUSINESS: Final = "business"
CALENDAR: Final = "calendar"
GENERAL: Final = "general"
HOUSEHOLD_SERVICES: Final = "household-services"
POSITIVE: Final = "positive"
ACCEPTED: Final = "accepted"
OWN: Final = "own"
LONGEST = 180  # days of a term; more is a slip of the finger


@dataclass(frozen=True, slots=True)
class Term:
    """One rule. Days are counted from the day after receipt; what is None the rule does not know.

    `legal_days` is what the law gives where the organisation set a term of its own (`own`). The rest: terms.toml.
    """

    code: str
    days: int
    source: str
    valid_from: datetime.date
    confirmed: bool
    unit: str = BUSINESS
    country: str = ""
    regimes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    ask_within: int | None = None
    complete_months: int | None = None
    extend_factor: int | None = None
    extend_days: int | None = None
    transfer_days: int | None = None
    appeal_window: int | None = None
    appeal_days: int | None = None
    silence: str = ""
    silence_hours: int | None = None
    copies_days: int | None = None
    own: bool = False
    legal_days: int | None = None

    @property
    def longest(self) -> int | None:
        """The most days that the term may have after a notice of extension; None where it cannot be extended."""
        if self.extend_days is not None:
            return self.days + self.extend_days
        return self.days * self.extend_factor if self.extend_factor is not None else None

    @property
    def longer_than_the_law(self) -> bool:
        return self.legal_days is not None and self.days > self.legal_days


@dataclass(frozen=True, slots=True)
class OwnTerm:
    """What an organisation decided for a class: so many business days, or another rule of the law (`rule`)."""

    class_code: str
    valid_from: datetime.date
    days: int | None
    rule: str | None
    source: str


@lru_cache(maxsize=1)
def pack() -> tuple[Term, ...]:
    """The rules of the law that are known here."""
    raw = tomllib.loads(Path(__file__).with_name("terms.toml").read_text(encoding="utf-8"))
    return tuple(_term(row) for row in raw["terms"])


def rules_of(country: str) -> tuple[Term, ...]:
    return tuple(term for term in pack() if term.country == country)


def legal_term(country: str, regime: str, class_code: str, day: datetime.date) -> Term | None:
    """The law's rule for a case received on a day; None where none is known."""
    found = [
        term
        for term in rules_of(country)
        if regime in term.regimes and class_code in term.classes and term.valid_from <= day
    ]
    return max(found, key=lambda term: term.valid_from, default=None)


def term_for(
    country: str,
    regime: str,
    class_code: str,
    day: datetime.date,
    own: Iterable[OwnTerm] = (),
    usual_days: int = 15,
) -> Term:
    """The rule for a case of a class received on a day.

    The organisation's own of that class wins over the law's, the newest that holds on the day; where there is neither,
    the organisation's usual number of business days.
    """
    legal = legal_term(country, regime, class_code, day)
    chosen = [term for term in own if term.class_code == class_code and term.valid_from <= day]
    if not chosen:
        return legal or Term(OWN, usual_days, "", datetime.date.min, True, own=True)
    last = max(chosen, key=lambda term: term.valid_from)
    named = next((term for term in rules_of(country) if term.code == last.rule), None)
    if named is not None:
        return replace(named, own=True, legal_days=legal.days if legal else None)
    base = legal or Term(OWN, usual_days, "", last.valid_from, True)
    days = last.days if last.days is not None else base.days
    return replace(
        base, days=days, own=True, legal_days=legal.days if legal else None, source=last.source or base.source
    )


def _term(row: dict[str, Any]) -> Term:
    return Term(**{**row, "regimes": tuple(row["regimes"]), "classes": tuple(row["classes"])})
