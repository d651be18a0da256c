"""What commission is due on collected rent, and how its parts and an owner's share of them are cut. Pure: minor
units, rates in millionths."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from saas.money import split

MILLION: Final = 1_000_000
WITHHOLDING: Final = "withholding"


class Terms(NamedTuple):
    """The terms of one rent invoice: what bears commission (`base`), of what total, at which rate; `taxes` are
    (kind, rate) on the commission, kind being "tax" or "withholding"."""

    base: int
    rent_total: int
    rate: int
    taxes: tuple[tuple[str, int], ...] = ()


class Amounts(NamedTuple):
    """A commission: the charge, and the amount of each tax in the order of the terms (withholdings positive too)."""

    charge: int
    taxes: tuple[int, ...]

    def minus(self, other: Amounts) -> Amounts:
        pairs = zip(self.taxes, other.taxes, strict=True)
        return Amounts(self.charge - other.charge, tuple(mine - theirs for mine, theirs in pairs))

    def plus(self, other: Amounts) -> Amounts:
        pairs = zip(self.taxes, other.taxes, strict=True)
        return Amounts(self.charge + other.charge, tuple(mine + theirs for mine, theirs in pairs))


class Sums(NamedTuple):
    """What a document says of amounts: charge + tax - withholding = total."""

    charge: int
    tax: int
    withholding: int
    total: int


def none(terms: Terms) -> Amounts:
    """No commission, in the shape of the terms."""
    return Amounts(0, tuple(0 for _tax in terms.taxes))


def part_of(amount: int, numerator: int, denominator: int) -> int:
    """amount × numerator / denominator, half a unit up. All not negative, the denominator more than zero."""
    return (2 * amount * numerator + denominator) // (2 * denominator)


def due(terms: Terms, collected: int) -> Amounts:
    """All the commission that is due once so much of the invoice's total has been collected.

    It depends on nothing else, so parts that are made one after the other end as one would; never more than the rate.
    """
    paid = min(max(collected, 0), terms.rent_total)
    charge = part_of(part_of(terms.base, paid, terms.rent_total), terms.rate, MILLION)
    return Amounts(charge, tuple(part_of(charge, rate, MILLION) for _kind, rate in terms.taxes))


def sums(terms: Terms, amounts: Amounts) -> Sums:
    tax = withholding = 0
    for (kind, _rate), amount in zip(terms.taxes, amounts.taxes, strict=True):
        if kind == WITHHOLDING:
            withholding += amount
        else:
            tax += amount
    return Sums(amounts.charge, tax, withholding, amounts.charge + tax - withholding)


def step(terms: Terms, booked: Amounts, collected: int) -> tuple[int, Amounts] | None:
    """What to make now: (1, amounts) of an invoice or (-1, amounts) of a credit note; None when nothing is to be made.

    An invoice must ask for something. A step of a cent or two whose taxes outweigh it waits for the next one.
    """
    wanted = due(terms, collected)
    change = wanted.minus(booked)
    if change.charge >= 0 and all(tax >= 0 for tax in change.taxes):
        return (1, change) if sums(terms, change).total > 0 else None
    back = booked.minus(wanted)
    return (-1, back) if sums(terms, back).total >= 0 else None


def borne(total: int, collected: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """Who bears how much of a commission: in proportion of what was collected for each, to the last cent."""
    order = sorted(collected, key=lambda owner: (-collected[owner], owner))
    weights = [max(collected[owner], 0) for owner in order]
    if not total or not sum(weights):
        return dict.fromkeys(order, 0)
    return dict(zip(order, split(total, weights), strict=True))


def changes(
    wanted: Mapping[uuid.UUID, int], booked: Mapping[uuid.UUID, int], total: int
) -> list[tuple[uuid.UUID, int]]:
    """What each owner bears more (or gets back, below zero), together `total`; in the order of their ids."""
    found = {owner: wanted.get(owner, 0) - booked.get(owner, 0) for owner in {*wanted, *booked}}
    assert sum(found.values()) == total, "what owners bear must be the document's total"
    return sorted((owner, part) for owner, part in found.items() if part)


def apportion(amount: int, parts: Sequence[int]) -> list[int]:
    """Cut one figure of a document (its tax, say) by the parts that people bear of the whole, to the last cent.

    Parts may be of both signs by a cent; those against the rest bear nothing of it.
    """
    if not parts:
        return []
    sign = 1 if sum(parts) >= 0 else -1
    weights = [max(sign * part, 0) for part in parts]
    if not sum(weights):
        weights = [1] + [0] * (len(parts) - 1)
    return split(amount, weights)
