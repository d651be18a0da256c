"""What stands in the bars of a coupon: a list of fields, told by a layout file, filled for one attempt."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from blueprints.payments.providers.collector.check_digits import with_check_digits
from saas.languages import N_
from saas.money import EXPONENTS
from saas.refusals import Refusal

FOLDER: Final = Path(__file__).with_name("coupons")
NAMES: Final = frozenset({"company", "agreement", "reference", "amount", "due", "constant"})
SYMBOLS: Final = frozenset({"itf", "gs1-128", ""})
TOO_MUCH: Final = N_("This amount does not fit the coupon. Choose another way to pay, or fewer invoices.")
NUMBERS_USED_UP: Final = N_("The numbers of this coupon are used up. Choose another way to pay.")
WITHOUT_BARS: Final = 10**13  # an amount without bars has no width of its own; this is the house's largest


class BadLayout(ValueError):
    """A layout contradicts itself; the message is for its author."""


@dataclass(frozen=True, slots=True)
class CouponField:
    """`length` digits, filled with zeros from the left. `ai` is its GS1 identifier, in GS1 symbols."""

    name: str
    length: int
    decimals: int = 0
    format: str = ""
    value: str = ""
    ai: str = ""


@dataclass(frozen=True, slots=True)
class CouponLayout:
    """A coupon. Its `id` ends in its version: one that is printed is never changed, a new one stands beside it."""

    id: str
    title: str
    symbol: str
    currency: str
    check_digits: int
    fields: tuple[CouponField, ...]

    def field(self, name: str) -> CouponField | None:
        return next((field for field in self.fields if field.name == name), None)

    def decimals(self, currency: str) -> int:
        """How many decimals the bars can express; without bars, all that the currency has."""
        field = self.field("amount")
        return EXPONENTS[currency] if field is None else field.decimals

    def highest(self, currency: str) -> int:
        """The largest amount that fits, in minor units."""
        field = self.field("amount")
        if field is None:
            return WITHOUT_BARS
        spare: int = 10 ** (EXPONENTS[currency] - field.decimals)
        return int(10**field.length - 1) * spare


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """What one coupon says. `amount` in minor units of `currency`."""

    company: str
    agreement: str
    reference: str
    amount: int
    currency: str
    due: datetime.date


def coupon_layouts() -> Mapping[str, CouponLayout]:
    """The layouts that are shipped, by id."""
    return _shipped()


@cache
def _shipped() -> dict[str, CouponLayout]:
    return {
        path.stem: read_coupon_layout(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.toml"))
    }


def read_coupon_layout(layout_id: str, text: str) -> CouponLayout:
    """A layout from its file. Raises BadLayout."""
    data: dict[str, Any] = tomllib.loads(text)
    fields = tuple(CouponField(**field) for field in data.get("field", ()))
    layout = CouponLayout(
        layout_id, data["title"], data["symbol"], data["currency"], data["check_digits"], fields
    )
    if layout.symbol not in SYMBOLS or bool(fields) is not bool(layout.symbol):
        raise BadLayout(f"{layout_id}: bars need a symbol, and a symbol needs fields")
    for field in fields:
        if field.name not in NAMES:
            raise BadLayout(f"{layout_id}: nothing is called {field.name}")
        if field.name == "constant" and len(field.value) != field.length:
            raise BadLayout(f"{layout_id}: a constant is as long as its field")
        if bool(field.ai) is not (layout.symbol == "gs1-128"):
            raise BadLayout(f"{layout_id}: GS1 fields, and only they, have an identifier")
    if fields and not {"reference", "amount"} <= {field.name for field in fields}:
        raise BadLayout(f"{layout_id}: a coupon tells whose it is and how much")
    length = sum(field.length for field in fields) + layout.check_digits
    if layout.symbol == "itf" and length % 2:
        raise BadLayout(f"{layout_id}: Interleaved 2 of 5 holds pairs of digits, not {length}")
    return layout


def digits_of(layout: CouponLayout, facts: CouponFacts) -> str:
    """The digits under the bars: bare, or with GS1 identifiers in brackets. Empty without bars.

    Raises Refusal when something is wider than its field: nothing is ever cut.
    """
    if layout.symbol == "gs1-128":
        return "".join(f"({field.ai}){_filled(field, facts)}" for field in layout.fields)
    return with_check_digits("".join(_filled(field, facts) for field in layout.fields), layout.check_digits)


def _filled(field: CouponField, facts: CouponFacts) -> str:
    if field.name == "constant":
        return field.value
    if field.name == "amount":
        return _amount(field, facts)
    if field.name == "due":
        text = facts.due.strftime(field.format)
    else:
        text = {"company": facts.company, "agreement": facts.agreement, "reference": facts.reference}[
            field.name
        ]
    if not (text.isascii() and text.isdigit()) or len(text) > field.length:
        raise Refusal(NUMBERS_USED_UP)
    return text.zfill(field.length)


def _amount(field: CouponField, facts: CouponFacts) -> str:
    value, rest = divmod(facts.amount, 10 ** (EXPONENTS[facts.currency] - field.decimals))
    text = str(value)
    if rest or value <= 0 or len(text) > field.length:
        raise Refusal(TOO_MUCH)
    return text.zfill(field.length)
