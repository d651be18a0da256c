"""Paying a part: how an amount that the payer chose is spread over the chosen invoices. Pure.

The oldest first, and of each first the debt, last what lateness added (the law of most countries would take interest
first; the tenants that allow parts want the debt to go down).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from blueprints.payments.choosing import Choice, ChosenInvoice
from saas.languages import N_
from saas.refusals import Refusal

FIELD = "part"
ALLOWED = "payments.partial"
MINIMUM = "payments.partial-minimum"


@dataclass(frozen=True, slots=True)
class PartRules:
    """What a tenant allows: `minimum` is the least part, in per cent of what was chosen."""

    allowed: bool
    minimum: int

    def least(self, amount: int) -> int:
        """The least that may be paid of an amount in minor units, rounded up."""
        return max(-(-amount * self.minimum // 100), 1)


def without_lone_surcharge(amount: int, owed: int, surcharge: int) -> int:
    """The amount, or the highest below it that does not leave (part of) a surcharge alone on an invoice: once the
    debt is settled, nothing would say any more that lateness is still to be paid."""
    if surcharge and owed - surcharge <= amount < owed:
        return owed - surcharge - 1
    return amount


def part_of(choice: Choice, amount: int, rules: PartRules) -> Choice:
    """The choice with what an `amount` in minor units pays of each invoice, those without any left out.

    Raises Refusal (field "part") when the tenant's rules do not allow it or it is more than is owed.
    """
    if amount == choice.amount:
        return choice
    if amount > choice.amount:
        raise Refusal(N_("That is more than what is owed on these invoices."), field=FIELD)
    if not rules.allowed:
        raise Refusal(N_("These invoices are paid whole."), field=FIELD)
    if amount < rules.least(choice.amount):
        raise Refusal(
            N_("Pay at least %(percent)s %% of what you chose."), field=FIELD, percent=rules.minimum
        )
    items = _spread(choice.items, amount)
    last = items[-1]
    whole = next(item for item in choice.items if item.id == last.id)
    if without_lone_surcharge(last.amount, whole.amount, whole.surcharge) != last.amount:
        raise Refusal(
            N_(
                "With this amount only what the second due date added would be left of invoice %(number)s. "
                "Pay it whole, or less."
            ),
            field=FIELD,
            number=last.number,
        )
    return Choice(items, choice.currency)


def _spread(items: Sequence[ChosenInvoice], amount: int) -> list[ChosenInvoice]:
    parts, left = [], amount
    for item in items:
        part = min(left, item.amount)
        if part:
            principal = item.amount - item.surcharge
            parts.append(replace(item, amount=part, surcharge=max(part - principal, 0)))
            left -= part
    return parts
