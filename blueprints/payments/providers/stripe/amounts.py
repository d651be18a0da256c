"""How Stripe counts each currency, and how that meets our own minor units."""

from __future__ import annotations

from saas.languages import N_
from saas.money import EXPONENTS as OURS
from saas.refusals import Refusal

# https://docs.stripe.com/currencies: integers of the smallest unit, which is the whole unit for these.
_NO_DECIMALS = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA",
        "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
# Counted in thousandths, of which the last digit must be 0.
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Written with two decimals that must be 00 in one place of the documents and without decimals in another:
# not offered, because a guess would be a hundred times off.
AMBIGUOUS = frozenset({"ISK", "UGX"})
_TWO_DECIMALS = frozenset(
    {
        "ARS", "BOB", "BRL", "COP", "CRC", "DOP", "EUR", "GTQ", "HNL",
        "MXN", "NIO", "PAB", "PEN", "USD", "UYU", "VES",
    }
)  # fmt: skip

UNITS: dict[str, int] = {
    **dict.fromkeys(_NO_DECIMALS, 0),
    **dict.fromkeys(_TWO_DECIMALS, 2),
    **dict.fromkeys(_THREE_DECIMALS, 3),
}
"""Decimals of the integers that Stripe's API speaks in."""

EXPONENTS: dict[str, int] = {currency: min(unit, 2) for currency, unit in UNITS.items()}
"""Decimals that Stripe can express: two where it counts in thousandths."""

# The most that any currency may have (rupiahs); lower limits of single currencies are Stripe's own to refuse.
HIGHEST = 10**12 - 1


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units as Stripe counts them. Raises Refusal for what it cannot express: never rounded."""
    if currency not in UNITS or currency not in OURS:
        raise Refusal(N_("Stripe cannot take %(currency)s."), currency=currency)
    more = UNITS[currency] - OURS[currency]
    if more >= 0:
        return int(amount * 10**more)
    if amount % 10**-more:
        raise Refusal(N_("Stripe cannot take this amount: it has too many decimals."))
    return int(amount // 10**-more)


def from_stripe(amount: int, currency: str) -> int:
    """What Stripe counts as our minor units. Raises ValueError for a fraction of ours, which nobody can book."""
    more = UNITS.get(currency, 2) - OURS.get(currency, 2)
    if more <= 0:
        return int(amount * 10**-more)
    if amount % 10**more:
        raise ValueError(f"{amount} of {currency} is a fraction")
    return int(amount // 10**more)
