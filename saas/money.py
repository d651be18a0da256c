"""Money is an integer of minor units and a currency code; never a float, never an amount without its currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from babel.core import Locale

from saas.languages import N_
from saas.refusals import Refusal

EXPONENTS: Final[dict[str, int]] = {
    "ARS": 2, "BOB": 2, "BRL": 2, "CLF": 4, "CLP": 0, "COP": 2, "CRC": 2, "DOP": 2, "EUR": 2, "GTQ": 2,
    "HNL": 2, "MXN": 2, "NIO": 2, "PAB": 2, "PEN": 2, "PYG": 0, "USD": 2, "UYU": 2, "VES": 2,
}  # fmt: skip
"""Decimals of each currency that an account may be kept in (ISO 4217)."""

MAXIMUM: Final = 10**15
"""Largest amount that a person may type, in minor units; sums of such amounts stay far inside a bigint."""

# Where a currency is at home. A page in plain "es" or "en" has no country of its own and takes the symbol from here.
_HOMES: Final = {
    "ARS": "es_AR", "BOB": "es_BO", "BRL": "pt_BR", "CLF": "es_CL", "CLP": "es_CL", "COP": "es_CO",
    "CRC": "es_CR", "DOP": "es_DO", "EUR": "es_ES", "GTQ": "es_GT", "HNL": "es_HN", "MXN": "es_MX",
    "NIO": "es_NI", "PAB": "es_PA", "PEN": "es_PE", "PYG": "es_PY", "UYU": "es_UY", "VES": "es_VE",
}  # fmt: skip
# CLDR still writes "Bs.S" of 2018; "US$" keeps the dollar apart from the pesos on a page without a country.
_SYMBOLS: Final = {"VES": "Bs."}
_SYMBOLS_WITHOUT_COUNTRY: Final = {"USD": "US$"}
_WITHOUT_EMPTY_CENTS: Final = frozenset({"COP"})


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`; arithmetic and order only within one currency."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"money is counted in whole minor units, not {self.amount!r}")
        if self.currency not in EXPONENTS:
            raise ValueError(f"unknown currency {self.currency!r}")

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0


class _Shape(NamedTuple):
    before: str
    after: str
    group: str
    decimal: str
    unit: int  # minor units in one
    digits: int
    trims: bool


@lru_cache(maxsize=512)
def _shape(currency: str, locale: str) -> _Shape:
    if currency not in EXPONENTS:
        raise ValueError(f"unknown currency {currency!r}")
    parsed = Locale.parse(locale, sep="-" if "-" in locale else "_")
    home = Locale.parse(_HOMES[currency]) if currency in _HOMES else None
    symbol = _SYMBOLS.get(currency)
    if parsed.territory is None:
        if home is not None and home.language == parsed.language:
            parsed = home
        symbol = symbol or _SYMBOLS_WITHOUT_COUNTRY.get(currency)
        symbol = symbol or (home or parsed).currency_symbols.get(currency, currency)
    symbol = symbol or parsed.currency_symbols.get(currency, currency)
    pattern = parsed.currency_formats["standard"]
    if pattern.grouping != (3, 3):
        raise ValueError(f"amounts in {locale} are not grouped by thousands")
    # Only the positive half of the pattern is used: the minus sign always leads, as in "-$1.234".
    before, after = re.split(r"[#0,.]+", pattern.pattern.split(";")[0], maxsplit=1)
    marks = parsed.number_symbols["latn"]
    digits = EXPONENTS[currency]
    return _Shape(
        before.replace("¤", symbol), after.replace("¤", symbol), marks["group"], marks["decimal"],
        10**digits, digits, currency in _WITHOUT_EMPTY_CENTS,
    )  # fmt: skip


def format_money(amount: int, currency: str, locale: str) -> str:
    """Minor units of `currency` as people of `locale` ("es_CO", "en") read them: "$1.234.567,50", "-$1.234".

    Symbol, separators and no-break spaces come from CLDR, with our few corrections; the sign always leads; pesos
    of Colombia are shown without decimals when there are none. Raises ValueError for a currency outside EXPONENTS.
    """
    before, after, group, decimal, unit, digits, trims = _shape(currency, locale)
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), unit)
    text = f"{whole:,}".replace(",", group)
    if digits and not (trims and cents == 0):
        return f"{sign}{before}{text}{decimal}{cents:0{digits}d}{after}"
    return f"{sign}{before}{text}{after}"


def as_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as an exact decimal number of whole units, with all its decimals: 150 COP cents -> 1.50."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def from_decimal(value: Decimal, currency: str) -> int:
    """Whole units to minor units; raises ValueError when the value is finer than the currency, or no number."""
    if not value.is_finite():
        raise ValueError(f"{value} is no amount")
    scaled = value.scaleb(EXPONENTS[currency])
    if scaled != int(scaled):
        raise ValueError(f"{value} is finer than {currency} allows")
    return int(scaled)


_SPACES: Final = re.compile("[ \u00a0\u202f]+")
_AMOUNT: Final = re.compile(r"[0-9]+(?:[., '][0-9]+)*")


def parse_amount(
    text: str, currency: str, locale: str, *, field: str | None = None, zero: bool = False
) -> int:
    """What a person typed, in minor units of `currency`; read by the locale, or refused, never guessed.

    "1.234,50", "1234,50" and "1234.50" are the same everywhere, for no other reading exists. "1.234" is read only
    where a dot groups thousands and "1,234" only where a comma does; elsewhere it may be a fraction, and is refused.
    Spaces and the apostrophe of "1'234.567" group too. Zero passes only with `zero`. Raises Refusal for `field`.
    """
    shape = _shape(currency, locale)
    example = f"1{shape.group}234"
    if shape.digits:
        example += f"{shape.decimal}{'50'.ljust(shape.digits, '0')}"

    def refuse(msgid: str, **facts: object) -> Refusal:
        return Refusal(msgid, field, **facts)

    if len(text) > 64:
        raise refuse(N_("The amount is too large."))
    bare = _without_symbol(text, currency, shape).replace("’", "'")
    if bare.startswith(("-", "\u2212")):
        raise refuse(N_("The amount must be more than zero."))
    if not _AMOUNT.fullmatch(bare):
        raise refuse(N_("Write the amount in figures, for example %(example)s."), example=example)
    parts = re.split(r"([., '])", bare)
    chunks, marks = parts[0::2], parts[1::2]
    fraction = ""
    if marks and _last_mark_is_decimal(chunks, marks, shape):
        fraction = chunks.pop()
        mark = marks.pop()
        if mark in marks:
            raise refuse(N_("Write the amount in figures, for example %(example)s."), example=example)
        if len(fraction) == 3 and not marks and len(chunks[0]) <= 3:
            raise refuse(
                N_("%(text)s can be read in two ways. Write the amount like %(example)s."),
                text=bare,
                example=example,
            )
        if len(fraction) > shape.digits:
            raise refuse(
                N_("Write the amount with no more decimals than %(currency)s has: %(example)s."),
                currency=currency, example=example,
            )  # fmt: skip
    if not _well_grouped(chunks, marks):
        raise refuse(N_("Write the amount in figures, for example %(example)s."), example=example)
    amount = int("".join(chunks)) * shape.unit + int(fraction.ljust(shape.digits, "0") or "0")
    if amount > MAXIMUM:
        raise refuse(N_("The amount is too large."))
    if amount == 0 and not zero:
        raise refuse(N_("The amount must be more than zero."))
    return amount


def _without_symbol(text: str, currency: str, shape: _Shape) -> str:
    bare = _SPACES.sub(" ", text).strip(" ")
    for symbol in (shape.before.strip("\u00a0 "), shape.after.strip("\u00a0 "), currency, "$"):
        if symbol and bare.startswith(symbol):
            return bare[len(symbol) :].lstrip(" ")
        if symbol and bare.endswith(symbol):
            return bare[: -len(symbol)].rstrip(" ")
    return bare


def _last_mark_is_decimal(chunks: Sequence[str], marks: Sequence[str], shape: _Shape) -> bool:
    last = marks[-1]
    if last not in ".,":
        return False
    if len(chunks[-1]) != 3:
        return True
    # Three digits after it: thousands where this mark groups, or where it stands more than once.
    if shape.digits >= 3 and len(marks) == 1:
        return True
    return last != shape.group and marks.count(last) == 1


def _well_grouped(chunks: Sequence[str], marks: Sequence[str]) -> bool:
    if len(chunks[0]) > 1 and chunks[0][0] == "0":
        return False
    if not marks:
        return True
    # One mark throughout; only the apostrophe of the millions may differ from the rest.
    uniform = len(set(marks)) == 1 or (marks[0] == "'" and len(set(marks[1:])) == 1)
    threes = len(chunks[0]) <= 3 and all(len(chunk) == 3 for chunk in chunks[1:])
    return uniform and threes and chunks[0] != "0"


def split(amount: int, shares: Sequence[int]) -> list[int]:
    """Divide minor units in proportion to `shares` (whole, not negative, not all zero): parts sum to `amount`.

    Each part is within one unit of its exact share; the units left over go to the largest remainders, the earlier
    share first. Raises ValueError when the shares cannot divide anything.
    """
    total = sum(shares)
    if total <= 0 or min(shares) < 0:
        raise ValueError("shares must be whole numbers, none negative, and not all zero")
    size = abs(amount)
    parts = [size * share // total for share in shares]
    remainders = [size * share % total for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (-remainders[i], i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    return [-part for part in parts] if amount < 0 else parts
