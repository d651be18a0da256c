"""Numbers of attempts that are paid on paper: digits, because counters type them and barcodes hold them."""

from __future__ import annotations

from typing import Final

from stdnum import luhn

from saas.counters import take_numbers

SERIES: Final = "coupons"
FIRST: Final = 100_000  # so that all are as long as each other for a long time


def next_number() -> str:
    """A number that no other attempt of the tenant has. Its last digit is a check digit (Luhn), so that one
    wrong digit does not make it somebody else's."""
    number = str(FIRST + take_numbers(SERIES)[0])
    return number + str(luhn.calc_check_digit(number))
