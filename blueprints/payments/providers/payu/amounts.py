"""Amounts between our whole minor units and PayU's decimal texts. No fraction is ever a binary one."""

from __future__ import annotations

from decimal import Decimal

from saas.money import EXPONENTS

LARGEST_DIGITS = 12  # before the point; PayU's own fields hold ten


def unit(currency: str) -> int:
    """Minor units in one whole unit."""
    return int(10 ** EXPONENTS[currency])


def written(amount: int, currency: str) -> str:
    """Minor units as the form and the APIs want them: 150050 ARS -> "1500.50", 1500 CLP -> "1500"."""
    exponent = EXPONENTS[currency]
    if not exponent:
        return str(amount)
    whole, cents = divmod(amount, 10**exponent)
    return f"{whole}.{cents:0{exponent}d}"


def read(value: Decimal, currency: str) -> int:
    """PayU's number in minor units. A currency that we do not keep accounts in is read with two decimals, so
    that it can be told apart. Raises ValueError for what is finer than the currency, or no amount at all."""
    if not value.is_finite() or value < 0 or value.adjusted() > LARGEST_DIGITS:
        raise ValueError("no amount")
    scaled = value.scaleb(EXPONENTS.get(currency, 2))
    if scaled != scaled.to_integral_value():
        raise ValueError("finer than its currency")
    return int(scaled)
