"""An owner's statement out of the books' entries. Pure: minor units, positive is the owner's, the tenant's days.

Every figure is worked out for all owners of a mandate at once and cut by what each was given in the books. So the
owners' figures add up to the whole, and the figures of two stretches of days add up to those of both.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from blueprints.leases.rules import Party
from blueprints.owners.rules import apportion, part_of

RENT: Final = "rent"
COMMISSION: Final = "commission"
CHARGE: Final = "charge"
PAYOUT: Final = "payout"
OTHER: Final = "other"
SECTIONS: Final = (RENT, COMMISSION, CHARGE, PAYOUT, OTHER)


class Movement(NamedTuple):
    """One posting on what is owed to an owner. `source` is what it comes from: the rent invoice, the invoice or the
    credit note of a commission, the charge, the payout; None when that is not known here."""

    section: str
    owner: uuid.UUID
    entry: uuid.UUID
    source: uuid.UUID | None
    day: datetime.date
    amount: int


class Paper(NamedTuple):
    """What the document behind movements says: net + tax - withholding = total. A rent or commission invoice, a
    credit note, a charge."""

    net: int
    tax: int
    withholding: int
    total: int


class Part(NamedTuple):
    """net + tax - withholding = total; signed as the owner feels it."""

    net: int = 0
    tax: int = 0
    withholding: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax - self.withholding

    def plus(self, other: Part) -> Part:
        return Part(self.net + other.net, self.tax + other.tax, self.withholding + other.withholding)

    def minus(self, other: Part) -> Part:
        return Part(self.net - other.net, self.tax - other.tax, self.withholding - other.withholding)


@dataclass(frozen=True, slots=True)
class Line:
    """One source of a section: what it came to in these days, for each owner."""

    section: str
    source: uuid.UUID | None
    day: datetime.date  # of the last movement
    parts: Mapping[uuid.UUID, Part]

    def of(self, owner: uuid.UUID) -> Part:
        return self.parts.get(owner, Part())

    @property
    def whole(self) -> Part:
        return total_of(self.parts.values())


@dataclass(frozen=True, slots=True)
class Sheet:
    """What moved on one mandate in some days, and the balances of each owner around it."""

    lines: Sequence[Line]
    opening: Mapping[uuid.UUID, int]

    def section(self, section: str, owner: uuid.UUID | None = None) -> Part:
        """A section's sum for one owner, or of the whole."""
        found = [line for line in self.lines if line.section == section]
        return total_of(line.whole if owner is None else line.of(owner) for line in found)

    def opens(self, owner: uuid.UUID | None = None) -> int:
        return sum(self.opening.values()) if owner is None else self.opening.get(owner, 0)

    def closes(self, owner: uuid.UUID | None = None) -> int:
        moved = total_of(line.whole if owner is None else line.of(owner) for line in self.lines)
        return self.opens(owner) + moved.total

    def net(self, owner: uuid.UUID | None = None) -> int:
        """What the days brought, before anything was paid out."""
        return sum(self.section(name, owner).total for name in SECTIONS if name != PAYOUT)

    @property
    def owners(self) -> list[uuid.UUID]:
        found = {owner for owner, amount in self.opening.items() if amount}
        return sorted(found.union(*(line.parts for line in self.lines)))


def total_of(parts: Iterable[Part]) -> Part:
    result = Part()
    for part in parts:
        result = result.plus(part)
    return result


def rent_parts(paper: Paper, collected: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Part]:
    """What was collected of a rent invoice so far, cut into rent, tax and what the renter withheld, for each owner.

    It depends on the sums alone. What a stretch of days brought is the difference of two of these.
    """
    owners = sorted(collected)
    amounts = [collected[owner] for owner in owners]
    whole = max(sum(amounts), 0)
    tax = apportion(part_of(paper.tax, whole, paper.total), amounts)
    withheld = apportion(part_of(paper.withholding, whole, paper.total), amounts)
    return {
        owner: Part(amount - one + other, one, other)
        for owner, amount, one, other in zip(owners, amounts, tax, withheld, strict=True)
    }


def document_parts(paper: Paper, amounts: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Part]:
    """One document that owners bear (amounts below zero) or get back, cut for each by what he or she bears of it."""
    owners = sorted(amounts)
    given = [amounts[owner] for owner in owners]
    size = abs(sum(given))
    sign = 1 if sum(given) >= 0 else -1
    # As a rule all of the document; of one that was settled in part only that part.
    tax = sign * part_of(paper.tax, size, paper.total) if paper.total else 0
    withheld = sign * part_of(paper.withholding, size, paper.total) if paper.total else 0
    taxes, withholdings = apportion(tax, given), apportion(withheld, given)
    return {
        owner: Part(amount - one + other, one, other)
        for owner, amount, one, other in zip(owners, given, taxes, withholdings, strict=True)
    }


def sheet(
    movements: Iterable[Movement],
    *,
    opening: Mapping[uuid.UUID, int],
    papers: Mapping[uuid.UUID, Paper],
    collected_before: Mapping[uuid.UUID, Mapping[uuid.UUID, int]],
) -> Sheet:
    """The statement of one mandate. `collected_before` is what each owner had been given of a rent invoice before."""
    grouped: dict[tuple[str, object], list[Movement]] = defaultdict(list)
    for one in movements:
        # Rent is told by its invoice, everything else by what happened.
        key = one.source if one.section == RENT and one.source is not None else one.entry
        grouped[one.section, key].append(one)
    lines = []
    for (section, _key), rows in grouped.items():
        source = rows[0].source
        paper = papers.get(source) if source is not None else None
        moved: dict[uuid.UUID, int] = defaultdict(int)
        for row in rows:
            moved[row.owner] += row.amount
        lines.append(
            Line(
                section,
                source,
                max(row.day for row in rows),
                _parts(section, paper, moved, collected_before.get(source, {}) if source else {}),
            )
        )
    order = {section: place for place, section in enumerate(SECTIONS)}
    lines.sort(key=lambda line: (order[line.section], line.day, str(line.source)))
    return Sheet(lines, dict(opening))


def seen_by(owner: uuid.UUID, movements: Sequence[Movement], parties: Sequence[Party]) -> list[Movement]:
    """What of all movements an owner may read: those of entries in which the owner has a part, and on days on which
    he or she owned those of the owners beside; and never a part of somebody who did not own beside. So nobody reads
    what came after, nor what is of before."""
    own = [row for row in parties if row.customer_id == owner]
    beside = {row.customer_id for row in parties if any(row.meets(mine) for mine in own)}
    together: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for one in movements:
        together[one.entry].add(one.owner)
    return [
        one
        for one in movements
        if one.owner in beside
        and (
            owner in together[one.entry]
            or (together[one.entry] <= beside and any(mine.holds(one.day) for mine in own))
        )
    ]


def _parts(
    section: str,
    paper: Paper | None,
    moved: Mapping[uuid.UUID, int],
    before: Mapping[uuid.UUID, int],
) -> dict[uuid.UUID, Part]:
    if paper is None or section in (PAYOUT, OTHER):
        return {owner: Part(amount) for owner, amount in moved.items()}
    if section != RENT:
        return document_parts(paper, moved)
    owners = {*before, *moved}
    then = rent_parts(paper, {owner: before.get(owner, 0) for owner in owners})
    now = rent_parts(paper, {owner: before.get(owner, 0) + moved.get(owner, 0) for owner in owners})
    changed = {owner: now[owner].minus(then[owner]) for owner in owners}
    return {owner: part for owner, part in changed.items() if owner in moved or part != Part()}
