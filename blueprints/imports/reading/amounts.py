"""Money, percentages and coordinates. No float for what a person wrote: digits are moved as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from blueprints.imports.reading.cells import Cached, Converter, Parse, Wrong, written
from blueprints.imports.reading.formats import Cell
from saas.languages import N_

LARGEST: Final = 10**15  # minor units; far above any bill, far below the database's bigint
# A currency's sign or code, spaces beside it or the minus, and spaces that set off thousands.
_DRESS: Final = re.compile(r"\$|\b[A-Z]{3}\b|(?<!\d)\s|\s(?!\d)|(?<=\d)\s(?=\d{3}(?!\d))")
BASIS_POINTS: Final = 100  # in one per cent


def money_parse(decimal: str, exponent: int) -> Parse:
    """Turn "1.234,50" into 123450 minor units, for a currency with `exponent` decimals.

    Takes a currency sign or code, spaces, (5,00) and 5,00- as negatives. Raises Wrong for what is no
    amount, for more decimals than the currency has, and for thousands in the wrong places.
    """
    thousands = "." if decimal == "," else ","
    shape = re.compile(
        rf"(?P<whole>\d{{1,3}}(?:\{thousands}\d{{3}})+|\d+)(?:\{decimal}(?P<part>\d*))?", re.ASCII
    )

    def parse(cell: Cell) -> int:
        shown = written(cell)
        if isinstance(cell, bool):
            raise Wrong(N_("“%(value)s” is not an amount of money."), value=shown)
        if isinstance(cell, float | int):
            return _from_number(cell, exponent)
        text = _DRESS.sub("", shown)
        bare = text[1:-1] if text[:1] + text[-1:] == "()" else text.removesuffix("-")
        bare = bare.removeprefix("-") if bare == text else bare
        negative = bare != text
        found = shape.fullmatch(bare)
        if not found:
            raise Wrong(N_("“%(value)s” is not an amount of money."), value=shown[:40])
        part = found["part"] or ""
        if part[exponent:].strip("0"):
            raise Wrong(N_("“%(value)s” has more decimals than the currency."), value=shown[:40])
        amount = int(found["whole"].replace(thousands, "") + part[:exponent].ljust(exponent, "0"))
        return _bounded(-amount if negative else amount, shown)

    return parse


def money_converter(decimal: str, exponent: int) -> Converter:
    """The usual chunk, where every cell is like 1.234,50, is checked by one match and read in C."""
    thousands = "." if decimal == "," else ","
    slow = Cached(money_parse(decimal, exponent))
    part = rf"\{decimal}\d{{{exponent}}}" if exponent else ""
    usual = re.compile(rf"(?:-?(?>\d{{1,3}}(?:\{thousands}\d{{3}})++|\d++){part}\n)++", re.ASCII)

    def convert(cells: Sequence[Cell]) -> list[Any]:
        try:
            joined = "\n".join(cells) + "\n"  # type: ignore[arg-type]
        except TypeError:
            return slow(cells)
        if not usual.fullmatch(joined):
            return slow(cells)
        values = list(map(int, joined.replace(thousands, "").replace(decimal, "").split()))
        if len(values) != len(cells) or max(values) > LARGEST or min(values) < -LARGEST:
            return slow(cells)
        return values

    return convert


def _from_number(cell: float, exponent: int) -> int:
    """A spreadsheet's own number. A double shows its decimal digits exactly up to fifteen of them."""
    scaled = Decimal(repr(cell)).scaleb(exponent)
    if not scaled.is_finite():
        raise Wrong(N_("“%(value)s” is not an amount of money."), value=str(cell))
    rounded = scaled.to_integral_value()
    if abs(scaled - rounded) > Decimal("0.000001"):
        raise Wrong(N_("“%(value)s” has more decimals than the currency."), value=str(cell))
    return _bounded(int(rounded), str(cell))


def _bounded(amount: int, shown: str) -> int:
    if abs(amount) > LARGEST:
        raise Wrong(N_("“%(value)s” is too large."), value=shown[:40])
    return amount


def decimal_parse(decimal: str) -> Parse:
    """Turn "-32,809787" into a Decimal."""
    shape = re.compile(rf"[-+]?\d{{1,9}}(?:\{decimal}\d{{1,15}})?", re.ASCII)

    def parse(cell: Cell) -> Decimal:
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            value = Decimal(repr(cell))
            if value.is_finite():
                return value
        text = written(cell)
        if not shape.fullmatch(text):
            raise Wrong(N_("“%(value)s” is not a number."), value=text[:40])
        return Decimal(text.replace(decimal, "."))

    return parse


def coordinate_parse(decimal: str, limit: int) -> Parse:
    """Degrees; `limit` is 90 for latitudes and 180 for longitudes."""
    number = decimal_parse(decimal)

    def parse(cell: Cell) -> Decimal:
        value: Decimal = number(cell)
        if abs(value) > limit:
            raise Wrong(N_("“%(value)s” is no place on the map."), value=str(value))
        return value

    return parse


def percent_parse(decimal: str) -> Parse:
    """Turn "9" or "9,5 %" into basis points (hundredths of one per cent): 900, 950. From 0 to 100."""
    number = decimal_parse(decimal)

    def parse(cell: Cell) -> int:
        text = cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell
        value = number(text) * BASIS_POINTS
        if value != value.to_integral_value() or not 0 <= value <= 100 * BASIS_POINTS:
            raise Wrong(
                N_("“%(value)s” is not a percentage from 0 to 100 with two decimals at most."),
                value=str(cell),
            )
        return int(value)

    return parse
